# What a mode and an owner do not say of a file, for the programs that make one in the place of another: its extended
# attributes, and the inode flags that its owner can set. Node has no calls for either.
use strict;

my $numbers = system_calls();

sub attributes_of {
  my ($handle) = @_;
  my $size = syscall($numbers->{flistxattr}, fileno $handle, 0, 0);
  return {} if $size <= 0 && ($size == 0 || $! == $EOPNOTSUPP);
  die "their names: $!\n" if $size < 0;
  my $names = "\0" x $size;
  $size = syscall($numbers->{flistxattr}, fileno $handle, $names, $size);
  die "their names: $!\n" if $size < 0;
  my %values;
  # What the kernel measured of the old content does not hold for the new content.
  for my $key (grep { !/^security\.(?:ima|evm)$/ } split /\0/, substr $names, 0, $size) {
    my $length = syscall($numbers->{fgetxattr}, fileno $handle, $key, 0, 0);
    die "$key: $!\n" if $length < 0;
    my $value = "\0" x ($length || 1);
    die "$key: $!\n" if $length > 0 && syscall($numbers->{fgetxattr}, fileno $handle, $key, $value, $length) != $length;
    $values{$key} = substr $value, 0, $length;
  }
  \%values;
}

sub differences {
  my ($from, $to) = @_;
  grep { !exists $to->{$_} || !exists $from->{$_} || $from->{$_} ne $to->{$_} } sort keys %{{%$from, %$to}};
}

# Makes the attributes of a new file those of another. ACLs are the attribute system.posix_acl_access; one that the
# directory gave to the new file is removed.
sub copy_attributes {
  my ($judged, $new) = @_;
  my ($from, $to) = (attributes_of($judged), attributes_of($new));
  for my $key (differences($from, $to)) {
    my $value = $from->{$key};
    my $done = defined $value
      ? syscall($numbers->{fsetxattr}, fileno $new, $key, $value, length $value, 0)
      : syscall($numbers->{fremovexattr}, fileno $new, $key);
    die "$key: $!\n" if $done != 0;
  }
  my @lost = differences($from, attributes_of($new));
  die "@lost did not take\n" if @lost;
  my ($flags, $made) = (flags_of($judged), flags_of($new));
  return if $flags == $made;
  my $value = pack 'l!', ($made & ~$KEPT_FLAGS) | $flags;
  defined ioctl($new, $FS_IOC_SETFLAGS, $value) && flags_of($new) == $flags or die "its flags (chattr): $!\n";
}

# The flags of a file that its owner can set (ioctl_iflags(2)); 0 where the file system has none.
sub flags_of {
  my $value = pack 'l!', 0;
  defined ioctl($_[0], $FS_IOC_GETFLAGS, $value) ? unpack('l!', $value) & $KEPT_FLAGS : 0;
}
