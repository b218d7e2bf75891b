# Prints whether the kernel's clock is set by a better one: `yes` or `no`, or `unsupported`. A look with modes=0 changes
# nothing and needs no privilege (adjtimex(2)); STA_UNSYNC is 0x40 of the word `status`, which stands at byte 40 of struct
# timex on all machines with 64 bits.
use strict;

my $calls = system_calls() or do { print 'unsupported'; exit };
my $timex = "\0" x 256;
exit 1 if syscall($calls->{adjtimex}, $timex) < 0;
print unpack('x40 l', $timex) & 0x40 ? 'no' : 'yes';
