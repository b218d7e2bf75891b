# Tells whether the file at descriptor 3 can be leased by this user: `lease`, `unleasable WHY`, or `unsupported`. A file
# that another process has open can be leased later.
use strict;

if (!system_calls()) { print 'unsupported'; exit }
$SIG{IO} = 'IGNORE';
open(my $file, '<&=', 3) or exit 1;
if (defined fcntl($file, $F_SETLEASE, $F_WRLCK)) { fcntl($file, $F_SETLEASE, $F_UNLCK); print 'lease' }
elsif ($! == $EAGAIN) { print 'lease' }
else { print "unleasable $!" }
