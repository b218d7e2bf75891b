import * as fc from "fast-check";
import {
  seen,
  type AppServerObservation,
  type EndpointObservation,
  type Evidence,
  type Mention,
  type Mentions,
  type Observed,
  type PidObservation,
  type ProcessTable,
  type Refusal,
  type TmuxObservation,
  type Sleep,
} from "../../src/core/evidence.ts";
import type { InnerProcess } from "../../src/core/agents/agent-process.ts";
import type { Registered } from "../../src/core/agents/registered-sessions.ts";
import type { ObservedHolder } from "../../src/core/agents/observed-holders.ts";
import { agentOf } from "../../src/core/agents/agents.ts";
import { knownPrograms, type ProgramLists } from "../../src/core/agents/programs.ts";
import type { FirstSight } from "../../src/core/identity/first-sight.ts";
import { canonicalSession } from "../../src/core/registration.ts";
import type { Ending } from "../../src/core/plan/ending.ts";
import type { RegistryFacts, Scene } from "../../src/core/scene.ts";
import {
  agent,
  answered,
  blind,
  carrier,
  day,
  earlierBoot,
  hour,
  mentionsOf,
  minute,
  now,
  sceneOf,
  server,
  session,
  showed,
  sighted,
  there,
  thisBoot,
  type Described,
  registeredSessions,
} from "./scene.ts";

/** How often a law is tried; a night may ask for more with `SESSREAP_LAW_RUNS=200000`. */
export const runs = (usual: number): { readonly numRuns: number } => ({ numRuns: Number(process.env["SESSREAP_LAW_RUNS"] ?? usual) });

export const pid = 4242;
const machine = "0123456789abcdef0123456789abcdef";
/** This host by its name with a domain, which this host does not have. */
export const domainOnly = "venus.example.org";
/** How a first sight names this machine. */
const ours = `venus\0${machine}`;
const home = "4026531836";
const remembered: ObservedHolder = { ...showed, pid, startTicks: "700" };
const [abroad, earlier] = [
  { ...remembered, host: "saturn" },
  { ...remembered, bootId: earlierBoot },
];
const socket = "unix:///run/app.sock";
const endpoint = { kind: "tcp", port: 7000 } as const;

const locked = new Map([["/locks/mars", seen("an flock that pid 7 took")]]);

const maybe = <T>(...values: readonly T[]) => fc.constantFrom<T | undefined>(undefined, ...values);
/** Mostly seen: where much is hidden nothing dies, and a law about ghosts would be tried on none. */
const observed = <T>(...values: readonly T[]): fc.Arbitrary<Observed<T>> =>
  fc.oneof({ weight: 15, arbitrary: fc.constantFrom(...values.map(seen)) }, { weight: 1, arbitrary: fc.constant(blind) });
const rarely = fc.nat(24).map((number) => number === 0);
const mostly = rarely.map((is) => !is);
const time = maybe(now - 5 * minute, now - hour, now - hour, now - 30 * day, now - 30 * day, now - 30 * day, now - hour, now + day);

const claim = fc.record({
  sessionId: maybe(session, session.toUpperCase(), "other-thread"),
  identity: maybe("mars"),
  pid: maybe(pid, pid, pid, pid, pid, 900),
  startTicks: maybe("700"),
  bootId: maybe(thisBoot, thisBoot.replaceAll("-", "").toUpperCase(), undefined, earlierBoot, "earlier"),
  host: maybe("venus", undefined, "VENUS", undefined, "venus", "localhost", domainOnly, "saturn"),
  machineId: maybe(...Array.from({ length: 7 }, () => undefined), machine, machine, "fedcba9876543210fedcba9876543210"),
  pidNamespace: maybe(home, home, undefined, undefined, home, home, "4026539999"),
  registeredAt: time,
  lastActivityAt: time,
  lastHeartbeatAt: maybe(undefined, now - 20_000, now - 30 * day, now + day),
  endpoint: maybe(undefined, endpoint),
  tmuxSession: maybe(undefined, undefined, undefined, "mars"),
});

const address = fc.constantFrom(...[server, socket].flatMap((url) => [true, false].map((configured) => ({ url, configured }))));

