import { expect, test } from "vitest";
import { seen } from "../../../../src/core/evidence.ts";
import { firstSightNow, needsFirstSight, sightWorth, startedAfterSight } from "../../../../src/core/identity/first-sight.ts";
import { nothingClaimed, type Registration } from "../../../../src/core/registration.ts";
import { blind, day, earlierBoot, minute, now, sceneOf, shows, sighted, there, thisBoot, verdictOf, type Described } from "../../scene.ts";

const pid = 4242;
const file = { oneFile: true, modifiedAt: seen(now - 30 * day), holderNames: ["codex"] } as const;
const first = { memory: { firstSight: sighted } } as const;
/** The sweep that saw it first stood at tick 200. */
const at = (ticks: string, names: readonly string[] = ["sh"]) => ({ [pid]: there(ticks, names) });
const [later, earlier, holder] = [at("201"), at("199"), at("201", ["codex"])];
const reused = "ghost attached-process pid-reused certain";
const absent = "ghost attached-process pid-reused";
const [unproven, alive] = ["undecided attached-process pid-unproven", "live attached-process pid-alive"];
const noTimes = { registeredAt: undefined } as const;

const files: readonly (readonly [string, Described, string])[] = [
  ["started after it", { ...first, claim: { pid }, registry: file, pids: later }, reused],
  ["started after it, under a holder's name", { ...first, claim: { pid }, registry: file, pids: holder }, reused],
  ["started before it", { ...first, claim: { pid }, registry: file, pids: earlier }, unproven],
  ["started before it, under a holder's name", { ...first, claim: { pid }, registry: file, pids: at("199", ["codex"]) }, alive],
  ["started in the very tick", { ...first, claim: { pid }, registry: file, pids: at("200") }, unproven],
  ["started after it, and the entry states no time", { ...first, claim: { pid, ...noTimes }, registry: file, pids: later }, reused],
  ["started after it, and no sight is remembered", { claim: { pid }, registry: file, pids: later }, unproven],
  [
    "is an ancestor of this sweep",
    { ...first, claim: { pid: 900 }, registry: file, pids: { 900: there("201") } },
    "live attached-process own-ancestor",
  ],
  [
    "counts its start by another clock",
    { ...first, claim: { pid }, registry: file, pids: { [pid]: shows({ startTicks: seen("201"), ownTime: false, names: seen(["sh"]) }) } },
    unproven,
  ],
  [
    "started at a time that could not be read",
    { ...first, claim: { pid }, registry: file, pids: { [pid]: shows({ startTicks: blind, names: seen(["sh"]) }) } },
    unproven,
  ],
  [
    "started after it, and our boot id could not be read",
    { ...first, claim: { pid }, registry: file, here: { bootId: blind }, pids: later },
    unproven,
  ],
  [
    "started after a sweep of another time namespace saw it",
    { ...first, claim: { pid }, registry: file, here: { timeNamespace: seen("time:[4026532200]") }, pids: later },
    unproven,
  ],
  [
    "started after it, and our time namespace could not be read",
    { ...first, claim: { pid }, registry: file, here: { timeNamespace: blind }, pids: later },
    unproven,
  ],
  [
    "started after it, and the wall clock was stepped meanwhile",
    { memory: { firstSight: sighted, clockStepped: true, seenForMs: day }, claim: { pid }, registry: file, pids: later },
    reused,
  ],
  [
    "started after it, in an entry that records a start token of another unit",
    { ...first, claim: { pid, startTicks: "1763650000" }, registry: { ...file, startTokensProven: false }, pids: later },
    reused,
  ],
  [
    "has the start token that the entry records",
    { ...first, claim: { pid, startTicks: "201" }, registry: { ...file, startTokensProven: false }, pids: later },
    alive,
  ],
  [
    "started after it, beside entries of other hosts",
    { ...first, claim: { pid }, registry: { ...file, besideForeign: true }, pids: later },
    "undecided attached-process foreign-pid-namespace",
  ],
  [
    "started after it, on this host by its name without a domain",
    { ...first, claim: { pid, host: "venus.example.org" }, registry: file, pids: later },
    absent,
  ],
];

