import { statSync } from "node:fs";
import type { ProcessRow } from "../../core/agents/process-tree.ts";
import { errorCode } from "../observed.ts";
import { signalByPidfd } from "./pidfd.ts";
import { readStat } from "../processes/proc-stat.ts";
import { isZombie } from "../processes/threads.ts";

/** A process that cannot be mistaken for another: its pid and when it started, in the boot in which both were read. */
export type Identity = Pick<ProcessRow, "pid" | "startTicks" | "uid">;

/** What has become of one process. `unknown`: it may not be looked at any more. */
export type ProcessState =
  | { readonly kind: "running"; readonly parentPid: number }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown"; readonly why: string };

/** Is the very process still there? A zombie has ended; another process under the same pid is not it. */
export function processState({ pid, startTicks }: Identity): ProcessState {
  try {
    const stat = readStat(pid);
    if (stat.startTicks !== startTicks || isZombie(pid, stat)) return { kind: "gone" };
    return { kind: "running", parentPid: stat.parentPid };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ESRCH") return { kind: "gone" };
    return { kind: "unknown", why: code ?? String(error) };
  }
}

/** Why sessreap never signals a process, even if the user asks for it; undefined when it may be signalled. */
function forbidden({ pid, uid }: Identity): string | undefined {
  if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid) return `pid ${pid} is never signalled`;
  return uid === process.getuid?.() ? undefined : `pid ${pid} is another user's`;
}

/**
 * The start is read again right before the signal, so a pid that was taken over in the meantime is left alone; what is
 * left is the time between two system calls. Returns what stood in the way.
 */
function checkThenSignal(identity: Identity, signal: NodeJS.Signals): string | undefined {
  const { pid, uid } = identity;
  try {
    if (statSync(`/proc/${pid}`).uid !== uid) return `pid ${pid} is another user's`;
    const state = processState(identity);
    if (state.kind !== "running") return state.kind === "gone" ? undefined : state.why;
    process.kill(pid, signal);
    return undefined;
  } catch (error) {
    return errorCode(error) === "ESRCH" || errorCode(error) === "ENOENT" ? undefined : (errorCode(error) ?? String(error));
  }
}

/** How a process was signalled: through a pidfd, which cannot miss, or by its pid right after a look at its start. */
export type SignalPath = "pidfd" | "pid";

export type SentSignal = {
  readonly via: SignalPath;
  readonly problem: string | undefined;
  /** None was sent, for a process that was to stay has ended. */
  readonly spared?: true;
};

/**
 * Sends signals, in their order, to exactly these processes. One that is gone is no problem. Where one of `staying` has
 * ended, none is sent.
 */
export function signalExactly(
  identities: readonly Identity[],
  signals: readonly NodeJS.Signals[],
  staying: readonly Identity[] = [],
): readonly SentSignal[] {
  const allowed = identities.filter((identity) => forbidden(identity) === undefined);
  const held = allowed.length === 0 ? undefined : signalByPidfd(allowed, signals, staying);
  const isSpared = held?.ok === true ? held.spared : staying.some((identity) => processState(identity).kind !== "running");
  return identities.map((identity): SentSignal => {
    const never = forbidden(identity);
    if (never !== undefined) return { via: "pid", problem: never };
    if (isSpared) return { via: held?.ok === true ? "pidfd" : "pid", problem: undefined, spared: true };
    if (held?.ok === true) return { via: "pidfd", problem: held.outcomes[allowed.indexOf(identity)]?.problem };
    return { via: "pid", problem: signals.map((signal) => checkThenSignal(identity, signal)).find((problem) => problem !== undefined) };
  });
}