const registry = fc.record({
  about: fc.constantFrom("process" as const, "thread" as const, "session" as const, "session" as const),
  holderNames: maybe<readonly string[]>(["codex"]),
  startTokensProven: mostly,
  besideForeign: rarely,
  writer: maybe(1000),
  modifiedAt: observed(now - hour, now - hour, now - hour, now - hour, now - hour, now - minute, now + day),
  changedAt: observed(now - hour, now - hour, now - hour, now - minute, now + day, now - 400 * day),
  oneFile: fc.boolean(),
  directory: maybe("/locks", undefined),
  appServers: fc.uniqueArray(address, { maxLength: 2, selector: ({ url }) => url }),
});

const observation: fc.Arbitrary<Observed<PidObservation>> = fc.oneof(
  observed<PidObservation>({ kind: "gone" }),
  fc
    .record({
      state: observed("S", "R", "Z", "X"),
      startTicks: observed("700", "701"),
      ownTime: mostly,
      kernelThread: rarely,
      names: observed(["codex"], ["sh"]),
    })
    .map((there_) => seen({ kind: "there" as const, ...there_ })),
);

const inner = [
  { pid: 77, startTicks: "700", ownTime: true, agent: false },
  { pid: 78, startTicks: "9", ownTime: true, agent: true },
] as const;

const table = fc.record({
  complete: observed(true as const),
  agents: fc.oneof(
    fc.constant([]),
    fc.constant([agent(["codex"])]),
    fc.subarray([agent(["codex", "resume", session]), agent(["claude", "Your agent name is mars."])]),
  ),
  appServers: fc.subarray([{ pid: 60, startTicks: "1", argv: ["codex", "app-server", "--listen", server] }]),
  innerPids: observed(new Map(), new Map(), new Map(), new Map([[pid, [inner[0]]]]), new Map([[pid, [inner[1]]]])),
});

const open = `/home/u/.codex/thread-writer-locks/${session}.lock`;
const carriers = [
  carrier(["codex", "resume", session], { pid: 601 }),
  carrier(["claude", "Your agent name is mars."], { pid: 602 }),
  carrier(["vim", session], { pid: 603 }),
  carrier(["grep", session], { pid: 604 }),
  carrier(["renamed", session], { pid: 605, exe: seen("/opt/bin/codex") }),
  carrier(["sh", "-c", `codex resume ${session}`], { pid: 606, kin: "between" }),
  carrier(["tail", "-f", `/var/log/${session}`], { pid: 607 }),
];
const holders = [
  [carrier(["codex"], { pid: 611 }), open, true],
  [carrier(["tail", "-f", open], { pid: 612 }), open, false],
  [carrier(["cat"], { pid: 613 }), open, true],
  [carrier(["sleep", "60"], { pid: 614 }), open, true],
] as const;
const closedAgent = { carrier: carrier(["codex"], { pid: 621 }), why: "EACCES" };

const mentions: fc.Arbitrary<Observed<Mentions>> = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(carriers) }),
    fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...holders]) }),
    rarely,
    rarely,
  )
  .map(([named, held, isClosed, isBlind]) => {
    const found = mentionsOf([session, "other-thread"], named, held);
    return isBlind ? blind : seen({ ...found, closed: isClosed ? [closedAgent] : [] });
  });

const rows = [
  { registry: "/registry", key: "venus", where: "/registry/9.json", pid: 9, said: "pid 9 is alive", isProven: true },
  { registry: "/other", key: "venus", where: "/other/9.json", pid: 9, said: "pid 9 is alive", isProven: true },
  { registry: "/other", key: "venus", where: "/other/8.json", pid: 8, said: "pid 8 is alive", isProven: false },
];
const unreadRecords = { uid: 1000, why: "/home/u/.claude/sessions: permission denied" };

const elsewhere: fc.Arbitrary<Evidence["registered"]> = fc
  .record({
    those: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(rows) }),
    isUnread: rarely,
    isBlind: rarely,
  })
  .map(({ those, isUnread, isBlind }) => {
    const bySession = new Map(those.length === 0 ? [] : [[session, those] as const]);
    return isBlind ? blind : registeredSessions(bySession, isUnread ? [unreadRecords] : []);
  });