test.each(files)("a file of its own that a sweep saw, and the process %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

const machineId = "0123456789abcdef0123456789abcdef";
const before = {
  memory: { firstSight: { ...sighted, machine: `venus\0${machineId}`, bootId: earlierBoot, bootMs: 900 * day } },
  here: { machineId: seen(machineId) },
} as const;

const boots: readonly (readonly [string, Described, string])[] = [
  ["of this machine", { ...before, claim: { pid }, registry: file, pids: earlier }, reused],
  ["of this machine, under a holder's name", { ...before, claim: { pid }, registry: file, pids: holder }, reused],
  [
    "of this machine, in another spelling of its boot id",
    {
      memory: { firstSight: { ...sighted, bootId: thisBoot.replaceAll("-", "").toUpperCase() } },
      claim: { pid },
      registry: file,
      pids: earlier,
    },
    unproven,
  ],
  [
    "of another machine that shares the home",
    { ...before, claim: { pid }, registry: file, here: { ...before.here, hostname: "mars" }, pids: earlier },
    unproven,
  ],
  [
    "of another machine of our name",
    { ...before, claim: { pid }, registry: file, here: { machineId: seen("fedcba9876543210fedcba9876543210") }, pids: earlier },
    unproven,
  ],
  [
    "and our boot id could not be read",
    { ...before, claim: { pid }, registry: file, here: { ...before.here, bootId: blind }, pids: earlier },
    unproven,
  ],
  [
    "and our machine's id could not be read",
    { ...before, claim: { pid }, registry: file, here: { machineId: blind }, pids: earlier },
    unproven,
  ],
  [
    "of a machine whose id could not be read",
    { ...before, memory: { firstSight: { ...sighted, bootId: earlierBoot } }, claim: { pid }, registry: file, pids: earlier },
    unproven,
  ],
];

test.each(boots)("a file of its own that a sweep saw in an earlier boot %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

const named = { holderNames: ["codex"] } as const;
const bootId = thisBoot;

const members: readonly (readonly [string, Described, string])[] = [
  ["with its boot id", { ...first, claim: { pid, bootId }, registry: named, pids: later }, reused],
  ["with its boot id, under a holder's name", { ...first, claim: { pid, bootId }, registry: named, pids: holder }, reused],
  [
    "with a start token of no known unit",
    { ...first, claim: { pid, startTicks: "5" }, registry: { ...named, startTokensProven: false }, pids: later },
    reused,
  ],
  ["with times alone", { ...first, claim: { pid }, registry: named, pids: later }, absent],
  ["with times alone, under a holder's name", { ...first, claim: { pid }, registry: named, pids: holder }, alive],
  ["with times alone, where no holder is named", { ...first, claim: { pid }, pids: holder }, absent],
  [
    "with times alone, and what the process is called could not be read",
    { ...first, claim: { pid }, registry: named, pids: { [pid]: shows({ startTicks: seen("201"), names: blind }) } },
    alive,
  ],
  [
    "with times alone, and a heart that beats",
    { ...first, claim: { pid, lastHeartbeatAt: now - minute }, registry: named, pids: later },
    "undecided attached-process heartbeat-fresh",
  ],
  ["without times", { ...first, claim: { pid, ...noTimes }, registry: named, pids: later }, unproven],
  ["without times, where no holder is named", { ...first, claim: { pid, ...noTimes }, pids: later }, alive],
];

test.each(members)("a member %s that a sweep saw before the process started", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

const inContainer = (startTicks: string): Described => ({
  ...first,
  claim: { pid },
  pids: { [pid]: seen({ kind: "gone" }) },
  table: { innerPids: seen(new Map([[pid, [{ pid: 77, startTicks, ownTime: true, agent: true }]]])) },
});

test("a container's process that started after the sight is not the holder either, and one from before may be", () => {
  const of = (startTicks: string) => verdictOf(sceneOf({ ...inContainer(startTicks), registry: file }));
  expect([of("201"), of("199")]).toEqual(["ghost attached-process pid-gone certain", "live attached-process inner-pid-alive"]);
  expect(verdictOf(sceneOf(inContainer("201")))).toBe("live attached-process inner-pid-alive");
  const recorded = { claim: { pid, startTicks: "201" }, registry: { ...file, startTokensProven: false } };
  expect(verdictOf(sceneOf({ ...inContainer("201"), ...recorded }))).toBe("live attached-process inner-pid-alive");
});

const registry = (more: Partial<Described["registry"]> = {}) => sceneOf({ registry: more }).registry;
const claim = (more: Partial<Registration>): Registration => ({ ...nothingClaimed, pid, ...more });

test.each<readonly [string, Partial<Registration>, Partial<Described["registry"]>, boolean]>([
  ["a file that records a pid alone", {}, { oneFile: true }, true],
  ["a file that records a start token", { startTicks: "5" }, { oneFile: true }, false],
  ["a file with a start token that is not known to be ticks", { startTicks: "5" }, { oneFile: true, startTokensProven: false }, true],
  ["a file that records no pid", { pid: undefined }, { oneFile: true }, false],
  ["a member with a time", { registeredAt: now }, {}, true],
  ["a member with a boot id", { bootId }, {}, true],
  ["a member with a boot id, a start token and no time", { bootId, startTicks: "5" }, {}, true],
  ["a member with a boot id, a start token and a time", { bootId, startTicks: "5", registeredAt: now }, {}, false],
  ["a member with a pid alone", {}, {}, false],
])("%s: is it remembered when it was first seen?", (_, recorded, facts, expected) => {
  expect(needsFirstSight(claim(recorded), registry(facts))).toBe(expected);
});

test("what a sight is worth is told by what the entry records", () => {
  const worth = (recorded: Partial<Registration>, oneFile = false) => sightWorth(claim(recorded), registry({ oneFile }));
  expect(worth({}, true)).toBe("proof");
  expect([worth({ startTicks: "5" }), worth({ bootId })]).toEqual(["proof", "proof"]);
  expect([worth({ registeredAt: 5 }), worth({ lastActivityAt: 5 }), worth({ lastHeartbeatAt: 5 })]).toEqual([
    "absence",
    "absence",
    "absence",
  ]);
  expect(worth({ host: "venus" })).toBe("nothing");
});

test("no sight is remembered where the boot, its clock or its time namespace cannot be told", () => {
  const { here, clock } = sceneOf({}).evidence;
  expect(firstSightNow("digest", here, { ...clock, bootMs: seen(2000) })).toEqual(sighted);
  expect(firstSightNow("digest", here, { ...clock, bootMs: blind })).toBeUndefined();
  expect(firstSightNow("digest", { ...here, bootId: blind }, clock)).toBeUndefined();
  expect(firstSightNow("digest", { ...here, timeNamespace: blind }, clock)).toBeUndefined();
  const { timeNamespace: _, ...untold } = here;
  expect(firstSightNow("digest", untold, clock)).toBeUndefined();
});

test("no process is known to have started after a sight where no time namespace is told", () => {
  const scene = sceneOf({ ...first, claim: { pid }, registry: file, pids: later });
  const { timeNamespace: _, ...untold } = scene.evidence.here;
  expect(startedAfterSight(scene, "201", true)).toBe(true);
  expect(startedAfterSight({ ...scene, evidence: { ...scene.evidence, here: untold } }, "201", true)).toBe(false);
});
