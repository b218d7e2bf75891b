# Signals processes through descriptors: each is held by a pidfd, compared with the process that was meant, and signalled
# through the descriptor, so that a process that takes over the pid in between is not met.
#
# Arguments: pid:ticks:uid:signal[:signal...], where ticks is the start of the process as in /proc/PID/stat; and
# stays:pid:ticks for a process that must be there at the moment of the signals, or none is sent.
# Answers: one line `here` or `unsupported WHY`, then one line a process: `sent`, `gone`, `spared` or `error WHY`.
use strict;

sub answer { print "$_[0]\n" }
my $calls = system_calls();
if (!$calls) { answer('unsupported the machine that perl is built for is not known'); exit }
if (syscall($calls->{pidfd_open}, $$ + 0, 0) < 0) { answer("unsupported pidfd_open: $!"); exit }
answer('here');

# The fields behind the name in a stat file, or none and why.
sub fields_of {
  my ($place) = @_;
  open(my $file, '<', "/proc/$place/stat") or return;
  my $text = do { local $/; <$file> };
  return unless defined $text;
  return split ' ', substr($text, rindex($text, ')') + 2);
}

# A process whose leader has ended is there as long as another of its threads is.
sub has_ended {
  my ($pid, $state) = @_;
  return 0 if $state !~ /[ZX]/;
  for my $thread (glob "/proc/$pid/task/*") {
    my ($other) = fields_of("$pid/task/" . substr($thread, rindex($thread, '/') + 1));
    return 0 if defined $other && $other !~ /[ZX]/;
  }
  1;
}

sub is_there {
  my ($pid, $ticks) = @_;
  my @fields = fields_of($pid);
  @fields && $fields[19] eq $ticks && !has_ended($pid, $fields[0]);
}

# A descriptor of the very process that is meant, or none and what to answer.
sub hold {
  my ($pid, $ticks, $uid) = @_;
  my $held = syscall($calls->{pidfd_open}, $pid + 0, 0);
  return (undef, $! == $ESRCH ? 'gone' : "error $!") if $held < 0;
  # This is read after the pidfd was opened: if it is the process that was meant now, it was that process then.
  my @fields = fields_of($pid);
  return (undef, $! == $ENOENT || $! == $ESRCH || !$! ? 'gone' : "error $!") unless @fields;
  return (undef, 'gone') if $fields[19] ne $ticks || has_ended($pid, $fields[0]);
  my @stat = stat "/proc/$pid" or return (undef, 'gone');
  return (undef, "error pid $pid is another user's") if $stat[4] ne $uid;
  ($held, undef);
}

sub send_to {
  my ($held, @signals) = @_;
  for my $signal (@signals) {
    next if syscall($calls->{pidfd_send_signal}, $held, $signal + 0, 0, 0) == 0;
    return $! == $ESRCH ? 'gone' : "error $!";
  }
  'sent';
}

my @stay = map { [(split /:/)[1, 2]] } grep { /^stays:/ } @ARGV;
my @targets = map {
  my ($pid, $ticks, $uid, @signals) = split /:/;
  my ($held, $why) = hold($pid, $ticks, $uid);
  [$held, $why, @signals];
} grep { !/^stays:/ } @ARGV;
my $spared = grep { !is_there(@$_) } @stay;
for (@targets) {
  my ($held, $why, @signals) = @$_;
  answer(defined $why ? $why : $spared ? 'spared' : send_to($held, @signals));
}
