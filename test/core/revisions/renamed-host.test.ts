import { expect, test } from "vitest";
import { seen, unseen, type Observed } from "../../../src/core/evidence.ts";
import { judgeHostLock, lockHeartbeatMs, renamedHost, type HostLockVerdict } from "../../../src/core/revisions/renamed-host.ts";
import { blind, day, earlierBoot, gone, minute, now, there, type Described } from "../scene.ts";
import { alive, localDisk, observationOf, onlyCandidate, registryOf, revisedOf } from "./rows.ts";

const locals: readonly (readonly [string, Observed<boolean>])[] = [
  ["local", seen(true)],
  ["network", seen(false)],
  ["unknown", unseen("type 0x1234")],
];
const pids: readonly (readonly [string, Observed<boolean>])[] = [
  ["dead", seen(true)],
  ["live", seen(false)],
  ["unseen", unseen("EACCES")],
];
const beats: readonly (readonly [string, Observed<number>])[] = [
  ["stale", seen(lockHeartbeatMs)],
  ["fresh", seen(lockHeartbeatMs - 1)],
  ["future", seen(-1)],
  ["no number", seen(Number.NaN)],
  ["unseen", unseen("EIO")],
];

const rows = locals.flatMap(([fs, local]) =>
  pids.flatMap(([pid, pidIsDead]) =>
    beats.flatMap(([beat, heartbeatAgeMs]) =>
      [true, false].map((on) => {
        const proven = fs === "local" && pid === "dead" && beat === "stale";
        const maybeAlive = fs !== "local" || beat === "fresh";
        const wanted: HostLockVerdict["kind"] = proven ? (on ? "heal" : "off") : maybeAlive ? "stays" : "doubt";
        return { fs, local, pid, pidIsDead, beat, heartbeatAgeMs, on, wanted };
      }),
    ),
  ),
);

test.each(rows)(
  "$fs file system, $pid pid, $beat heartbeat, healing $on: $wanted",
  ({ local, pidIsDead, heartbeatAgeMs, on, wanted, fs }) => {
    let probes = 0;
    const probe = (): Observed<boolean> => {
      probes += 1;
      return pidIsDead;
    };
    const observation = { host: "old-name", ownHost: "new-name", local, heartbeatAgeMs, pidIsDead: probe };
    expect(judgeHostLock(observation, on).kind).toBe(wanted);
    expect(probes).toBeLessThanOrEqual(fs === "local" ? 1 : 0);
  },
);

test("a lock of this very host is judged like any other entry", () => {
  const observation = { host: "h", ownHost: "h", local: seen(true), heartbeatAgeMs: seen(1e9), pidIsDead: () => seen(true) };
  expect(judgeHostLock(observation, true).kind).toBe("own");
});

const foreign = { ...alive, verdict: "undecided", reason: "foreign-host" } as const;
const lock = { key: "a.lock", pid: 4711, host: "old-name" };
const stale: Described = { pids: { 4711: gone }, policy: { healRenamedHost: true }, registry: { modifiedAt: seen(now - 6 * minute) } };

const candidateWith = (claim: Described["claim"] = {}) =>
  onlyCandidate(renamedHost.candidates([registryOf({ hostLocks: true }, { claim: { ...lock, ...claim }, judgement: foreign })]));

test("a lock that only this machine can have left is taken over, after its pid was looked at", () => {
  const candidate = candidateWith();
  const observation = observationOf(candidate, stale);
  expect(renamedHost.asks(candidate, observation)).toEqual({ sessions: [], pids: [4711] });
  const revised = renamedHost.revise(candidate, observation);
  expect(revisedOf(revised)).toBe("ghost renamed-host certain, take-over");
  expect(revised?.noted).toEqual({ hostLock: "heal" });
});

test("only locks that the ladder kept for their host are candidates", () => {
  const live = { claim: lock, judgement: alive };
  const kept = { claim: lock, judgement: foreign };
  expect(renamedHost.candidates([registryOf({ hostLocks: true }, live), registryOf({}, kept)]).candidates).toEqual([]);
});

const { why: dark } = blind;
const inContainer = { innerPids: seen(new Map([[4711, [{ pid: 9, startTicks: "1", ownTime: true, agent: false }]]])) };

const stays = "undecided foreign-host, no change";

test.each<[string, Described, Described["claim"], string, string, string]>([
  ["the switch is off", { ...stale, policy: {} }, {}, "undecided renamed-host, no change", "off", "healRenamedHost is off"],
  ["its pid is alive", { ...stale, pids: { 4711: there() } }, {}, stays, "doubt", "but its pid is alive here"],
  [
    "a container counts a process under its pid",
    { ...stale, table: inContainer },
    {},
    stays,
    "doubt",
    "pid 9 here is pid 4711 of a container",
  ],
  ["containers were not looked into", { ...stale, table: { innerPids: blind } }, {}, stays, "doubt", `container's cannot be seen: ${dark}`],
  ["processes could not be looked at", { ...stale, processes: blind }, {}, stays, "doubt", `its pid could not be looked at: ${dark}`],
  ["it records no pid", stale, { pid: undefined }, stays, "doubt", "its pid could not be looked at: it records no pid"],
  [
    "containers were not looked into for the pid of an earlier boot",
    { ...stale, table: { innerPids: blind } },
    { bootId: earlierBoot, registeredAt: now - 50 * day },
    stays,
    "doubt",
    `container's cannot be seen: ${dark}`,
  ],
  ["its pid was not asked for", { ...stale, pids: {} }, {}, stays, "doubt", "its pid could not be looked at: pid 4711"],
  ["the clock was stepped", { ...stale, memory: { clockStepped: true } }, {}, stays, "doubt", "the clock was stepped since"],
  ["the clock could not be read", { ...stale, clock: { wallMs: blind } }, {}, stays, "doubt", `its heartbeat could not be read: ${dark}`],
  [
    "its file's time is unknown",
    { ...stale, registry: { modifiedAt: blind } },
    {},
    stays,
    "doubt",
    `its heartbeat could not be read: ${dark}`,
  ],
  ["a member says that it beat", stale, { lastHeartbeatAt: now - minute }, stays, "stays", "it beat 1m ago"],
  ["it beats this very moment", stale, { lastHeartbeatAt: now }, stays, "stays", "it beat 0s ago"],
])("a lock stays where %s", (_, world, claim, wanted, hostLock, why) => {
  const candidate = candidateWith(claim);
  const revised = renamedHost.revise(candidate, observationOf(candidate, world));
  expect(revisedOf(revised)).toBe(wanted);
  expect(revised?.noted).toEqual({ hostLock });
  expect(revised?.detail).toContain(why);
});

test.each([
  ["on another machine's file system", stale, seen({ local: false, name: "type 0x6969" })],
  ["on one that cannot be told", stale, unseen("EIO")],
  ["with a fresh heartbeat", { ...stale, registry: { modifiedAt: seen(now) } }, localDisk],
])("the pid of a lock %s is not asked for", (_, world, fileSystem) => {
  const candidate = candidateWith();
  expect(renamedHost.asks(candidate, observationOf(candidate, world, fileSystem)).pids).toEqual([]);
});

test.each([["venus"], [undefined]])("the verdict of a lock that names host %s stands", (host) => {
  const candidate = candidateWith({ host });
  expect(revisedOf(renamedHost.revise(candidate, observationOf(candidate, stale)))).toBe("the verdict stands");
});
