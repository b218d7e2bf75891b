import { perlCall } from "./perl.ts";
import pidfdProgram from "./pidfd.pl";

export type Target = { readonly pid: number; readonly startTicks: string; readonly uid: number };

/** What became of each target, in their order; or why no pidfd can be had here. */
export type Signalled =
  | {
      readonly ok: true;
      /** Nothing was sent, for one that was to stay has ended. */
      readonly spared: boolean;
      readonly outcomes: readonly { readonly sent: boolean; readonly problem: string | undefined }[];
    }
  | { readonly ok: false; readonly why: string };

const answerMs = 10_000;

/**
 * Sends signals, in their order, to each of these processes if it is still there, and to no other; to none where one of
 * `staying` is not there any more.
 */
export function signalByPidfd(
  targets: readonly Target[],
  signals: readonly NodeJS.Signals[],
  staying: readonly Pick<Target, "pid" | "startTicks">[] = [],
): Signalled {
  if (process.platform !== "linux") return { ok: false, why: "pidfds are for Linux only" };
  const { constants } = process.getBuiltinModule("node:os");
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const numbers = signals.map((signal) => constants.signals[signal]);
  const words = [
    ...targets.map(({ pid, startTicks, uid }) => [pid, startTicks, uid, ...numbers].join(":")),
    ...staying.map(({ pid, startTicks }) => `stays:${pid}:${startTicks}`),
  ];
  const { args, env } = perlCall(pidfdProgram, ...words);
  const { error, stdout } = spawnSync("perl", args, {
    stdio: ["ignore", "pipe", "ignore"],
    env,
    encoding: "utf8",
    timeout: answerMs,
  });
  if (error !== undefined && !stdout) return { ok: false, why: "perl is not here" };
  const [head = "", ...answers] = stdout.split("\n");
  if (head !== "here") return { ok: false, why: head.replace(/^unsupported /, "") || "perl does not answer" };
  return {
    ok: true,
    spared: answers.includes("spared"),
    outcomes: targets.map((_, index) => {
      const answer = answers[index] ?? "error it does not answer";
      return { sent: answer === "sent", problem: answer.startsWith("error ") ? answer.slice(6) : undefined };
    }),
  };
}
