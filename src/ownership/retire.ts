import type { ProcessRow } from "../core/agents/process-tree.ts";
import { planRetirement, type RetiredProcess, type Retiree, type Retirement, type Wanted } from "../core/harnesses/retirement.ts";
import type { Host } from "../host/host.ts";
import type { SignalPath } from "../host/programs/signals.ts";
import { sweepIdAt } from "../sweep/sweep-id.ts";
import { unkept } from "../sweep/unkept.ts";
import type { OwnersObservation } from "./owners.ts";

/** Into the history, with what became of each: nothing is ended in silence. Returns what is to be said where that cannot be kept. */
export function recordRetired(host: Host, command: string, processes: readonly RetiredProcess[]): Promise<readonly string[]> {
  return unkept("its history", () => {
    if (processes.length === 0) return;
    const { wallMs } = host.clock();
    const at = new Date(wallMs.seen ? wallMs.value : 0).toISOString();
    host.store.appendHistory({ sweepId: sweepIdAt(at, host.randomSuffix()), at, command, entries: [], processes });
  });
}

/** How long a process is given to end by itself, and how long the kernel is given to take one away, in ms. */
export const retireWaits = { termMs: 5_000, killMs: 3_000, pollMs: 50 } as const;

type Retiring = {
  readonly process: ProcessRow;
  readonly agent: string;
  signal: RetiredProcess["signal"];
  via: SignalPath | null;
  problem: string | undefined;
  spared: boolean;
};

const retiring = (process: ProcessRow, agent: string): Retiring => ({
  process,
  agent,
  signal: null,
  via: null,
  problem: undefined,
  spared: false,
});

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

function signalAll(host: Host, these: readonly Retiring[], signal: "SIGTERM" | "SIGKILL", staying: readonly ProcessRow[]): void {
  if (these.length === 0) return;
  // One that was stopped from its terminal cannot end before it runs again.
  const signals = signal === "SIGTERM" ? (["SIGTERM", "SIGCONT"] as const) : ([signal] as const);
  const sent = host.signalExactly(
    these.map(({ process }) => process),
    signals,
    staying,
  );
  for (const [index, one] of these.entries()) {
    one.spared = sent[index]?.spared === true;
    one.problem = one.spared ? "what was to stay has ended" : sent[index]?.problem;
    if (one.spared) continue;
    one.signal = signal;
    one.via = sent[index]?.via ?? null;
  }
}

/**
 * Ends processes: SIGTERM, a bounded wait, SIGKILL. Every signal goes to the very process that was looked at, or to
 * none.
 */
async function endAll(host: Host, these: readonly Retiring[], staying: readonly ProcessRow[]): Promise<void> {
  signalAll(host, notGone(host, these), "SIGTERM", staying);
  if (these.every(({ spared }) => spared)) return;
  const stubborn = await untilGone(host, these, retireWaits.termMs);
  signalAll(host, stubborn, "SIGKILL", staying);
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
  await endAll(host, ending, []);
  return ending.map((one) => describeRetired(host, one, sessionId, "child"));
}

function describeRetired(host: Host, one: Retiring, sessionId: string, role: RetiredProcess["role"]): RetiredProcess {
  const { pid, startTicks } = one.process;
  const { agent, signal, via } = one;
  return { sessionId, role, pid, startTicks, agent, signal, via, became: became(host, one, signal !== null) };
}

/**
 * Ends a harness and the background children that are proven to be its own. Returns what became of them and of the other
 * processes around it; none where the harness that was to stay has ended, so that this one was left alone.
 */
export async function retire(host: Host, { session, harness, survivor }: Retiree): Promise<readonly RetiredProcess[] | undefined> {
  const { members, hosts, children, helpers } = harness;
  const named = (rows: readonly ProcessRow[]): readonly Retiring[] => rows.map((process) => retiring(process, process.argv[0] ?? ""));
  const running = members.map((process) => retiring(process, harness.agent));
  const below = children.map(({ process, agent, stays }) => ({ one: retiring(process, agent), stays }));
  const [above, others] = [named(hosts), named(helpers)];
  const ending = [...running, ...below.flatMap(({ one, stays }) => (stays === undefined ? [one] : []))];
  await endAll(host, ending, survivor?.members ?? []);
  if (ending.every(({ spared, signal }) => spared && signal === null)) return undefined;
  const describe = (these: readonly Retiring[], role: RetiredProcess["role"]): readonly RetiredProcess[] =>
    these.map((one) => describeRetired(host, one, session.sessionId, role));
  return [
    ...describe(running, "harness"),
    ...describe(above, "host"),
    ...describe(
      below.map(({ one }) => one),
      "child",
    ),
    ...describe(others, "helper"),
  ];
}

/** The processes that a wish ended, with which it left and why; or why it ended none. */
export type Retired =
  | { readonly ok: true; readonly processes: readonly RetiredProcess[]; readonly notes: readonly string[] }
  | Extract<Retirement, { ok: false }>;

/** A harness is the one that was asked about as long as its processes are, and those of the one that is to stay. */
function nameOf({ session, harness, survivor }: Retiree): string {
  return JSON.stringify([
    session.sessionId,
    ...[harness, survivor].map((one) => one?.members.map(({ pid, startTicks }) => [pid, startTicks])),
  ]);
}

function sameProcesses(a: readonly Retiree[], b: readonly Retiree[]): boolean {
  return JSON.stringify(a.map(nameOf)) === JSON.stringify(b.map(nameOf));
}

/**
 * Ends the harnesses that are wanted, one after the other. `confirm` is asked first, where the user has not said yes
 * already, and a no ends nothing; the processes are looked at again behind its answer, and all have to be the same. Each further harness is
 * looked at again before its turn: it goes only if it and the one that is to stay are still there, and still run the session.
 */
export async function retireWanted(
  host: Host,
  observe: () => Promise<Pick<OwnersObservation, "ownership" | "complete">>,
  wanted: Wanted,
  confirm: ((retirees: readonly Retiree[]) => Promise<boolean>) | undefined,
): Promise<Retired> {
  const plan = async (): Promise<Retirement> => {
    const { ownership, complete } = await observe();
    return planRetirement(ownership, complete, wanted, host.self());
  };
  let planned = await plan();
  if (planned.ok && planned.retirees.length > 0 && confirm !== undefined) {
    const { retirees } = planned;
    if (!(await confirm(retirees))) return { ok: true, processes: [], notes: [] };
    planned = await plan();
    if (planned.ok && !sameProcesses(retirees, planned.retirees))
      return { ok: false, why: "the processes changed while you were asked", unknown: false };
  }
  if (!planned.ok) return planned;
  const processes: RetiredProcess[] = [];
  const notes = [...planned.notes];
  const unrecorded = new Set<string>();
  for (const [index, retiree] of planned.retirees.entries()) {
    const again = index === 0 ? planned : await plan();
    const same = again.ok ? again.retirees.find((one) => nameOf(one) === nameOf(retiree)) : undefined;
    const outcomes = same === undefined ? undefined : await retire(host, same);
    const pid = retiree.harness.members[0]?.pid ?? 0;
    if (outcomes === undefined) notes.push(`pid ${pid} was not ended: ${again.ok ? "it or the newest is not what it was" : again.why}`);
    for (const problem of await recordRetired(host, "owners --retire", outcomes ?? [])) unrecorded.add(problem);
    processes.push(...(outcomes ?? []));
  }
  if (processes.length > 0 || planned.retirees.length === 0) return { ok: true, processes, notes: [...notes, ...unrecorded] };
  return { ok: false, why: notes.at(-1) ?? "", unknown: false };
}