const inTmux = { session: "mars", sessionId: "$1", window: "0", index: "0", pane: "%1", tty: "/dev/pts/3", first: undefined };
const tmuxObservation: fc.Arbitrary<TmuxObservation> = fc.record({
  panes: fc.constantFrom([], [], [inTmux]),
  complete: observed(true as const),
});

const anyRefusal: fc.Arbitrary<Refusal> = fc.record({
  kind: fc.constant("refused" as const),
  listens: observed(false, false, false, false, true),
  network: observed(true as const),
});

const serverObservation: fc.Arbitrary<AppServerObservation> = fc.oneof(
  { weight: 3, arbitrary: anyRefusal },
  { weight: 1, arbitrary: fc.constant({ kind: "unanswered" as const, why: "no answer" }) },
  {
    weight: 6,
    arbitrary: fc
      .record({
        loaded: fc.constantFrom([], [], [], ["other-thread"], [session, "other-thread"]),
        upMs: observed(second(30), hour),
        reads: fc.constantFrom(
          new Map(),
          new Map([
            [session, { kind: "not-loaded" as const }],
            ["other-thread", { kind: "not-loaded" as const }],
          ]),
          new Map([[session, { kind: "other" as const, what: "idle" }]]),
        ),
      })
      .map(({ loaded, ...more }) => answered(loaded, more)),
  },
);

function second(count: number): number {
  return count * 1000;
}

const described: fc.Arbitrary<Described> = fc.record({
  claim,
  registry,
  clock: fc.record({ wallMs: observed(now, now, now), bootMs: observed(40 * day), awakeMs: observed(20 * day) }),
  here: fc.record({
    bootId: observed(thisBoot),
    machineId: observed(machine),
    timeNamespace: observed("time:[4026531834]"),
    pidNamespace: observed(
      { inode: home, initial: true },
      { inode: home, initial: true },
      { inode: home, initial: true },
      { inode: home, initial: true },
      { inode: "4026530001", initial: false },
    ),
  }),
  table,
  mentions,
  registered: elsewhere,
  pids: fc.oneof(
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 15, arbitrary: fc.record({ [pid]: observation, 900: fc.constant(there()) }) },
  ),
  appServers: fc.oneof(
    { weight: 9, arbitrary: fc.record({ [server]: serverObservation, [socket]: serverObservation }) },
    { weight: 1, arbitrary: fc.constant({}) },
  ),
  endpoints: fc
    .oneof(
      fc.constantFrom<readonly EndpointObservation[]>([{ kind: "accepted" }], [{ kind: "unanswered", why: "" }], []),
      anyRefusal.map((one) => [one]),
    )
    .map((observations) => Object.fromEntries(observations.map((it) => ["127.0.0.1:7000", it]))),
  tmux: fc.record({ "": tmuxObservation }, { requiredKeys: [] }),
  locks: observed(new Map(), new Map(), new Map(), new Map(), locked, new Map([["/locks/mars", blind]])),
  time: fc.record({
    sleeps: observed<readonly Sleep[]>([], [], [{ fromMs: now - 31 * day, untilMs: now - minute, ms: 25 * day }]),
    settled: observed(true as const),
  }),
  memory: fc.record({
    seenForMs: fc.constantFrom(0, hour, 8 * day),
    clockStepped: rarely,
    restored: rarely,
    stillForMs: maybe(undefined, 0, hour),
    firstSight: maybe<FirstSight>(
      { ...sighted, machine: ours, bootMs: 1000 },
      { ...sighted, machine: ours, bootMs: 8000 },
      { ...sighted, machine: ours, bootId: earlierBoot },
      { ...sighted, bootId: earlierBoot },
      { ...sighted, machine: `saturn\0${machine}`, bootId: earlierBoot },
    ),
    ending: fc.constantFrom<(Ending | undefined)[]>(
      undefined,
      undefined,
      undefined,
      { exit: { pid, startTicks: "699", outliving: seen([]) }, closedOn: [], ownerUpMs: undefined },
      { exit: { pid, startTicks: "700", outliving: seen([31]) }, closedOn: [server], ownerUpMs: hour },
      { exit: undefined, closedOn: [server, socket], ownerUpMs: hour },
    ),
    holders: fc.constantFrom<readonly ObservedHolder[]>([], [], [], [remembered], [remembered], [remembered, showed], [abroad], [earlier]),
  }),
  policy: fc.record({
    graceMs: fc.constantFrom(0, 10 * minute),
    ownPidNamespace: fc.boolean(),
    hostsGone: fc.constantFrom<readonly string[]>([], ["saturn"], ["sat*"]),
    anyAge: rarely,
    ownersWord: rarely,
  }),
});

