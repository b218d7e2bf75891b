#!/usr/bin/env perl
# Starts what a proof wants to run, and ends all of it, each by its pid, when the proof says so or is gone: the kernel
# closes this pipe then. What leaves its parent becomes the keeper's child, so that nothing gets away. At last it removes
# the directory of the proof.
use strict;
use warnings;
use POSIX ":sys_wait_h";

$| = 1;
my ( $prctl, $subreaper ) = ( `uname -m` =~ /aarch64/ ? 167 : 157, 36 );
syscall( $prctl, $subreaper, 1, 0, 0, 0 ) == 0 or die "this kernel gives no orphans away: $!\n";
$SIG{$_} = "IGNORE" for qw(INT TERM HUP PIPE);
pipe( my $silence, my $never ) or die "no pipe: $!\n";

sub descendants {
    my %children;
    for my $path ( glob "/proc/[0-9]*/stat" ) {
        open( my $stat, "<", $path ) or next;
        my $line = <$stat> // next;
        push @{ $children{$2} }, $1 if $line =~ /^(\d+) \(.*\) . (\d+)/s;
    }
    my ( @all, @next ) = ();
    @next = @{ $children{$$} // [] };
    while ( defined( my $pid = shift @next ) ) {
        push @all, $pid;
        push @next, @{ $children{$pid} // [] };
    }
    return @all;
}

sub bury { 1 while waitpid( -1, WNOHANG ) > 0 }

sub end_all {
    for ( 1 .. 2000 ) {
        bury();
        my @left = descendants() or return;
        kill "KILL", $_ for @left;
        select undef, undef, undef, 0.005;
    }
}

# c: directory, x: program, a: an argument (the first is its name), e: a variable, w, r: a file that it holds open.
sub start {
    my %asked = map { $_ => [] } qw(c x a e w r);
    push @{ $asked{ substr $_, 0, 1 } }, pack "H*", substr $_, 1 for @_;
    my $pid = fork // return "! $!";
    return $pid if $pid;
    $SIG{$_} = "DEFAULT" for qw(INT TERM HUP PIPE);
    setpgrp;
    chdir $asked{c}[0] or exit 126;
    %ENV = map { split /=/, $_, 2 } @{ $asked{e} };
    open STDIN, "<&", $silence;
    open STDOUT, ">", "/dev/null";
    open STDERR, ">", "/dev/null";
    local $^F = 1000;
    my @held;
    for ( @{ $asked{w} } ) { open( my $file, ">>", $_ ) or exit 126; push @held, $file }
    for ( @{ $asked{r} } ) { open( my $file, "<", $_ ) or exit 126; push @held, $file }
    exec { $asked{x}[0] } @{ $asked{a} } or exit 127;
}

while ( defined( my $line = <STDIN> ) ) {
    bury();
    my ( $verb, @words ) = split " ", $line;
    if ( $verb eq "start" )   { print start(@words), "\n" }
    elsif ( $verb eq "list" ) { print join( " ", descendants() ), "\n" }
    elsif ( $verb eq "end" )  { end_all(); print "ended\n" }
    elsif ( $verb eq "kill" ) { kill "KILL", @words; print "killed\n" }
}
end_all();
system "rm", "-rf", "--", $ARGV[0];
