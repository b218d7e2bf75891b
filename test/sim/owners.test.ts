import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seen } from "../../src/core/evidence.ts";
import { defaultPolicy } from "../../src/core/policy.ts";
import type { RetiredProcess } from "../../src/core/harnesses/retirement.ts";
import type { Host } from "../../src/host/host.ts";
import { lookAtOwners, type OwnersObservation } from "../../src/ownership/owners.ts";
import { retireWanted, type Retired } from "../../src/ownership/retire.ts";
import type { Chance } from "./chance.ts";
import { firstUid } from "./machine.ts";
import { anyEvent, OwnersWorld, sessions, targets, type Event, type Truth } from "./owners-world.ts";
import { nobody, simulatedHost, State, type Blindness } from "./simulated-host.ts";

/** More histories for a night: `SESSREAP_OWNERS_HISTORIES=100000 npx vitest run --project sim`. A failure prints its seed. */
const histories = Number(process.env["SESSREAP_OWNERS_HISTORIES"] ?? 1000);

type History = {
  readonly seed: number;
  readonly runBy: string | undefined;
  readonly asks: boolean;
  /** Things happen while the processes are read, too. */
  readonly isTorn: boolean;
  readonly blindness: readonly Blindness[];
  readonly before: readonly Event[];
  /** What happens in the moments in which `--retire older` looks, asks, waits or is about to send a signal, one after another. */
  readonly moments: readonly (readonly Event[])[];
};

const blindness = fc.oneof(
  { weight: 8, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.constantFrom<Blindness[]>(["processes"], ["some-processes"]) },
);

const history: fc.Arbitrary<History> = fc.record({
  seed: fc.integer(),
  runBy: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...sessions) }),
  asks: fc.boolean(),
  isTorn: fc.boolean(),
  blindness,
  before: fc.array(anyEvent, { minLength: 3, maxLength: 20 }),
  moments: fc.array(fc.array(anyEvent, { maxLength: 3 }), { maxLength: 12 }),
});

type Look = ReturnType<Host["lookAtTree"]>;

type Lived = {
  readonly retired: Retired;
  readonly signals: number;
  /** Signals to a process that had ended while another had taken its pid. */
  readonly spared: number;
  /** What a signal reached and may not have reached. */
  readonly wrong: readonly string[];
  readonly recorded: readonly RetiredProcess[];
  readonly world: OwnersWorld;
};

/** How signals are sent: as the host does it, or as a script would, to whatever has the pid. */
type Sending = (host: Host, reach: (pid: number, signal: NodeJS.Signals) => void) => Host["signalExactly"];

const exactly: Sending = (host) => host.signalExactly;
/** As the host does it, whether or not the one that is to stay is still there. */
const unasked: Sending = (host) => (identities, signals) => host.signalExactly(identities, signals, []);
const byPid: Sending = (host, reach) => (identities, signals, staying) => {
  // The host lets things happen before it sends to none.
  host.signalExactly([], signals, staying);
  for (const { pid } of identities) for (const signal of signals) reach(pid, signal);
  return identities.map(() => ({ via: "pid", problem: undefined }));
};

/** `/proc` is listed once and then read process by process, while things happen. */
function torn(listed: Look, later: Look, chance: Chance): Look {
  if (!listed.seen || !later.seen) return later;
  const rows = [...listed.value.tree].flatMap(([pid, row]) => (chance.oneIn(2) ? row : (later.value.tree.get(pid) ?? [])));
  return seen({ tree: new Map(rows.map((row) => [row.pid, row])), complete: later.value.complete });
}

