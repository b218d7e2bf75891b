import { describe, expect, test } from "vitest";
import { seen, unseen, type Observed, type ProcessTable } from "../../../src/core/evidence.ts";
import type { Judgement } from "../../../src/core/ladder.ts";
import { findMismatches, mismatchMessage, sessionMismatch, type MismatchRow } from "../../../src/core/revisions/session-mismatch.ts";
import { nothingClaimed, type Registration } from "../../../src/core/registration.ts";
import type { Candidate, JudgedRegistry } from "../../../src/core/revisions/revision.ts";
import { gone, now, shows, there, type Described } from "../scene.ts";
import { observationOf, onlyCandidate, registryOf, revisedOf } from "./rows.ts";

const mine = "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e01";
const other = "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e02";

const alive: Judgement = {
  verdict: "live",
  rung: "attached-process",
  reason: "pid-alive",
  detail: "pid 77 is alive",
  certain: false,
  ageMs: 1,
};
const ghost: Judgement = { ...alive, verdict: "ghost", reason: "pid-reused" };
const young: Judgement = { ...alive, verdict: "undecided", rung: "grace", reason: "within-grace" };

const claude = (claim: Partial<Registration>, judgement = alive): MismatchRow => ({
  claim: { ...nothingClaimed, key: "77.json", pid: 77, startTicks: "500", sessionId: mine, ...claim },
  judgement,
  authoritative: true,
  where: "/home/dev/.claude/sessions/77.json",
});
const row = (claim: Partial<Registration>, judgement = alive): MismatchRow => ({
  claim: { ...nothingClaimed, key: "gardener", pid: 77, startTicks: "500", sessionId: other, ...claim },
  judgement,
  authoritative: false,
  where: "/home/dev/agents.json",
});

function tableWith(startTicks: Observed<string>): Observed<ProcessTable> {
  return seen({
    complete: seen(true),
    pids: new Map([
      [77, seen({ kind: "there" as const, state: seen("S"), startTicks, ownTime: true, kernelThread: false, names: seen(["claude"]) })],
    ]),
    agents: [],
    appServers: [],
    innerPids: seen(new Map()),
    ancestors: new Set<number>(),
  });
}

const running = tableWith(seen("500"));
const unseenPid: Observed<ProcessTable> = running.seen ? seen({ ...running.value, pids: new Map([[77, unseen("EACCES")]]) }) : running;
const claim78 = claude({ pid: 78 });

test("a row that names another session for a process that an authoritative registry knows is a phantom, with both ids", () => {
  const mismatched = row({});
  const found = findMismatches([claude({}), mismatched], running).get(mismatched);
  expect(found).toEqual({ sessionId: mine, where: "/home/dev/.claude/sessions/77.json" });
  const said = mismatchMessage(mismatched, found ?? { sessionId: "", where: "" });
  expect(said).toContain(mine);
  expect(said).toContain(other);
});

test("a claude that has just been active, and so is within its grace, still knows its session", () => {
  expect(findMismatches([claude({}, young), row({})], running).size).toBe(1);
});

test.each<[string, readonly MismatchRow[], Observed<ProcessTable>]>([
  ["the same session", [claude({}), row({ sessionId: mine })], running],
  ["the same session in another spelling", [claude({}), row({ sessionId: mine.toUpperCase().replaceAll("-", "") })], running],
  ["another process of the same pid", [claude({}), row({ startTicks: "400" })], running],
  ["a row that does not say since when its process runs", [claude({}), row({ startTicks: undefined })], running],
  ["a claude that has no session id", [claude({ sessionId: undefined }), row({})], running],
  ["a claude whose pid another process has now", [claude({ startTicks: "400" }), row({ startTicks: "400" })], running],
  ["a row that is a ghost anyway", [claude({}), row({}, ghost)], running],
  ["two rows of which neither is authoritative", [row({ sessionId: mine }), row({})], running],
  ["two authoritative rows", [claude({}), claude({ sessionId: other })], running],
  ["a process whose start could not be read", [claude({}), row({})], tableWith(unseen("hidden"))],
  ["a row of a pid that was not asked for", [claim78, row({ pid: 78 })], running],
  ["a process that could not be looked at", [claude({}), row({})], unseenPid],
  ["processes that nobody looked at", [claude({}), row({})], unseen("blind")],
])("%s is no phantom", (_, rows, table) => {
  expect(findMismatches(rows, table).size).toBe(0);
});

const known = { key: "77.json", pid: 77, startTicks: "500", sessionId: mine };
const mismatched = { ...known, key: "gardener", sessionId: other };
const own = registryOf({ authoritative: true }, { claim: known, where: "77.json" });

test("a row of the same process is a candidate beside the row that its holder wrote, and asks nothing", () => {
  const candidate = onlyCandidate(sessionMismatch.candidates([registryOf({}, { claim: mismatched }), own]));
  expect([candidate.row.claim.key, candidate.other?.claim.key]).toEqual(["gardener", "77.json"]);
  const observation = observationOf(candidate, { pids: { 77: there("500") } });
  expect(sessionMismatch.asks(candidate, observation)).toEqual({ sessions: [], pids: [] });
  const revised = sessionMismatch.revise(candidate, observation);
  expect(revisedOf(revised)).toBe("live pid-alive, no change");
  expect(revised?.noted).toEqual({ phantomOf: mine });
  expect(revised?.detail).toBe(`a phantom: it says session ${other}, 77.json says ${mine} of the same process`);
  expect(revised?.judgement.detail).toBe(`pid 4711 is alive; ${revised?.detail as string}`);
});

