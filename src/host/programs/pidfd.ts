import { spawnSync } from "node:child_process";
import { constants } from "node:os";

/**
 * Holds a process by a descriptor, looks whether it is the one that was meant, and signals it through the descriptor:
 * whatever takes over the pid in between is never meant. Node cannot; the perl that every Debian has can, by the
 * numbers that these two system calls have everywhere (`pidfd_open`, `pidfd_send_signal`). One answer a process.
 */
const script = String.raw`
use strict; use Config;
sub answer { print "$_[0]\n" }
my $known = length(pack 'p', '') == 8 && $Config{archname} =~ /^(?:x86_64-linux(?!.*x32)|(?:aarch64|riscv64|loongarch64)-linux)/;
if (!$known) { answer("unsupported perl is for $Config{archname}"); exit }
if (syscall(434, $$ + 0, 0) < 0) { answer("unsupported pidfd_open: $!"); exit }
answer('here');

sub signal_it {
  my ($pid, $ticks, $uid, @signals) = @_;
  my $held = syscall(434, $pid + 0, 0);
  return $!{ESRCH} ? 'gone' : "error $!" if $held < 0;
  # Read behind the opening: if it is the one that was meant now, it was then.
  open(my $file, '<', "/proc/$pid/stat") or return $!{ENOENT} || $!{ESRCH} ? 'gone' : "error $!";
  my $text = do { local $/; <$file> };
  return 'gone' unless defined $text;
  my @fields = split ' ', substr($text, rindex($text, ')') + 2);
  return 'gone' if $fields[19] ne $ticks || $fields[0] =~ /[ZX]/;
  my @stat = stat "/proc/$pid" or return 'gone';
  return "error pid $pid is another user's" if $stat[4] ne $uid;
  for my $signal (@signals) {
    next if syscall(424, $held, $signal + 0, 0, 0) == 0;
    return $!{ESRCH} ? 'gone' : "error $!";
  }
  'sent';
}

answer(signal_it(split /:/)) for @ARGV;
`;

export type Target = { readonly pid: number; readonly startTicks: string; readonly uid: number };

/** What became of each target, in their order; or why no pidfd can be had here. */
export type Signalled =
  | { readonly ok: true; readonly outcomes: readonly { readonly sent: boolean; readonly problem: string | undefined }[] }
  | { readonly ok: false; readonly why: string };

const answerMs = 10_000;

/** Sends signals, in their order, to each of these processes if it is still there, and to no other. */
export function signalByPidfd(targets: readonly Target[], signals: readonly NodeJS.Signals[]): Signalled {
  if (process.platform !== "linux") return { ok: false, why: "pidfds are for Linux only" };
  const numbers = signals.map((signal) => constants.signals[signal]);
  const words = targets.map(({ pid, startTicks, uid }) => [pid, startTicks, uid, ...numbers].join(":"));
  // A bare environment: PERL5OPT and its kin would run foreign code in it.
  const { error, stdout } = spawnSync("perl", ["-f", "-e", script, "--", ...words], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    encoding: "utf8",
    timeout: answerMs,
  });
  if (error !== undefined && !stdout) return { ok: false, why: "perl is not here" };
  const [head = "", ...answers] = stdout.split("\n");
  if (head !== "here") return { ok: false, why: head.replace(/^unsupported /, "") || "perl does not answer" };
  return {
    ok: true,
    outcomes: targets.map((_, index) => {
      const answer = answers[index] ?? "error it does not answer";
      return { sent: answer === "sent", problem: answer.startsWith("error ") ? answer.slice(6) : undefined };
    }),
  };
}
