# Gives a new file all that a mode and an owner do not say of the one in whose place it comes.
#
# Descriptors: 3 that file, 4 the new one. Answer: `copied`, or `lost WHY`; nothing where this machine is not known.
use strict;

open(my $judged, '<&=', 3) or exit 1;
open(my $new, '+<&=', 4) or exit 1;
exit unless system_calls();
print eval { copy_attributes($judged, $new); 1 } ? 'copied' : "lost $@" =~ s/\n//gr;