/** A counterexample need not tell the lists of names. */
Object.defineProperty(knownPrograms, fc.toStringMethod, { value: () => "knownPrograms" });

/** Any scene at all: hidden things, contradictions and old, young or timeless entries. */
export const anyScene: fc.Arbitrary<Scene> = fc
  .tuple(described, fc.nat(15))
  .map(([world, light]) => sceneOf({ ...world, ...(light === 0 && { processes: blind, mentions: blind, registered: blind }) }));

type Change = { readonly name: string; readonly change: (scene: Scene) => Scene };

export const inEvidence = (scene: Scene, part: Partial<Evidence>): Scene => ({ ...scene, evidence: { ...scene.evidence, ...part } });
export const inRegistry = (scene: Scene, part: Partial<RegistryFacts>): Scene => ({ ...scene, registry: { ...scene.registry, ...part } });

/** Another process table. */
export function withTable(scene: Scene, change: (table: ProcessTable) => ProcessTable): Scene {
  const { processes } = scene.evidence;
  if (!processes.seen) return scene;
  return inEvidence(scene, { processes: seen(change(processes.value)) });
}

/** Other mentions: each of them, and which agents could not be looked at. */
function withMentions(scene: Scene, change: (mention: Mention) => readonly Mention[], more: Partial<Mentions> = {}): Scene {
  const { mentions: found } = scene.evidence;
  if (!found.seen) return scene;
  const bySession = new Map([...found.value.bySession].map(([id, those]) => [id, those.flatMap(change)]));
  return inEvidence(scene, { mentions: seen({ ...found.value, bySession, ...more }) });
}

/** What was found before, and more. */
function withMore(scene: Scene, { bySession }: Mentions): Scene {
  const { mentions: found } = scene.evidence;
  if (!found.seen) return scene;
  const all = new Map(found.value.bySession);
  for (const [id, those] of bySession) all.set(id, [...(all.get(id) ?? []), ...those]);
  return inEvidence(scene, { mentions: seen({ ...found.value, bySession: all }) });
}

const hiding = (mention: Mention, part: Partial<Mention["carrier"]>): readonly Mention[] => [
  { ...mention, carrier: { ...mention.carrier, ...part } },
];

function withRegistered(scene: Scene, more: readonly Registered[]): Scene {
  const { registered } = scene.evidence;
  if (!registered.seen || scene.claim.sessionId === undefined) return scene;
  const { bySession, unread } = registered.value;
  const id = canonicalSession(scene.claim.sessionId);
  return inEvidence(scene, {
    registered: registeredSessions(new Map([...bySession, [id, [...(bySession.get(id) ?? []), ...more]]]), unread),
  });
}

function withObservation(scene: Scene, change: (observation: PidObservation) => Observed<PidObservation>): Scene {
  return withTable(scene, (whole) => ({
    ...whole,
    pids: new Map([...whole.pids].map(([number, it]) => [number, it.seen ? change(it.value) : it])),
  }));
}

function withInner(scene: Scene, change: (process: InnerProcess) => InnerProcess): Scene {
  return withTable(scene, (whole) => ({
    ...whole,
    innerPids: whole.innerPids.seen
      ? seen(new Map([...whole.innerPids.value].map(([number, processes]) => [number, processes.map(change)])))
      : whole.innerPids,
  }));
}

