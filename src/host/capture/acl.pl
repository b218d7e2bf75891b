# ACLs of files (acl(5)), for Node can neither read nor write one.
#
# `read`: paths on stdin, a NUL behind each. Answer, a line each: the ACL in the kernel's form, in hexadecimal digits; nothing
# where the file has none, or `?` where that cannot be told.
# `write MODE:ACL …`: to the files that are open from descriptor 3 on. One that has none loses what its directory gave it.
use strict;

my $numbers = system_calls() or exit;
my $acl = 'system.posix_acl_access';

sub acl_of {
  my $value = "\0" x 65536;
  my $size = syscall($numbers->{lgetxattr}, $_[0], $acl, $value, length $value);
  return unpack 'H*', substr $value, 0, $size if $size >= 0;
  $! == $ENODATA || $! == $EOPNOTSUPP ? '' : '?';
}

sub has_none { syscall($numbers->{fremovexattr}, $_[0], $acl) == 0 || $! == $ENODATA || $! == $EOPNOTSUPP }

sub give {
  my ($file, $mode, $value) = @_;
  if ($value eq '') { chmod oct $mode, $file if has_none(fileno $file); return }
  $value = pack 'H*', $value;
  syscall($numbers->{fsetxattr}, fileno $file, $acl, $value, length $value, 0);
}

my ($verb, @given) = @ARGV;
if ($verb eq 'read') {
  local $/ = "\0";
  while (my $path = <STDIN>) { chop $path; print acl_of($path), "\n" }
}
for my $at (0 .. $#given) { open(my $file, '>>&=', 3 + $at) or next; give($file, split /:/, $given[$at], -1) }