/** Lives a history, and runs `owners --retire older` in it. */
async function live({ seed, runBy, asks, isTorn, blindness: blind, before, moments }: History, sending: Sending): Promise<Lived> {
  const world = new OwnersWorld(seed, runBy);
  const { machine, self } = world;
  for (const event of before) world.happen(event);
  let [moment, signals, spared] = [0, 0, 0];
  let truth: Truth = { mayEnd: new Set(), newest: new Set() };
  const wrong: string[] = [];
  const recorded: RetiredProcess[] = [];
  const pass = (): void => {
    for (const event of moments[moment] ?? []) world.happen(event);
    moment += 1;
  };
  const reach = (pid: number, signal: NodeJS.Signals): void => {
    const process = machine.processes.get(pid);
    if (process === undefined) return;
    signals += 1;
    const words = `${signal} to pid ${pid}, ${process.argv.join(" ")}`;
    if (!truth.mayEnd.has(process)) wrong.push(truth.newest.has(process) ? `the newest: ${words}` : words);
    if (machine.lineOf(self).includes(process)) wrong.push(`sessreap or what runs it: ${words}`);
    if (signal !== "SIGCONT" && !world.runsElsewhere(process)) wrong.push(`the last of its session: ${words}`);
    if (process.uid !== self.uid) wrong.push(`another user's: ${words}`);
    world.signal(process, signal);
  };
  const interference = {
    ...nobody,
    beforeSignals: pass,
    signalled: ({ pid }: { readonly pid: number }, signal: NodeJS.Signals) => reach(pid, signal),
    wait: () => {
      world.pass(50);
      pass();
    },
  };
  const simulated = simulatedHost(machine, new State(), new Set(blind), interference, self);
  const send = sending(simulated, reach);
  const host: Host = {
    ...simulated,
    listDirectory: (path, patterns) => {
      world.readRegistries();
      return simulated.listDirectory(path, patterns);
    },
    lookAtTree: () => {
      pass();
      const [listed, early] = [simulated.lookAtTree(), world.truth()];
      if (!isTorn) {
        truth = early;
        return listed;
      }
      pass();
      const late = world.truth();
      // What is read of two moments can put a background child under another harness, but nothing else.
      truth = { mayEnd: new Set([...early.mayEnd, ...late.mayEnd, ...world.children.keys()]), newest: late.newest };
      return torn(listed, simulated.lookAtTree(), machine.chance);
    },
    signalExactly: (identities, given, staying) => {
      const sent = send(identities, given, staying);
      const isTaken = ({ pid, startTicks }: (typeof identities)[number]): boolean =>
        machine.processes.has(pid) && machine.processes.get(pid)?.startTicks !== startTicks;
      spared += identities.filter(isTaken).length;
      return sent;
    },
    store: { ...simulated.store, appendHistory: ({ processes }) => void recorded.push(...(processes ?? [])) },
  };
  const observe = async (): Promise<Pick<OwnersObservation, "ownership" | "complete">> => {
    const observation = await lookAtOwners(host, { targets, witnesses: [], policy: defaultPolicy }, undefined);
    if (observation.seen) return observation.value;
    const complete = observation;
    return { complete, ownership: { sessions: [], unattributed: [] } };
  };
  const confirm = (): Promise<boolean> => {
    pass();
    return Promise.resolve(true);
  };
  const retired = await retireWanted(host, observe, { kind: "older" }, asks ? confirm : undefined);
  return { retired, signals, spared, wrong, recorded, world };
}

/** What a report says that is not so, and what it leaves out. */
function falseWords({ retired, recorded, signals, world: { machine } }: Lived, isBlind: boolean): readonly string[] {
  const words: string[] = [];
  const processes = retired.ok ? retired.processes : [];
  if (signals > 0 && (!retired.ok || isBlind)) words.push(`refused or blind, and ${signals} signals were sent`);
  if (JSON.stringify(recorded) !== JSON.stringify(processes)) words.push("the history says something else");
  for (const { pid, startTicks, signal, became } of processes) {
    const isRunning = machine.processes.get(pid)?.startTicks === startTicks;
    // Where the one that was to stay has ended after the first signal, the last signal is not sent.
    const isSpared = became === "lost" && signal === "SIGTERM" && isRunning;
    if (became === "ended" ? isRunning : signal !== null && !isSpared)
      words.push(`pid ${pid} is said to have ${became}, and runs: ${isRunning}`);
  }
  return words;
}

test(`in ${histories} histories --retire older ends older harnesses and their children, and signals nothing else`, async () => {
  const totals = { ended: 0, spared: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(history, async (given) => {
      const lived = await live(given, exactly);
      const { retired, wrong } = lived;
      expect(wrong).toEqual([]);
      expect(falseWords(lived, given.blindness.length > 0)).toEqual([]);
      totals.ended += retired.ok ? retired.processes.filter(({ role }) => role !== "helper").length : 0;
      totals.refused += retired.ok ? 0 : 1;
      totals.spared += lived.spared;
    }),
    { numRuns: histories },
  );
  // The laws say nothing of histories in which nothing is ended, in which no pid is taken over, or which are all refused.
  expect(totals.ended).toBeGreaterThan(histories / 4);
  expect(totals.spared).toBeGreaterThan(0);
  expect(totals.refused).toBeGreaterThan(histories / 20);
}, 600_000);

/** Two harnesses of one session. The newer one ends right before the first signal. */
const endsBetween: History = {
  seed: 1,
  runBy: undefined,
  asks: false,
  isTorn: false,
  blindness: [],
  before: [0, 1].map((from) => ({ kind: "start", session: sessions[0], from, runner: "codex", uid: firstUid })),
  // An app server and three shells were there before them.
  moments: [[], [{ kind: "end", which: 5 }]],
};

test("where the newest ends between the look and the signal, none is sent, and that is said", async () => {
  const { wrong, retired, signals } = await live(endsBetween, exactly);
  expect({ wrong, signals, retired }).toMatchObject({
    wrong: [],
    signals: 0,
    retired: { ok: false, why: expect.stringContaining("not what it was") },
  });
  expect((await live(endsBetween, unasked)).wrong).toEqual(expect.arrayContaining([expect.stringContaining("the last of its session")]));
});

test("where signals go by the pid alone, the same histories show processes that were hit by mistake", async () => {
  const found = await fc.check(
    fc.asyncProperty(history, async (given) => {
      const { wrong } = await live(given, byPid);
      expect(wrong).toEqual([]);
    }),
    { numRuns: histories },
  );
  expect(found.failed).toBe(true);
}, 600_000);