const dim = (part: "state" | "startTicks" | "names"): Change => ({
  name: `the ${part} of the pid`,
  change: (scene) => withObservation(scene, (it) => seen(it.kind === "gone" ? it : { ...it, [part]: blind })),
});

const clock = (part: keyof Evidence["clock"]): Change => ({
  name: `the clock's ${part}`,
  change: (scene) => inEvidence(scene, { clock: { ...scene.evidence.clock, [part]: blind } }),
});

const servers = (name: string, change: (observation: AppServerObservation) => AppServerObservation): Change => ({
  name,
  change: (scene) => inEvidence(scene, { appServers: new Map([...scene.evidence.appServers].map(([url, it]) => [url, change(it)])) }),
});

const ofAnswer =
  (change: (observation: Extract<AppServerObservation, { kind: "answered" }>) => AppServerObservation) => (it: AppServerObservation) =>
    it.kind === "answered" ? change(it) : it;

const endpoints = (name: string, change: (observation: EndpointObservation) => EndpointObservation): Change => ({
  name,
  change: (scene) => inEvidence(scene, { endpoints: new Map([...scene.evidence.endpoints].map(([at, it]) => [at, change(it)])) }),
});

const inAllTmux = (name: string, part: Partial<TmuxObservation>): Change => ({
  name,
  change: (scene) => inEvidence(scene, { tmux: new Map([...scene.evidence.tmux].map(([key, it]) => [key, { ...it, ...part }])) }),
});

const ofRefusal =
  (part: Partial<Refusal>) =>
  <O extends { readonly kind: string }>(it: O | Refusal): O | Refusal =>
    it.kind === "refused" ? { ...(it as Refusal), ...part } : it;

