import { isSettled, settlingAt, type Settling } from "../core/clocks/settling.ts";
import { sleepUntil, type SleepRecord } from "../core/clocks/sleep.ts";
import { countedBy, since, type Since } from "../core/clocks/since.ts";
import type { Memory } from "../core/memory/memory.ts";
import type { Sought } from "../core/agents/mentions/sought.ts";
import { seen, type Clock, type Evidence, type Observed, type Timekeeping } from "../core/evidence.ts";
import type { Policy } from "../core/policy.ts";
import type { Registration } from "../core/registration.ts";
import type { RegistryFacts } from "../core/scene.ts";
import type { Ending } from "../core/plan/ending.ts";
import type { Host } from "../host/host.ts";
import type { LookingHost } from "../host/looking-host.ts";
import { tombstoneWriter, type TombstoneWriter } from "./tombstone-writer.ts";
import type { ReadRegistry } from "./load/loaded.ts";
import type { Callers } from "./observe/daemon.ts";
import type { InDirectories } from "./load/load.ts";
import type { Sources } from "./observe/sources.ts";
import type { Target } from "./load/target.ts";
import { sweepIdAt } from "./sweep-id.ts";

/** Why a sweep is to end early. It finishes the entry in hand, and leaves the rest for the next one. */
export type Stop = { signal: "SIGINT" | "SIGTERM" | undefined };

/** What a run that stays up has seen happen to an entry, which is known by its registry's id, its claim and a digest of its bytes. */
export type Endings = (registryId: string, claim: Registration, digest: () => string) => Ending | undefined;

export type PassOptions = {
  readonly targets: readonly Target[];
  /** Registries of this user that are read for what they say of sessions, whether or not they are judged. */
  readonly witnesses: readonly Target[];
  /** Registries that the same run sweeps every few minutes, and not this time. */
  readonly rest?: readonly Target[];
  /** Says which registries can be in the directories that claims name; only a timer's sweep looks for these. */
  readonly inDirectories?: InDirectories;
  readonly policy: Policy;
  readonly stop: Stop;
  /** The processes that call as the owner of the registries; none where the sweep is no owner's. */
  readonly callers: Callers;
  /** Only a run that stays up has one. */
  readonly endings?: Endings;
};

/** One pass over the registries that looks and writes nothing. */
export type LookingPass = PassOptions & {
  readonly host: LookingHost;
  /** What the last sweep left for this one. */
  readonly memory: Memory;
  /** Why that memory could not be read; undefined where it could. */
  readonly memoryProblem: string | undefined;
  readonly id: string;
  /** ISO-8601. */
  readonly startedAt: string;
  readonly startedOn: Clock;
  /** The kernel said that the wall clock is set by a better one. Asked only where silence may condemn. */
  readonly synchronised: boolean;
};

/** One pass over the registries that may change them. Built once, handed down, never changed; only its tombstones grow. */
export type Pass = LookingPass & { readonly host: Host; readonly tombstones: TombstoneWriter };

/** A registry that was read, with all that holds for each of its entries. */
export type RegistryView = {
  readonly loaded: ReadRegistry;
  readonly facts: RegistryFacts;
  readonly evidence: Evidence;
  readonly since: Since;
  /** What was looked for in the processes, for a later look of the same pass. */
  readonly sought: Sought;
  /** The registries that may speak for the sessions of its entries. */
  readonly sources: Sources;
};

/** The same host, asked once for a whole pass where it is: one pass goes by one name, however many registries it reads. */
function askedOnce<H extends LookingHost>(host: H): H {
  const here = host.here();
  return { ...host, here: () => here };
}

/** Begins a pass: reads the clock and the memory, and writes nothing. */
export function startLooking<H extends LookingHost>(
  given: H,
  { targets, witnesses, rest, inDirectories, policy, stop, callers, endings }: PassOptions,
): LookingPass & { readonly host: H } {
  const host = askedOnce(given);
  const startedOn = host.clock();
  const startedMs = startedOn.wallMs.seen ? startedOn.wallMs.value : 0;
  const startedAt = new Date(startedMs).toISOString();
  const id = sweepIdAt(startedAt, host.randomSuffix());
  const { memory, problem: memoryProblem } = host.store.loadMemory();
  const mayHave = {
    ...(rest !== undefined && { rest }),
    ...(inDirectories !== undefined && { inDirectories }),
    ...(endings !== undefined && { endings }),
  };
  const run = { host, targets, witnesses, policy, stop, callers, ...mayHave };
  return { ...run, memory, memoryProblem, id, startedAt, startedOn, synchronised: false };
}

/** Begins a pass that may change what it finds. */
export function startPass(given: Host, options: PassOptions): Pass {
  const pass = startLooking(given, options);
  const { id: sweepId, startedAt: at, startedOn, host } = pass;
  // By a clock that may run ahead every tombstone is old.
  const nowMs = (): number | undefined => {
    const { settled } = timekeeping(pass, { clock: startedOn, here: host.here() });
    return settled.seen && startedOn.wallMs.seen ? startedOn.wallMs.value : undefined;
  };
  return { ...pass, tombstones: tombstoneWriter(host, { sweepId, at, nowMs }) };
}

/** What the next sweep is to know of sleep, and of how far the clock has been tried. */
export type ClockRecord = { readonly sleep: Observed<SleepRecord>; readonly settling: Settling };

export function clockRecord({ memory, synchronised }: LookingPass, { clock, here }: Pick<Evidence, "clock" | "here">): ClockRecord {
  const bootId = countedBy(here);
  const sleep = sleepUntil(memory.sleep, clock, bootId);
  const { sameBoot, clockStepped } = since(memory, clock, bootId);
  const hasSlept = !sleep.seen || sleep.value.bootId !== memory.sleep.bootId || sleep.value.ms > memory.sleep.ms;
  const stretch = { before: memory.settling, awakeMs: memory.awakeMs, isUnbroken: sameBoot && !hasSlept, clockStepped };
  return { sleep, settling: settlingAt(stretch, clock.awakeMs, synchronised) };
}

/** What sweeps know of this machine's time as of this one. */
export function timekeeping(pass: LookingPass, evidence: Pick<Evidence, "clock" | "here">): Timekeeping {
  const { sleep, settling } = clockRecord(pass, evidence);
  return { sleeps: sleep.seen ? seen(sleep.value.sleeps) : sleep, settled: isSettled(settling, sleep) };
}

/** What has passed since the sweep that left the memory. */
export function sinceLast({ memory }: LookingPass, evidence: Pick<Evidence, "clock" | "here">): Since {
  return since(memory, evidence.clock, countedBy(evidence.here));
}
