# Drops files, for Node cannot take a lease. The lease is taken on a file under the name it has, so what another process
# has open for writing or has locked is never moved. A file that is held by a lease and is the judged one goes into
# quarantine. A process that had found its name before that, and was held up since, shows itself within a moment: then the
# file goes back, never over a newer one, before the lease is given up. Any other is dropped.
#
# Input: for each file the length and text of its directory (empty for the directory of the file before), of its name, of
# its name in quarantine, of the name of a file that takes its place (empty for none), of what it was (device, inode, time
# of the last change in seconds) and of its content.
# Argument: how long, in seconds, an opener may have been on its way.
# Answer: one letter a file: `d`ropped, `b`usy, `c`hanged, `g`one, `l`ate (a process came to open it), `t`aken (another
# file has its place), `s`tuck in quarantine, `e`rror (it cannot be moved; a line at the end says why), or `u`nknown (no lease
# can be had here, and nothing was done).
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
my (@held, @states, @errors);
my ($entered, $flags) = ('', O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
# So many files are held open at once: a process may have a thousand.
my $at_once = 512;

sub enter {
  return 1 if $_[0] eq $entered;
  $entered = '';
  chdir $_[0] or return 0;
  $entered = $_[0];
  1;
}

sub failed { push @errors, "$!"; 'e' }
sub state_of { @_ ? "$_[0] $_[1] $_[9]" : '' }

sub holds {
  my ($file, $content) = @_;
  my $size = (stat $file)[7];
  return 0 if $size != length $content;
  my $found = '';
  while (length $found < $size) { last unless sysread $file, $found, $size - length $found, length $found }
  $found eq $content;
}

sub hold {
  my ($directory, $name, $quarantined, $next, $judged, $content) = @_;
  enter($directory) or return 'u';
  my @now = lstat $name or return $! == $ENOENT ? 'g' : 'u';
  # What is no regular file is not even opened.
  return 'c' if !-f _ || state_of(@now) ne $judged;
  sysopen(my $file, $name, $flags) or return $! == $EAGAIN ? 'b' : 'u';
  if (!lease($file, $F_WRLCK)) {
    return 'u' if $! != $EAGAIN;
    return 'b' unless lease_beside_readers($file);
  }
  return 'c' if state_of(stat $file) ne $judged || !holds($file, $content) || state_of(lstat $name) ne $judged;
  return 'b' unless undisturbed_lease($file);
  rename $name, $quarantined or return $! == $ENOENT ? 'g' : failed();
  # The name is free for a moment, and the first process that makes a file there has it.
  if ($next ne '' && !link $next, $name) { my $is_taken = lstat $name; return $is_taken && unlink($quarantined) ? 't' : 's' }
  push @held, [scalar @states, $directory, $name, $quarantined, $next, $judged, $file];
  'd';
}

sub put_back {
  my ($name, $quarantined, $next) = @_;
  if ($next ne '') {
    # Ours goes for it, unless a process has written to ours.
    my $is_ours = state_of(lstat $name) eq state_of(lstat $next);
    return $is_ours && rename($quarantined, $name) ? 'l' : 's';
  }
  # A newer file has the name; the one in quarantine is what its writer replaced.
  if (!link($quarantined, $name)) { my @newer = lstat $name or return 's' }
  unlink($quarantined) ? 'l' : 's';
}

sub drop {
  my ($directory, $name, $quarantined, $next, $judged, $file) = @_;
  enter($directory) or return 's';
  my $is_judged = state_of(stat $file) eq $judged && state_of(lstat $quarantined) eq $judged;
  if (!$is_judged) { my $answer = put_back($name, $quarantined, $next); return $answer eq 'l' ? 'c' : $answer }
  return put_back($name, $quarantined, $next) unless undisturbed_lease($file);
  unlink($quarantined) ? 'd' : 's';
}

# The lease of a file is given up with its handle, when what became of it is settled.
sub settle {
  select undef, undef, undef, $ARGV[0] if @held;
  while (my $one = shift @held) { my $at = shift @$one; $states[$at] = drop(@$one) }
}

my $directory;
for (my $at = 0; $at < length $input;) {
  my ($path, @rest) = unpack "x$at N/a N/a N/a N/a N/a N/a", $input;
  $at += 24 + length $path;
  $at += length for @rest;
  $directory = $path if $path ne '';
  push @states, hold($directory, @rest);
  settle() if @held == $at_once;
}
settle();
syswrite STDOUT, join "\n", join('', @states), @errors;
