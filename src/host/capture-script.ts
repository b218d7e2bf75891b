/**
 * Drops files that stand aside, in perl, for Node cannot take a lease (see `swap-script.ts`). A write lease is refused
 * while anybody has the file open, by whatever name, and whoever opens it later waits until it is known what becomes of it. So a
 * file that is held by a lease, and holds what was judged, is nobody's: it goes. One letter a file is answered:
 * `d`ropped, `b`usy, `c`hanged, `l`ate (somebody waits to open it), or `u`nknown (no lease can be had here).
 *
 * It stands in the directory of each file, so that a name is all that is walked; many files of one directory are one
 * `chdir`. The size is asked for under the lease, and content of that size is read once.
 *
 * On machines whose numbers are known, a file is held by bare system calls, which spare a file handle of perl's and what
 * perl asks of each (10 of 34 µs a file). They say yes or nothing: whatever else is found is looked at the plain way,
 * and that decides.
 *
 * Input: for each file the length and text of its directory (empty for the one before), of its name and of its content.
 * Arguments: how long, in seconds, an opener may have been on its way, and perhaps `plain` for no bare calls.
 */
export const captureScript = String.raw`
use strict; use Config; use Fcntl qw(O_RDONLY O_NONBLOCK O_NOFOLLOW);
$SIG{IO} = 'IGNORE';
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
binmode STDIN; binmode STDOUT;
my ($on_the_way, $way) = @ARGV;
my ($openat, $close, $read, $fcntl, $unlinkat, $statx) =
  $way || length(pack 'p', '') != 8 ? () :
  $Config{archname} =~ /^x86_64-linux(?!.*x32)/ ? (257, 3, 0, 72, 263, 332) :
  $Config{archname} =~ /^(?:aarch64|riscv64|loongarch64)-linux/ ? (56, 57, 63, 25, 35, 291) : ();
my $input = do { local $/; <STDIN> };
my (@held, @states);
my ($stands, $flags) = ('', O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
my ($none, $bytes, $stat) = ('', "\0" x 65536, "\0" x 256);
sub enter {
  return 1 if $_[0] eq $stands;
  $stands = '';
  chdir $_[0] or return 0;
  $stands = $_[0];
  1;
}

# Only a regular file can be leased, so what is leased is one. The number of its device and its own, from statx(2).
sub hold_bare {
  my ($directory, $name) = @_;
  my $file = syscall($openat, -100, $name, $flags, 0);
  return undef if $file < 0;
  if (syscall($fcntl, $file, 1024, 1) == 0 && syscall($statx, $file, $none, 0x1000, 0x300, $stat) == 0) {
    my ($inode, $size, $device) = unpack 'x32 Q Q x88 Q', $stat;
    if ($size == length $_[2] && $size <= length $bytes && syscall($read, $file, $bytes, $size) == $size && substr($bytes, 0, $size) eq $_[2]) {
      push @held, [scalar @states, \&drop_bare, $directory, $name, $file, $device, $inode];
      return 'd';
    }
  }
  syscall($close, $file);
  undef;
}
sub drop_bare {
  my ($directory, $name, $file, $device, $inode) = @_;
  return 'l' if syscall($fcntl, $file, 1025, 0) != 1;
  enter($directory) or return 'u';
  return 'c' if syscall($statx, -100, $name, 0x100, 0x100, $stat) != 0;
  my ($now_inode, $now_device) = unpack 'x32 Q x96 Q', $stat;
  return 'c' if $now_device != $device || $now_inode != $inode;
  syscall($unlinkat, -100, $name, 0) == 0 ? 'd' : 'u';
}

sub hold_plain {
  my ($directory, $name) = @_;
  sysopen(my $file, $name, $flags) or return $!{EAGAIN} ? 'b' : 'u';
  if (!defined fcntl($file, 1024, 1)) { return $!{EAGAIN} ? 'b' : -f $file ? 'u' : 'c' }
  my ($device, $inode, $size) = (stat $file)[0, 1, 7];
  return 'c' if $size != length $_[2];
  my $found = '';
  while (length $found < $size) { last unless sysread $file, $found, $size - length $found, length $found }
  return 'c' if $found ne $_[2];
  push @held, [scalar @states, \&drop_plain, $directory, $name, $file, $device, $inode];
  'd';
}
sub drop_plain {
  my ($directory, $name, $file, $device, $inode) = @_;
  my $kind = fcntl($file, 1025, 0);
  return 'l' unless defined $kind && $kind == 1;
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
  push @states, !enter($directory) ? 'u' : $openat && hold_bare($directory, $name, $content) || hold_plain($directory, $name, $content);
}
select undef, undef, undef, $on_the_way;
for (@held) {
  my ($at, $drop, @file) = @$_;
  $states[$at] = $drop->(@file);
}
syswrite STDOUT, join '', @states;
`;
