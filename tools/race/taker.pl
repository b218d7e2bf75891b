# A program that takes a lock file over and over: it opens the file that is there, locks it, and watches for as long as it
# has it whether the file still has its name. Puts a ghost's file there where none is. Arguments: the path, how many
# rounds. Prints how often it took the lock, how often the name was missing while it had it, and how often it was gone.
use strict;
use warnings;
use Fcntl qw(:flock);
use Time::HiRes qw(usleep time);

my ($path, $rounds) = @ARGV;
my ($taken, $missing, $gone) = (0, 0, 0);

sub plant {
  open my $ghost, '>', "$path.new" or die "$path.new: $!";
  print $ghost '{"pid":4194303}';
  close $ghost;
  link "$path.new", $path;
  unlink "$path.new";
}

for (1 .. $rounds) {
  plant() unless -e $path;
  usleep(rand 12_000);
  my $file;
  if (!open $file, '+<', $path) { $gone++; next }
  flock $file, LOCK_EX or die "flock: $!";
  $taken++;
  my $inode = (stat $file)[1];
  my $lost = 0;
  for (my $until = time + 0.004; time < $until;) {
    my @now = lstat $path;
    $lost = 1 if !@now || $now[1] != $inode;
  }
  $missing += $lost;
  close $file;
}
print qq({"taken":$taken,"missing":$missing,"gone":$gone}\n);
