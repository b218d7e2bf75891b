# Exchanges a registry with its new file while a lease on the judged one keeps every other program out. Node can do none of
# this by itself: take a lease (F_SETLEASE), exchange two names (renameat2), copy extended attributes by descriptor.
#
# A write lease keeps out all that open the file, and is refused while another program has it open. Where only readers
# have it open, a read lease keeps out those that open it for writing. A reader can have locked it: that is looked up.
#
# Descriptors: 3 the directory, 4 the judged file (Node shares this open file, so the lease belongs to both), 5 the new
# file. Arguments: the temporary name of the new file, which a command may change, and the registry's name.
# Commands and answers are a line each:
#   attributes   copied | lost WHY
#   lease NAME   leased | unleasable ERRNO WHY | busy
#   swap         swapped | changed | stuck | error ERRNO WHY
#   look         quiet | late
#   back         changed | stuck
#
# The kernel sends SIGIO when a program waits for a leased file: if a command was awaited, those that wait to read it are let
# in, and for one that waits to write to it the lease is given up. A lease is given up only when the file has its own name
# again, or has been displaced undisturbed: a program that waits would write to a file without a name.
use strict;
# Open flags have other numbers on other machines; Fcntl knows those of this perl.
use Fcntl qw(O_RDONLY O_RDWR O_NONBLOCK O_NOFOLLOW);

my $calls = system_calls();
my $buffer = '';
my $waiting = 0;
$SIG{IO} = sub { $waiting = 1 };
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
sub tell_node { syswrite STDOUT, "$_[0]\n" }
sub pause { select undef, undef, undef, $_[0] }
if (!$calls) { tell_node('unsupported'); exit }
open(my $judged, '<&=', 4) or exit 1;
open(my $new, '+<&=', 5) or exit 1;
my ($temp, $name) = @ARGV;
my ($leasable, $swapped, $looked, $made_at) = (1, 0, 0, '');

sub undisturbed { !$leasable || undisturbed_lease($judged) }
sub which { my @stat = @_; @stat ? "$stat[0]:$stat[1]" : '' }
sub at { which(lstat "/proc/self/fd/3/$_[0]") }
sub changed_at { my @stat = stat $new; "$stat[7] $stat[9]" }
sub exchange { syscall($calls->{renameat2}, 3, $temp, 3, $name, $RENAME_EXCHANGE) == 0 }
my ($judged_id, $new_id) = (which(stat $judged), which(stat $new));

# Returns the next command; undef if Node has ended or is too slow, or if another program waits for the leased file.
sub command {
  my ($seconds) = @_;
  for (my $turn = 0; $turn < $seconds * 100; $turn++) {
    return $1 if $buffer =~ s/^(.*)\n//;
    if ($waiting) {
      $waiting = 0;
      let_readers_in($judged) if $leasable;
      return undef if !$swapped && !undisturbed();
    }
    my $ready = '';
    vec($ready, 0, 1) = 1;
    next if select($ready, undef, undef, 0.01) <= 0;
    sysread(STDIN, $buffer, 4096, length $buffer) or return undef;
  }
  undef;
}

# Takes the lease, and tries for a fifth of a second while other programs have the file open. Programs that only read it
# get a moment to close it.
sub take_lease {
  for my $turn (1 .. 40) {
    return 'leased' if lease($judged, $F_WRLCK);
    if ($! != $EAGAIN) { $leasable = 0; return 'unleasable ' . ($! + 0) . " $!" }
    return 'leased' if $turn > 4 && lease_beside_readers($judged);
    pause(0.005);
  }
  'busy';
}

my %held = ($judged_id => $judged, $new_id => $new);

# Opens what has a name now, where that is a regular file with this one name and of the judged one's owner. The user of the
# directory can put there what is another user's: a link to it would be read, or written to, with our rights.
sub open_own {
  my ($name, $mode) = @_;
  my $path = "/proc/self/fd/3/$name";
  my @stat = lstat $path or return undef;
  return undef unless -f _ && $stat[3] == 1 && $stat[4] == (stat $judged)[4];
  sysopen(my $handle, $path, $mode | O_NONBLOCK | O_NOFOLLOW) or return undef;
  my @opened = stat $handle;
  which(@opened) eq which(@stat) && $opened[3] == 1 ? $handle : undef;
}

