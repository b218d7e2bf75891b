# Drops files in quarantine, for Node cannot take a lease. A write lease is refused while any process has the file
# open, by any name, and a process that opens it later waits until the lease is gone. So a file that is held by a lease
# and holds what was judged is used by no process: it is dropped.
#
# Input: for each file the length and text of its directory (empty for the directory of the file before), of its name and
# of its content. Argument: how long, in seconds, an opener may have been on its way.
# Answer: one letter a file: `d`ropped, `b`usy, `c`hanged, `l`ate (a process waits to open it), or `u`nknown (no lease can
# be had here).
#
# The program changes into the directory of each file, so that the kernel walks a name and no path. The size is asked for
# under the lease, and that many bytes are read once.
use strict;
# Open flags have other numbers on other machines; Fcntl knows those of this perl.
use Fcntl qw(O_RDONLY O_NONBLOCK O_NOFOLLOW);

$SIG{IO} = 'IGNORE';
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
binmode STDIN; binmode STDOUT;
my $input = do { local $/; <STDIN> };
my (@held, @states);
my ($entered, $flags) = ('', O_RDONLY | O_NONBLOCK | O_NOFOLLOW);

sub enter {
  return 1 if $_[0] eq $entered;
  $entered = '';
  chdir $_[0] or return 0;
  $entered = $_[0];
  1;
}

sub leased { my $kind = fcntl($_[0], $F_GETLEASE, 0); defined $kind && $kind == $F_WRLCK }

sub hold {
  my ($directory, $name) = @_;
  enter($directory) or return 'u';
  sysopen(my $file, $name, $flags) or return $! == $EAGAIN ? 'b' : 'u';
  if (!defined fcntl($file, $F_SETLEASE, $F_WRLCK)) { return $! == $EAGAIN ? 'b' : -f $file ? 'u' : 'c' }
  my ($device, $inode, $size) = (stat $file)[0, 1, 7];
  return 'c' if $size != length $_[2];
  my $found = '';
  while (length $found < $size) { last unless sysread $file, $found, $size - length $found, length $found }
  return 'c' if $found ne $_[2];
  push @held, [scalar @states, $directory, $name, $file, $device, $inode];
  'd';
}

sub drop {
  my ($directory, $name, $file, $device, $inode) = @_;
  return 'l' unless leased($file);
  enter($directory) or return 'u';
  my ($now_device, $now_inode) = lstat $name or return 'c';
  return 'c' if $now_device != $device || $now_inode != $inode;
  unlink $name or return 'u';
  'd';
}

my $directory;
for (my $at = 0; $at < length $input;) {
  my ($path, $name, $content) = unpack "x$at N/a N/a N/a", $input;
  $at += 12 + length($path) + length($name) + length $content;
  $directory = $path if $path ne '';
  push @states, hold($directory, $name, $content);
}
select undef, undef, undef, $ARGV[0];
for (@held) {
  my $at = shift @$_;
  $states[$at] = drop(@$_);
}
syswrite STDOUT, join '', @states;
