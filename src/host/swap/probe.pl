# Tells in a line whether the file at descriptor 3 can be leased by this user: `lease`, `unleasable WHY`, or `unsupported`. A
# file that another process has open can be leased later. In a second line, whether two names of the directory at
# descriptor 4 can be exchanged: `exchange` or `unexchangeable WHY`. Arguments: the names of two files that are there for it.
use strict;

my $calls = system_calls();
if (!$calls) { print "unsupported\nunexchangeable\n"; exit }
$SIG{IO} = 'IGNORE';
my ($one, $other) = @ARGV;
open(my $file, '<&=', 3) or exit 1;
if (lease($file, $F_WRLCK)) { unlease($file); print "lease\n" }
elsif ($! == $EAGAIN) { print "lease\n" }
else { print "unleasable $!\n" }
print syscall($calls->{renameat2}, 4, $one, 4, $other, $RENAME_EXCHANGE) == 0 ? "exchange\n" : "unexchangeable $!\n";
