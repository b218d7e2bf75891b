import { machineScript } from "./machine-script.ts";

/**
 * What Node cannot do by itself, in the perl that every Debian has (perl-base is essential): take a write lease
 * (`F_SETLEASE`), exchange two names (`renameat2(RENAME_EXCHANGE)`), and copy extended attributes by descriptor. It is
 * text, so that one bundled file and a standalone binary carry it along.
 *
 * Descriptors: 3 the directory, 4 the judged file (shared with Node: one open file, so the lease is both's), 5 the new
 * file. Arguments: the temporary name, which may still change, and the registry's. One command a line, one answer a line.
 *
 * No command waits in here while a lease is held and somebody waits for it: SIGIO tells, and the lease is given up.
 */
export const swapScript = String.raw`
use strict;
${machineScript}
my $machine = machine();
my ($renameat2, $fset, $fget, $flist, $fremove) = $machine == 62 ? (316, 190, 193, 196, 199) : $machine ? (276, 7, 10, 13, 16) : ();
my $buffer = '';
my $waiting = 0;
$SIG{IO} = sub { $waiting = 1 };
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
sub tell_node { syswrite STDOUT, "$_[0]\n" }
sub pause { select undef, undef, undef, $_[0] }
if (!$renameat2) { tell_node('unsupported'); exit }
open(my $judged, '<&=', 4) or exit 1;
open(my $new, '+<&=', 5) or exit 1;
my ($temp, $name) = @ARGV;
my ($leasable, $swapped) = (1, 0);

sub lease { my $done = fcntl($_[0], 1024, 1); defined $done }
sub unlease { fcntl($_[0], 1024, 2) }
sub leased { my $kind = fcntl($_[0], 1025, 0); defined $kind && $kind == 1 }
sub undisturbed { !$leasable || leased($judged) }
sub which { my @stat = @_; @stat ? "$stat[0]:$stat[1]" : '' }
sub at { which(lstat "/proc/self/fd/3/$_[0]") }
sub exchange { syscall($renameat2, 3, $temp, 3, $name, 2) == 0 }
my ($judged_id, $new_id) = (which(stat $judged), which(stat $new));

# The next command, or undef: Node is gone, is too slow, or somebody waits for the leased file.
sub command {
  my ($seconds) = @_;
  for (my $turn = 0; $turn < $seconds * 100; $turn++) {
    return $1 if $buffer =~ s/^(.*)\n//;
    return undef if $waiting && !$swapped && !undisturbed();
    my $ready = '';
    vec($ready, 0, 1) = 1;
    next if select($ready, undef, undef, 0.01) <= 0;
    sysread(STDIN, $buffer, 4096, length $buffer) or return undef;
  }
  undef;
}

sub attributes_of {
  my ($handle) = @_;
  my $size = syscall($flist, fileno $handle, 0, 0);
  return {} if $size <= 0 && ($size == 0 || $! == $EOPNOTSUPP);
  die "their names: $!\n" if $size < 0;
  my $names = "\0" x $size;
  $size = syscall($flist, fileno $handle, $names, $size);
  die "their names: $!\n" if $size < 0;
  my %values;
  # What the kernel measured of the content is not an attribute of the new content.
  for my $key (grep { !/^security\.(?:ima|evm)$/ } split /\0/, substr $names, 0, $size) {
    my $length = syscall($fget, fileno $handle, $key, 0, 0);
    die "$key: $!\n" if $length < 0;
    my $value = "\0" x ($length || 1);
    die "$key: $!\n" if $length > 0 && syscall($fget, fileno $handle, $key, $value, $length) != $length;
    $values{$key} = substr $value, 0, $length;
  }
  \%values;
}

sub differences {
  my ($from, $to) = @_;
  grep { !exists $to->{$_} || !exists $from->{$_} || $from->{$_} ne $to->{$_} } sort keys %{{%$from, %$to}};
}

# ACLs are the attribute system.posix_acl_access. One that the directory gave to the new file goes.
sub copy_attributes {
  my ($from, $to) = (attributes_of($judged), attributes_of($new));
  for my $key (differences($from, $to)) {
    my $value = $from->{$key};
    my $done = defined $value
      ? syscall($fset, fileno $new, $key, $value, length $value, 0)
      : syscall($fremove, fileno $new, $key);
    die "$key: $!\n" if $done != 0;
  }
  my @lost = differences($from, attributes_of($new));
  die "@lost did not take\n" if @lost;
}

# Taken at once, or tried for a fifth of a second while others have the file open.
sub take_lease {
  for (1 .. 40) {
    return 'leased' if lease($judged);
    if ($! != $EAGAIN) { $leasable = 0; return 'unleasable ' . ($! + 0) . " $!" }
    pause(0.005);
  }
  'busy';
}

my %held = ($judged_id => $judged, $new_id => $new);

# The file at the temporary name goes back. It is leased first: whoever opens it waits until all is settled.
sub hold_displaced {
  my $id = at($temp);
  return $id if $held{$id};
  for my $mode ('+<', '<') {
    next unless open(my $handle, $mode, "/proc/self/fd/3/$temp");
    $held{$id} = $handle if which(stat $handle) eq $id;
    for (1 .. 20) { last if !$leasable || lease($handle) || $! != $EAGAIN; pause(0.002) }
    last;
  }
  $id;
}

# A newer file came out, or somebody waits to write to the one that did: it goes back into its place. While it goes,
# yet a newer one may have come; then that one goes back, until what comes out is what was put in.
sub put_back {
  my $expected = $new_id;
  for (1 .. 100) {
    return 1 if at($name) ne $expected;
    my $back = hold_displaced();
    return 0 if $back eq '' || !exchange();
    return 1 if at($temp) eq $expected;
    $expected = $back;
  }
  0;
}

# Whoever waits to open a file of ours that is out of its place finds in it what is in the place.
sub refresh_orphans {
  my $current = at($name);
  my $source = $held{$current};
  return unless $source || open($source, '<', "/proc/self/fd/3/$name");
  for my $id (keys %held) {
    my $orphan = $held{$id};
    next if $id eq $current || $id eq $judged_id || leased($orphan);
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

sub swap {
  lease($new) if $leasable;
  if (!undisturbed() || at($name) ne $judged_id) { release(); return 'changed' }
  if (!exchange()) { my $why = ($! + 0) . " $!"; release(); return "error $why" }
  my $stands = undisturbed() && at($temp) eq $judged_id;
  # An opener that had found the old file already, and was held up since, comes now.
  if ($stands) { pause(0.002); $stands = undisturbed() && at($temp) eq $judged_id }
  return give_back() unless $stands;
  unlease($new);
  'swapped';
}

tell_node('here');
while (defined(my $said = command($swapped ? 5 : 30))) {
  if ($said eq 'attributes') { tell_node(eval { copy_attributes(); 1 } ? 'copied' : "lost $@" =~ s/\n//gr) }
  elsif ($said =~ /^lease (.*)/) { $temp = $1; my $answer = take_lease(); tell_node($answer); last if $answer eq 'busy' }
  elsif ($said eq 'swap') { my $answer = swap(); $swapped = $answer eq 'swapped'; tell_node($answer); last unless $swapped }
  elsif ($said eq 'look') { tell_node(undisturbed() ? 'quiet' : 'late') }
  else { last }
}
release();
`;

/** Says whether the file at descriptor 3 can be leased by us; one that somebody has open (EAGAIN) can be, later. */
export const probeScript = String.raw`
use strict;
${machineScript}
if (!machine()) { print 'unsupported'; exit }
$SIG{IO} = 'IGNORE';
open(my $file, '<&=', 3) or exit 1;
if (defined fcntl($file, 1024, 1)) { fcntl($file, 1024, 2); print 'lease' } elsif ($! == $EAGAIN) { print 'lease' } else { print "unleasable $!" }
`;