test("when the process has ended, the verdict stands", () => {
  const candidate = onlyCandidate(sessionMismatch.candidates([own, registryOf({}, { claim: mismatched })]));
  expect(revisedOf(sessionMismatch.revise(candidate, observationOf(candidate, { pids: { 77: gone } })))).toBe("the verdict stands");
});

test.each<[string, Partial<Registration>, Partial<Registration>]>([
  ["of another process", {}, { startTicks: "501" }],
  ["without a start token", { startTicks: undefined }, { startTicks: undefined }],
  ["without a pid", { pid: undefined }, { pid: undefined }],
  ["beside one that names no session", { sessionId: undefined }, {}],
])("a row %s is no candidate", (_, authority, claim) => {
  const registries = [
    registryOf({ authoritative: true }, { claim: { ...known, ...authority } }),
    registryOf({}, { claim: { ...mismatched, ...claim } }),
  ];
  expect(sessionMismatch.candidates(registries).candidates).toEqual([]);
});

describe("a file that records the pid and no start", () => {
  const marker = { key: "active-session-77", pid: 77, startTicks: undefined, sessionId: other };
  const bootMs = 60_000;
  const startedMs = now - bootMs + 500 * 10;
  const clock = { wallMs: seen(now), bootMs: seen(bootMs) };
  const world = { pids: { 77: there("500") }, clock };
  const markers = (writtenMs: number | undefined, judgement = alive) =>
    registryOf({}, { claim: marker, where: "active-session-77", writtenMs, judgement });
  const revised = (candidate: Candidate, described: Described = world): string | undefined =>
    sessionMismatch.revise(candidate, observationOf(candidate, described))?.noted.phantomOf;

  test.each<[string, string | undefined, JudgedRegistry, Described]>([
    ["was written while that process ran", mine, markers(startedMs), world],
    ["was written before it started", undefined, markers(startedMs - 1), world],
    ["is a ghost anyway", undefined, markers(startedMs, ghost), world],
    ["was written by a clock that was stepped since", undefined, markers(startedMs), { ...world, memory: { clockStepped: true } }],
    [
      "was written while the clock could not be read",
      undefined,
      markers(startedMs),
      { ...world, clock: { ...clock, wallMs: unseen("no clock") } },
    ],
    [
      "is of a process whose start another clock counts",
      undefined,
      markers(now),
      { ...world, pids: { 77: shows({ startTicks: seen("500"), ownTime: false }) } },
    ],
    ["has the pid of a later process", undefined, markers(now), { ...world, pids: { 77: there("501") } }],
    ["is of a process that has ended", undefined, markers(startedMs), { ...world, pids: { 77: gone } }],
    ["was written while nobody looked", undefined, markers(startedMs), { ...world, processes: unseen("blind") }],
  ])("and %s is a phantom of %s", (_, of, registry, described) => {
    expect(revised(onlyCandidate(sessionMismatch.candidates([own, registry])), described)).toBe(of);
  });

  test("nor a time of its own file means no process", () => {
    expect(sessionMismatch.candidates([own, markers(undefined)]).candidates).toEqual([]);
  });

  const table = registryOf({ recordsPids: false }, { claim: { key: "1", sessionId: other } });

  test.each<[string, JudgedRegistry]>([
    ["by the file of its process", markers(startedMs)],
    ["by a row that records its process", registryOf({}, { claim: mismatched })],
  ])("a row of its session that records no process is one, too, %s", (_, registry) => {
    const { candidates } = sessionMismatch.candidates([own, table, registry]);
    expect(candidates.map(({ row: one, through }) => [one.claim.key, through?.claim.key])).toContainEqual([
      "1",
      registry.rows()[Symbol.iterator]().next().value?.claim.key,
    ]);
    expect(candidates.map((one) => revised(one))).toEqual([mine, mine]);
  });

  test.each<[string, readonly JudgedRegistry[]]>([
    [
      "whose session another process says of itself",
      [registryOf({ authoritative: true }, { claim: known }, { claim: { ...known, pid: 78, sessionId: other } })],
    ],
    ["of another session", [own, registryOf({ recordsPids: false }, { claim: { key: "1", sessionId: "third" } })]],
    [
      "of a holder's own registry",
      [own, registryOf({ recordsPids: false, authoritative: true }, { claim: { key: "1", sessionId: other } })],
    ],
  ])("a row %s is none", (_, registries) => {
    const more = registries.length === 1 ? [table] : [];
    const { candidates } = sessionMismatch.candidates([...registries, ...more, markers(startedMs)]);
    expect(candidates.filter(({ row: one }) => one.claim.key === "1")).toEqual([]);
  });

  test("a row without a process stays untold where the file of it is an older process's", () => {
    const { candidates } = sessionMismatch.candidates([own, table, markers(startedMs - 1)]);
    expect(candidates.map((one) => revised(one))).toEqual([undefined, undefined]);
  });
});
