import type { ProcessRow } from "../core/agents/process-tree.ts";
import { planRetirement, type RetiredProcess, type Retiree, type Retirement, type Wanted } from "../core/agents/retirement.ts";
import type { Host } from "../host/host.ts";
import type { SignalPath } from "../host/programs/signals.ts";
import { sweepIdAt } from "../sweep/sweep-id.ts";
import type { OwnersObservation } from "./owners.ts";

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

function notGone(host: Host, these: readonly Retiring[]): readonly Retiring[] {
  return these.filter(({ process }) => host.processState(process).kind !== "gone");
}

async function untilGone(host: Host, these: readonly Retiring[], waitMs: number): Promise<readonly Retiring[]> {
  let left = notGone(host, these);
  for (let waited = 0; left.length > 0 && waited < waitMs; waited += retireWaits.pollMs) {
    await host.sleep(retireWaits.pollMs);
    left = notGone(host, left);
  }
  return left;
}

function signalAll(host: Host, these: readonly Retiring[], signal: "SIGTERM" | "SIGKILL"): void {
  // One that was stopped from its terminal cannot end before it runs again.
  const signals = signal === "SIGTERM" ? (["SIGTERM", "SIGCONT"] as const) : ([signal] as const);
  const sent = host.signalExactly(
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
async function endAll(host: Host, these: readonly Retiring[]): Promise<void> {
  signalAll(host, notGone(host, these), "SIGTERM");
  const stubborn = await untilGone(host, these, retireWaits.termMs);
  signalAll(host, stubborn, "SIGKILL");
  await untilGone(host, stubborn, retireWaits.killMs);
}

function became(host: Host, { process, problem }: Retiring, isEnded: boolean): RetiredProcess["became"] {
  const state = host.processState(process);
  if (state.kind === "gone") return "ended";
  return state.kind === "running" && !isEnded && problem === undefined ? "adopted" : "lost";
}

/** Ends background children that outlived their harness. */
export async function endChildren(
  host: Host,
  sessionId: string,
  children: readonly { readonly process: ProcessRow; readonly agent: string }[],
): Promise<readonly RetiredProcess[]> {
  const ending = children.map(({ process, agent }) => retiring(process, agent));
  await endAll(host, ending);
  return ending.map((one) => describeRetired(host, one, sessionId, "child"));
}

function describeRetired(host: Host, one: Retiring, sessionId: string, role: RetiredProcess["role"]): RetiredProcess {
  const { pid, startTicks } = one.process;
  const { agent, signal, via } = one;
  return { sessionId, role, pid, startTicks, agent, signal, via, became: became(host, one, role !== "helper") };
}

/** Ends a harness and its background children. Returns what became of them and of the other processes that it had started. */
export async function retire(host: Host, { session, harness }: Retiree): Promise<readonly RetiredProcess[]> {
  const members = harness.members.map((process) => retiring(process, harness.agent));
  const children = harness.children.map(({ process, agent }) => retiring(process, agent));
  const helpers = harness.helpers.map((process) => retiring(process, process.argv[0] ?? ""));
  await endAll(host, [...members, ...children]);
  return [
    ...members.map((one) => describeRetired(host, one, session.sessionId, "harness")),
    ...children.map((one) => describeRetired(host, one, session.sessionId, "child")),
    ...helpers.map((one) => describeRetired(host, one, session.sessionId, "helper")),
  ];
}

/** The processes that a wish ended, or why it ended none. */
export type Retired = { readonly ok: true; readonly processes: readonly RetiredProcess[] } | Extract<Retirement, { ok: false }>;

/** Harnesses are the ones that were asked about as long as their processes are. */
function sameProcesses(a: readonly Retiree[], b: readonly Retiree[]): boolean {
  const name = (retirees: readonly Retiree[]): string =>
    JSON.stringify(retirees.map(({ harness }) => harness.members.map(({ pid, startTicks }) => [pid, startTicks])));
  return name(a) === name(b);
}

/**
 * Ends the harnesses that are wanted, one after the other. `confirm` is asked first, where the user has not said yes
 * already; the processes are looked at again behind its answer, and all have to be the same.
 */
export async function retireWanted(
  host: Host,
  observe: () => Promise<OwnersObservation>,
  wanted: Wanted,
  confirm: ((retirees: readonly Retiree[]) => Promise<void>) | undefined,
): Promise<Retired> {
  const plan = async (): Promise<Retirement> => {
    const { ownership, complete } = await observe();
    return planRetirement(ownership, complete, wanted, host.self());
  };
  let planned = await plan();
  if (planned.ok && planned.retirees.length > 0 && confirm !== undefined) {
    const { retirees } = planned;
    await confirm(retirees);
    planned = await plan();
    if (planned.ok && !sameProcesses(retirees, planned.retirees))
      return { ok: false, why: "the processes changed while you were asked", unknown: false };
  }
  if (!planned.ok) return planned;
  const processes: RetiredProcess[] = [];
  for (const retiree of planned.retirees) {
    const outcomes = await retire(host, retiree);
    recordRetired(host, "owners --retire", outcomes);
    processes.push(...outcomes);
  }
  return { ok: true, processes };
}
