/**
 * Drops files that stand aside, in perl, for Node cannot take a lease (see `swap-script.ts`). A write lease is refused
 * while anybody has the file open, by whatever name, and whoever opens it later waits until it is known what becomes of it. So a
 * file that is held by a lease, and holds what was judged, is nobody's: it goes. One letter a file is answered:
 * `d`ropped, `b`usy, `c`hanged, `l`ate (somebody waits to open it), or `u`nknown (no lease can be had here).
 *
 * Input: for each file the length and text of its path and of its content. The argument is how long, in seconds, an opener
 * may have been on its way.
 */
export const captureScript = String.raw`
use strict; use Fcntl qw(O_RDONLY O_NONBLOCK O_NOFOLLOW);
$SIG{IO} = 'IGNORE';
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
binmode STDIN; binmode STDOUT;
my $input = do { local $/; <STDIN> };
my @held;
sub which { my @stat = @_; @stat ? "$stat[0]:$stat[1]" : '' }
sub leased { my $kind = fcntl($_[0], 1025, 0); defined $kind && $kind == 1 }
sub hold {
  my ($path, $content) = @_;
  sysopen(my $file, $path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) or return $!{EAGAIN} ? 'b' : 'u';
  return 'c' unless -f $file;
  return ($!{EAGAIN} ? 'b' : 'u') unless defined fcntl($file, 1024, 1);
  my $found = '';
  while (length $found <= length $content) { last unless sysread $file, $found, length($content) + 1 - length $found, length $found }
  return 'c' if $found ne $content;
  ('d', $file);
}
for (my $at = 0; $at < length $input;) {
  my ($path, $content) = unpack "x$at N/a N/a", $input;
  $at += 8 + length($path) + length $content;
  my ($state, $file) = hold($path, $content);
  push @held, [$state, $path, $file];
}
select undef, undef, undef, $ARGV[0];
for (@held) {
  my ($state, $path, $file) = @$_;
  next if $state ne 'd';
  if (!leased($file)) { $_->[0] = 'l' }
  elsif (which(stat $file) ne which(lstat $path)) { $_->[0] = 'c' }
  elsif (!unlink $path) { $_->[0] = 'u' }
}
syswrite STDOUT, join '', map { $_->[0] } @held;
`;
