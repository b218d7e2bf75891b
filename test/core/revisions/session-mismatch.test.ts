import { expect, test } from "vitest";
import { seen, unseen, type Observed, type ProcessTable } from "../../../src/core/evidence.ts";
import type { Judgement } from "../../../src/core/ladder.ts";
import { findMismatches, mismatchMessage, sessionMismatch, type MismatchRow } from "../../../src/core/revisions/session-mismatch.ts";
import { nothingClaimed, type Registration } from "../../../src/core/registration.ts";
import { gone, there } from "../scene.ts";
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
