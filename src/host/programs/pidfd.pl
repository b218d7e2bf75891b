# Signals processes through descriptors: each is held by a pidfd, compared with the process that was meant, and signalled
# through the descriptor, so that a process that takes over the pid in between is not met.
#
# Arguments: pid:ticks:uid:signal[:signal...], where ticks is the start of the process as in /proc/PID/stat.
# Answers: one line `here` or `unsupported WHY`, then one line a process: `sent`, `gone` or `error WHY`.
use strict;

sub answer { print "$_[0]\n" }
my $calls = system_calls();
if (!$calls) { answer('unsupported the machine that perl is built for is not known'); exit }
if (syscall($calls->{pidfd_open}, $$ + 0, 0) < 0) { answer("unsupported pidfd_open: $!"); exit }
answer('here');

sub signal_it {
  my ($pid, $ticks, $uid, @signals) = @_;
  my $held = syscall($calls->{pidfd_open}, $pid + 0, 0);
  return $! == $ESRCH ? 'gone' : "error $!" if $held < 0;
  # This is read after the pidfd was opened: if it is the process that was meant now, it was that process then.
  open(my $file, '<', "/proc/$pid/stat") or return $! == $ENOENT || $! == $ESRCH ? 'gone' : "error $!";
  my $text = do { local $/; <$file> };
  return 'gone' unless defined $text;
  my @fields = split ' ', substr($text, rindex($text, ')') + 2);
  return 'gone' if $fields[19] ne $ticks || $fields[0] =~ /[ZX]/;
  my @stat = stat "/proc/$pid" or return 'gone';
  return "error pid $pid is another user's" if $stat[4] ne $uid;
  for my $signal (@signals) {
    next if syscall($calls->{pidfd_send_signal}, $held, $signal + 0, 0, 0) == 0;
    return $! == $ESRCH ? 'gone' : "error $!";
  }
  'sent';
}

answer(signal_it(split /:/)) for @ARGV;
