# Leases (fcntl(2), F_SETLEASE), for the programs that hold one.
#
# A write lease is refused while another process has the file open, by any name, or shares its memory; a process that
# opens it later waits until the lease is gone. A read lease is refused while a process has it open for writing, and
# keeps out such a process only.
use strict;

sub lease { my ($handle, $kind) = @_; my $done = fcntl($handle, $F_SETLEASE, $kind); defined $done }
sub unlease { fcntl($_[0], $F_SETLEASE, $F_UNLCK) }

# Returns the kind of a lease that stands; undef if there is none, or a process waits for the file.
sub leased { my $kind = fcntl($_[0], $F_GETLEASE, 0); defined $kind && $kind != $F_UNLCK ? $kind + 0 : undef }

# Tells whether a lease stands and nothing has locked the file: under a read lease a reader can.
sub undisturbed_lease { my $kind = leased($_[0]); defined $kind && ($kind == $F_WRLCK || !locked($_[0])) }

# Lets processes in that wait to read a file under a write lease: a read lease stays, which keeps out those that write. The
# process for which we hold the lease can be one of them, and does nothing else while it waits.
sub let_readers_in { my $kind = leased($_[0]); lease($_[0], $F_RDLCK) if defined $kind && $kind == $F_RDLCK }

# Takes a read lease on a file that other processes have open to read, and that none has locked.
sub lease_beside_readers { !locked($_[0]) && lease($_[0], $F_RDLCK) }

# Tells whether a process has locked a file. Outside the initial pid namespace the kernel does not list all locks, so there
# every file counts as locked that another process has open.
sub locked {
  my ($handle) = @_;
  return 1 if (readlink('/proc/self/ns/pid') || '') ne 'pid:[4026531836]';
  my $inode = (stat $handle)[1];
  if (open(my $info, '<', '/proc/self/fdinfo/' . fileno $handle)) { while (<$info>) { $inode = $1 if /^ino:\s*(\d+)/ } }
  open(my $locks, '<', '/proc/locks') or return 1;
  while (<$locks>) { return 1 if /^\d+: (?:FLOCK|POSIX|OFDLCK|ACCESS) .*:$inode / }
  0;
}