# Opens the file at the temporary name, which is about to go back, and leases it: a program that opens it waits until all
# is settled. Returns its identity. Where others have it open to read, no lease comes of it, however often it is tried.
sub hold_displaced {
  my ($tries) = @_;
  my $id = at($temp);
  return $id if $held{$id};
  for my $mode (O_RDWR, O_RDONLY) {
    my $handle = open_own($temp, $mode) or next;
    $held{$id} = $handle if which(stat $handle) eq $id;
    for (1 .. $tries) { last if !$leasable || lease($handle, $F_WRLCK) || $! != $EAGAIN; pause(0.002) }
    last;
  }
  $id;
}

# Puts the displaced file back into its place, because it is newer than the judged one or another program waits to write
# to it. An even newer file may take the place meanwhile; then that one is put back, until what comes out is what was put in.
#
# Nobody can read ours while it is leased. So a program that comes with an even newer file has read an older one before, and
# comes while the displaced file is tried for its lease: then nothing is to be done. What is put back later in its stead may be
# open to all, and every moment counts.
sub put_back {
  my $expected = $new_id;
  for my $turn (1 .. 100) {
    return 1 if at($name) ne $expected;
    my $back = hold_displaced($turn == 1 ? 20 : 1);
    return 1 if at($name) ne $expected;
    return 0 if $back eq '' || !exchange();
    return 1 if at($temp) eq $expected;
    $expected = $back;
  }
  0;
}

# Writes what is in the registry's place into each file that was there for a moment only. A program that had found it there
# waits to open it, or was held up before it came to that, and then finds the current content in it.
sub refresh_orphans {
  my $current = at($name);
  my $source = $held{$current} || open_own($name, O_RDONLY);
  return unless $source && which(stat $source) eq $current;
  for my $id (keys %held) {
    my $orphan = $held{$id};
    next if $id eq $current || $id eq $judged_id;
    seek $source, 0, 0;
    seek $orphan, 0, 0;
    truncate $orphan, 0;
    while (sysread $source, my $part, 1 << 20) { for (my $at = 0; $at < length $part;) { $at += syswrite($orphan, $part, length($part) - $at, $at) || last } }
  }
}

sub release { unlease($_) for values %held }

sub give_back {
  my $done = put_back();
  refresh_orphans() if $leasable;
  release();
  $done ? 'changed' : 'stuck';
}

# A chmod, a chown and their kin are held up by no lease. What they change is what the registry is to be.
sub same_rights {
  my ($old, $made) = ([stat $judged], [stat $new]);
  return 0 if grep { $old->[$_] != $made->[$_] } 2, 4, 5;
  my $same = eval { !differences(attributes_of($judged), attributes_of($new)) };
  $same && flags_of($judged) == flags_of($new);
}

sub swap {
  lease($new, $F_WRLCK) if $leasable;
  if (!undisturbed() || at($name) ne $judged_id || !same_rights()) { release(); return 'changed' }
  if (!exchange()) { my $why = ($! + 0) . " $!"; release(); return "error $why" }
  my $stands = undisturbed() && at($temp) eq $judged_id && same_rights();
  # A program that had found the old file before the exchange, and was held up since, opens it now.
  if ($stands) { pause(0.002); $stands = undisturbed() && at($temp) eq $judged_id }
  return give_back() unless $stands;
  unlease($new);
  $made_at = changed_at();
  'swapped';
}

# A program waits for the displaced file. Ours is leased, so that nobody reads it or comes to write to it while Node sees
# whether another has written to it.
sub late { lease($new, $F_WRLCK) if $leasable; 'late' }

# Node has ended or is too slow: a program that waits for the displaced file gets it back into its place, unless another
# has written to the new one.
sub settle { late(); give_back() if $made_at eq changed_at() && at($temp) eq $judged_id }

tell_node('here');
while (defined(my $said = command($swapped ? 5 : 30))) {
  if ($said eq 'attributes') { tell_node(eval { copy_attributes($judged, $new); 1 } ? 'copied' : "lost $@" =~ s/\n//gr) }
  elsif ($said =~ /^lease (.*)/) { $temp = $1; my $answer = take_lease(); tell_node($answer); last if $answer eq 'busy' }
  elsif ($said eq 'swap') { my $answer = swap(); $swapped = $answer eq 'swapped'; tell_node($answer); last unless $swapped }
  elsif ($said eq 'look') { $looked = 1; tell_node(undisturbed() ? 'quiet' : late()) }
  elsif ($said eq 'back') { tell_node(give_back()); last }
  else { last }
}
settle() if $swapped && !$looked && !undisturbed();
release();
