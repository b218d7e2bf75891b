import type { ProcessRow } from "../core/agents/process-tree.ts";
import type { RetiredProcess, Retiree } from "../core/agents/retirement.ts";
import type { Host } from "../host/host.ts";
import { signalExactly, processState, type SignalPath } from "../host/programs/signals.ts";
import { sweepIdAt } from "../sweep/sweep.ts";

/** Into the history, with what became of each: nothing is ended in silence. */
export function recordRetired(host: Host, command: string, processes: readonly RetiredProcess[]): void {
  if (processes.length === 0) return;
  const { wallMs } = host.clock();
  const at = new Date(wallMs.seen ? wallMs.value : 0).toISOString();
  host.store.appendHistory({ sweepId: sweepIdAt(at, host.randomSuffix()), at, command, entries: [], processes });
}

/** How long a process is given to end by itself, and how long the kernel is given to take one away, in ms. */
export const retireWaits = { termMs: 5_000, killMs: 3_000, pollMs: 50 } as const;

type Retiring = {
  readonly process: ProcessRow;
  readonly agent: string;
  signal: RetiredProcess["signal"];
  via: SignalPath | null;
  problem: string | undefined;
};

const retiring = (process: ProcessRow, agent: string): Retiring => ({ process, agent, signal: null, via: null, problem: undefined });

const isGone = ({ process }: Retiring): boolean => processState(process).kind === "gone";

async function untilGone(these: readonly Retiring[], waitMs: number, sleep: (ms: number) => Promise<void>): Promise<readonly Retiring[]> {
  let left = these.filter((one) => !isGone(one));
  for (let waited = 0; left.length > 0 && waited < waitMs; waited += retireWaits.pollMs) {
    await sleep(retireWaits.pollMs);
    left = left.filter((one) => !isGone(one));
  }
  return left;
}

function signalAll(these: readonly Retiring[], signal: "SIGTERM" | "SIGKILL"): void {
  // One that was stopped from its terminal cannot end before it runs again.
  const signals = signal === "SIGTERM" ? (["SIGTERM", "SIGCONT"] as const) : ([signal] as const);
  const sent = signalExactly(
    these.map(({ process }) => process),
    signals,
  );
  for (const [index, one] of these.entries()) {
    one.signal = signal;
    one.via = sent[index]?.via ?? null;
    one.problem = sent[index]?.problem;
  }
}

/**
 * Ends processes: SIGTERM, a bounded wait, SIGKILL. Every signal goes to the very process that was looked at, or to
 * none.
 */
async function endAll(these: readonly Retiring[], sleep: (ms: number) => Promise<void>): Promise<void> {
  signalAll(
    these.filter((one) => !isGone(one)),
    "SIGTERM",
  );
  const stubborn = await untilGone(these, retireWaits.termMs, sleep);
  signalAll(stubborn, "SIGKILL");
  await untilGone(stubborn, retireWaits.killMs, sleep);
}

function became({ process, problem }: Pick<Retiring, "process" | "problem">, isEnded: boolean): RetiredProcess["became"] {
  const state = processState(process);
  if (state.kind === "gone") return "ended";
  return state.kind === "running" && !isEnded && problem === undefined ? "adopted" : "lost";
}

/** Ends background children that outlived their harness. */
export async function endChildren(
  sessionId: string,
  children: readonly { readonly process: ProcessRow; readonly agent: string }[],
  sleep: (ms: number) => Promise<void>,
): Promise<readonly RetiredProcess[]> {
  const ending = children.map(({ process, agent }) => retiring(process, agent));
  await endAll(ending, sleep);
  return ending.map((one) => describeRetired(one, sessionId, "child", true));
}

function describeRetired(one: Retiring, sessionId: string, role: RetiredProcess["role"], isEnded: boolean): RetiredProcess {
  const { pid, startTicks } = one.process;
  return { sessionId, role, pid, startTicks, agent: one.agent, signal: one.signal, via: one.via, became: became(one, isEnded) };
}

/** Ends a harness and its background children, and says what became of each of them and of whatever else it had started. */
export async function retire({ session, harness }: Retiree, sleep: (ms: number) => Promise<void>): Promise<readonly RetiredProcess[]> {
  const members = harness.members.map((process) => retiring(process, harness.agent));
  const children = harness.children.map(({ process, agent }) => retiring(process, agent));
  const helpers = harness.helpers.map((process) => retiring(process, process.argv[0] ?? ""));
  await endAll([...members, ...children], sleep);
  return [
    ...members.map((one) => describeRetired(one, session.sessionId, "harness", true)),
    ...children.map((one) => describeRetired(one, session.sessionId, "child", true)),
    ...helpers.map((one) => describeRetired(one, session.sessionId, "helper", false)),
  ];
}
