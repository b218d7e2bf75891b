# The numbers by which our programs talk to the kernel. Node puts this file before each of them. perl's own modules know
# these numbers by name and take longer to load than most of our programs run: Config 1.3 ms, Errno 0.6 ms.
use strict;

# Linux has these numbers on all machines that Node runs on, EOPNOTSUPP on those that are listed below.
my ($ENOENT, $ESRCH, $EAGAIN, $ENODATA, $EOPNOTSUPP) = (2, 3, 11, 61, 95);
my ($F_SETLEASE, $F_GETLEASE, $F_RDLCK, $F_WRLCK, $F_UNLCK) = (1024, 1025, 0, 1, 2);
my $RENAME_EXCHANGE = 2;
my ($FS_IOC_GETFLAGS, $FS_IOC_SETFLAGS) = (0x80086601, 0x40086602);
# s, u, c, S, d, A, j, t, C and P of chattr(1). A file with i or a can be neither written nor exchanged.
my $KEPT_FLAGS = 0x1 | 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x4000 | 0x8000 | 0x800000 | 0x20000000;

# The numbers of system calls, by the machine that is named in the header of a program (e_machine of ELF).
my %generic = (
  renameat2 => 276, lgetxattr => 9, fsetxattr => 7, fgetxattr => 10, flistxattr => 13, fremovexattr => 16,
  pidfd_send_signal => 424, pidfd_open => 434, adjtimex => 171,
);
my %calls_by_machine = (
  62 => { %generic, renameat2 => 316, lgetxattr => 192, fsetxattr => 190, fgetxattr => 193, flistxattr => 196, fremovexattr => 199,
          adjtimex => 159 }, # x86_64
  183 => \%generic, # aarch64
  243 => \%generic, # riscv64
  258 => \%generic, # loongarch64
);

# Returns the system calls of the machine that this perl was built for; undef if it is another, or has no 64 bits.
sub system_calls {
  open(my $self, '<', '/proc/self/exe') or return undef;
  binmode $self;
  my $read = read $self, my $head, 20;
  return undef unless $read && $read == 20 && substr($head, 0, 6) eq "\x7fELF\x02\x01";
  $calls_by_machine{unpack 'x18 v', $head};
}
