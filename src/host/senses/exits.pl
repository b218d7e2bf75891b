# Tells when processes end. Each is held by a pidfd, which can be read once its last thread has ended, so that nothing is
# looked at in between.
#
# Standard input: lines `+PID:TICKS` to hold a process and `-PID:TICKS` to let go of it; its end ends this program.
# Answers: one line `here` or `unsupported WHY`, then a line `gone PID:TICKS` for each that has ended or is another process by
# now, and `unheld PID:TICKS` for one that no descriptor can be had of.
use strict;

$| = 1;
sub answer { print "$_[0]\n" }
my $calls = system_calls();
if (!$calls) { answer('unsupported the machine that perl is built for is not known'); exit }
my $own = syscall($calls->{pidfd_open}, $$ + 0, 0);
if ($own < 0) { answer("unsupported pidfd_open: $!"); exit }
{ open(my $handle, '<&=', $own) }
answer('here');

# The start of a process, field 22 of its stat file.
sub start_of {
  my ($pid) = @_;
  open(my $file, '<', "/proc/$pid/stat") or return undef;
  my $text = do { local $/; <$file> };
  return undef unless defined $text;
  (split ' ', substr($text, rindex($text, ')') + 2))[19];
}

my (%descriptors, %names);

sub hold {
  my ($name) = @_;
  return if $descriptors{$name};
  my ($pid, $ticks) = split /:/, $name;
  my $number = syscall($calls->{pidfd_open}, $pid + 0, 0);
  if ($number < 0) { answer(($! == $ESRCH ? 'gone ' : 'unheld ') . $name); return }
  open(my $held, '<&=', $number) or do { answer("unheld $name"); return };
  # This is read after the pidfd was opened: if it is the process that was meant now, it was that process then.
  my $start = start_of($pid);
  if (!defined $start || $start ne $ticks) { answer("gone $name"); return }
  $descriptors{$name} = $held;
  $names{$number} = $name;
}

sub let_go {
  my ($name) = @_;
  my $held = delete $descriptors{$name} or return;
  delete $names{fileno $held};
  close $held;
}

my $rest = '';
while (1) {
  my $wanted = '';
  vec($wanted, $_, 1) = 1 for 0, keys %names;
  my $ready = $wanted;
  next if select($ready, undef, undef, undef) < 0;
  for my $number (grep { vec($ready, $_, 1) } keys %names) {
    my $name = $names{$number};
    let_go($name);
    answer("gone $name");
  }
  next unless vec($ready, 0, 1);
  last unless sysread STDIN, $rest, 65536, length $rest;
  while ($rest =~ s/^([+-])(\d+:\d+)\n//) { $1 eq '+' ? hold($2) : let_go($2) }
}