/** Every way to know less: each turns one observation into "could not look". */
export const blindings: readonly Change[] = [
  { name: "what other registries say", change: (scene) => inEvidence(scene, { registered: blind }) },
  {
    name: "the starts of what other registries name",
    change: (scene) => {
      const { registered } = scene.evidence;
      if (!registered.seen) return scene;
      const { bySession, unread } = registered.value;
      const dimmed = [...bySession].map(([id, those]) => [id, those.map((one) => ({ ...one, isProven: false }))] as const);
      return inEvidence(scene, { registered: registeredSessions(new Map(dimmed), unread) });
    },
  },
  {
    name: "what the users' records say",
    change: (scene) => {
      const { registered } = scene.evidence;
      const unread = [unreadRecords, { ...unreadRecords, uid: 1001 }];
      return registered.seen ? inEvidence(scene, { registered: registeredSessions(new Map(), unread) }) : scene;
    },
  },
  clock("wallMs"),
  clock("bootMs"),
  clock("awakeMs"),
  { name: "how long the machine slept", change: (scene) => inEvidence(scene, { time: { ...scene.evidence.time, sleeps: blind } }) },
  { name: "that the clock has been tried", change: (scene) => inEvidence(scene, { time: { ...scene.evidence.time, settled: blind } }) },
  { name: "the boot id", change: (scene) => inEvidence(scene, { here: { ...scene.evidence.here, bootId: blind } }) },
  {
    name: "our time namespace",
    change: (scene) => inEvidence(scene, { here: { ...scene.evidence.here, timeNamespace: blind } }),
  },
  { name: "what its owner says", change: (scene) => ({ ...scene, policy: { ...scene.policy, ownersWord: false } }) },
  { name: "when it was first seen", change: (scene) => ({ ...scene, memory: { ...scene.memory, firstSight: undefined } }) },
  { name: "how this run saw it end", change: (scene) => ({ ...scene, memory: { ...scene.memory, ending: undefined } }) },
  {
    name: "what lives on of what the holder started",
    change: (scene) => {
      const { ending } = scene.memory;
      if (ending?.exit === undefined) return scene;
      return { ...scene, memory: { ...scene.memory, ending: { ...ending, exit: { ...ending.exit, outliving: blind } } } };
    },
  },
  { name: "our machine's id", change: (scene) => inEvidence(scene, { here: { ...scene.evidence.here, machineId: blind } }) },
  { name: "our pid namespace", change: (scene) => inEvidence(scene, { here: { ...scene.evidence.here, pidNamespace: blind } }) },
  {
    name: "the process table",
    change: (scene) => inEvidence(scene, { processes: blind, mentions: blind, registered: blind }),
  },
  { name: "whether the table is complete", change: (scene) => withTable(scene, (whole) => ({ ...whole, complete: blind })) },
  { name: "the agents", change: (scene) => withTable(scene, (whole) => ({ ...whole, complete: blind, agents: [] })) },
  { name: "the processes that serve", change: (scene) => withTable(scene, (whole) => ({ ...whole, complete: blind, appServers: [] })) },
  { name: "the containers' pids", change: (scene) => withTable(scene, (whole) => ({ ...whole, innerPids: blind })) },
  { name: "the pid", change: (scene) => withObservation(scene, () => blind) },
  { name: "that anybody asked for the pid", change: (scene) => withTable(scene, (whole) => ({ ...whole, pids: new Map() })) },
  dim("state"),
  dim("startTicks"),
  dim("names"),
  { name: "what processes carry", change: (scene) => inEvidence(scene, { mentions: blind }) },
  { name: "the programs of what carries it", change: (scene) => withMentions(scene, (it) => hiding(it, { exe: blind })) },
  { name: "whether readers write", change: (scene) => withMentions(scene, (it) => [{ ...it, writes: blind }]) },
  {
    name: "by which clock the pid's start is counted",
    change: (scene) => withObservation(scene, (it) => seen(it.kind === "gone" ? it : { ...it, ownTime: false })),
  },
  { name: "that the registry's start tokens are ticks", change: (scene) => inRegistry(scene, { startTokensProven: false }) },
  { name: "any name of a holder", change: (scene) => inRegistry(scene, { holderNames: scene.registry.holderNames && [] }) },
  {
    name: "by which clock the starts in containers are counted",
    change: (scene) => withInner(scene, (it) => ({ ...it, ownTime: false })),
  },
  {
    name: "the open files of agents",
    change: (scene) =>
      withMentions(scene, (it) => (it.manner === "open-file" && it.carrier.argv[0] === "codex" ? [] : [it]), {
        closed: [closedAgent, ...holders.map(([one]) => ({ carrier: one, why: "EACCES" }))],
      }),
  },
  {
    name: "who else may have written the entry",
    change: (scene) => inRegistry(scene, { writer: undefined }),
  },
  { name: "the file's time", change: (scene) => inRegistry(scene, { modifiedAt: blind }) },
  { name: "when the file was last changed", change: (scene) => inRegistry(scene, { changedAt: blind }) },
  servers("the app servers", () => ({ kind: "unanswered", why: "no answer" })),
  servers(
    "since when they are up",
    ofAnswer((it) => ({ ...it, upMs: blind })),
  ),
  servers(
    "what they say of the one id",
    ofAnswer((it) => ({ ...it, reads: new Map() })),
  ),
  servers(
    "whether they know the one id",
    ofAnswer((it) => ({ ...it, reads: new Map([...it.reads.keys()].map((id) => [id, { kind: "other", what: "?" }])) })),
  ),
  servers("who listens where a server refuses", ofRefusal({ listens: blind })),
  servers("whether a server's network is ours", ofRefusal({ network: blind })),
  endpoints("who listens where an endpoint refuses", ofRefusal({ listens: blind })),
  endpoints("whether an endpoint's network is ours", ofRefusal({ network: blind })),
  { name: "that anybody asked an app server", change: (scene) => inEvidence(scene, { appServers: new Map() }) },
  endpoints("the endpoints", () => ({ kind: "unanswered", why: "" })),
  { name: "that anybody asked tmux", change: (scene) => inEvidence(scene, { tmux: new Map() }) },
  inAllTmux("what a tmux server shows", { panes: [], complete: blind }),
  inAllTmux("whether every tmux server answered", { complete: blind }),
  { name: "the locks on files", change: (scene) => inEvidence(scene, { locks: blind }) },
  {
    name: "whose lock it is",
    change: (scene) => {
      const { locks } = scene.evidence;
      return locks.seen ? inEvidence(scene, { locks: seen(new Map([...locks.value].map(([path]) => [path, blind]))) }) : scene;
    },
  },
  { name: "that anybody asked an endpoint", change: (scene) => inEvidence(scene, { endpoints: new Map() }) },
];

const alive: PidObservation = {
  kind: "there",
  state: seen("S"),
  startTicks: seen("700"),
  ownTime: true,
  kernelThread: false,
  names: seen(["codex"]),
};

/** Every way to see more life. */
export const signsOfLife: readonly Change[] = [
  {
    name: "the holder, as recorded",
    // No sweep saw the entry before its holder started, and no run saw it end.
    change: (scene) =>
      withObservation({ ...scene, memory: { ...scene.memory, firstSight: undefined, ending: undefined } }, () => seen(alive)),
  },
  {
    name: "an agent that names the session",
    change: (scene) =>
      withMore(scene, mentionsOf([scene.claim.sessionId ?? "none"], [carrier(["codex", "resume", scene.claim.sessionId ?? "none"])])),
  },
  {
    name: "a writer lock that a codex holds open",
    change: (scene) => withMore(scene, mentionsOf([session], [], [[carrier(["codex"]), open, true]])),
  },
  {
    name: "the thread on every server",
    change: (scene) =>
      inEvidence(scene, {
        appServers: new Map([...scene.registry.appServers].map(({ url }) => [url, answered([session, "other-thread"])])),
      }),
  },
  {
    name: "the holder in a container",
    change: (scene) =>
      withTable(scene, (whole) => (whole.innerPids.seen ? { ...whole, innerPids: seen(new Map([[pid, [...inner]]])) } : whole)),
  },
  inAllTmux("its session in tmux", { panes: [inTmux] }),
  {
    name: "a lock on its own file",
    change: (scene) => (scene.evidence.locks.seen ? inEvidence(scene, { locks: seen(locked) }) : scene),
  },
  servers("what listens where a server refuses", ofRefusal({ listens: seen(true) })),
  endpoints("what listens where an endpoint refuses", ofRefusal({ listens: seen(true) })),
  {
    name: "that it is our ancestor",
    change: (scene) => withTable(scene, (whole) => ({ ...whole, ancestors: new Set([...whole.ancestors, pid]) })),
  },
  {
    name: "a server that is to serve",
    change: (scene) =>
      withTable(scene, (whole) => ({
        ...whole,
        appServers: [server, socket].map((url) => ({ pid: 61, startTicks: "1", argv: ["codex", "app-server", "--listen", url] })),
      })),
  },
  {
    name: "activity within the grace period",
    change: (scene) => ({
      ...scene,
      claim: { ...scene.claim, lastActivityAt: now - minute },
      policy: { ...scene.policy, graceMs: 10 * minute, anyAge: false },
    }),
  },
  {
    name: "another registry whose process runs the session",
    change: (scene) =>
      withRegistered(scene, [{ registry: "/other", key: "venus", where: "/other/1.json", pid: 9, said: "pid 9 is alive", isProven: true }]),
  },
];

/**
 * The same world under other lists of names. What one look finds depends on them, too: which processes are agents, and which
 * of a container's can be.
 */
export function seenUnder(
  less: (programs: ProgramLists) => ProgramLists,
  fewer: (names: readonly string[]) => readonly string[],
): (scene: Scene) => Scene {
  return (scene) => {
    const programs = less(scene.policy.programs);
    const { holderNames: before } = scene.registry;
    const holderNames = before === undefined ? undefined : fewer(before);
    const renamed = inRegistry({ ...scene, policy: { ...scene.policy, programs } }, { holderNames });
    // A holder that a configuration names is looked for as an agent is.
    const sought = { ...programs, declared: [...programs.declared, ...(holderNames ?? [])] };
    const narrowed = withTable(renamed, (whole) => ({
      ...whole,
      agents: whole.agents.flatMap((one) => {
        const known = agentOf(one.argv, sought);
        return known === undefined ? [] : [{ ...one, agent: known }];
      }),
    }));
    return programs.agents.size === 0 ? withInner(narrowed, (it) => ({ ...it, agent: false })) : narrowed;
  };
}
