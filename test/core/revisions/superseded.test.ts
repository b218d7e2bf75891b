import { array, assert as assertProperty, boolean, constantFrom, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { nothingClaimed } from "../../../src/core/registration.ts";
import type { JudgedRegistry } from "../../../src/core/revisions/revision.ts";
import { reRegistrationMs, sameProcess, superseded, supersededRows, type StartRow } from "../../../src/core/revisions/superseded.ts";
import { agent, answered, blind, configured, earlierBoot, server, there, thisBoot, type Described } from "../scene.ts";
import { alive, observationOf, onlyCandidate, registryOf, revisedOf, type DescribedRow } from "./rows.ts";

const minute = 60_000;

function row(key: string, more: Partial<StartRow> = {}): StartRow {
  return {
    key,
    identity: "auditor",
    sessionId: `session-${key}`,
    pid: 4711,
    startTicks: "100",
    bootId: "boot",
    subprocessId: undefined,
    registeredAt: 0,
    releasedAt: undefined,
    releaseReason: undefined,
    automatic: false,
    ...more,
  };
}

const released = (...rows: readonly StartRow[]) => supersededRows(rows).releases.map(({ key, by, reason }) => `${key} by ${by}: ${reason}`);

test("a new session of the same process supersedes its old one", () => {
  expect(released(row("a"), row("b", { registeredAt: minute }))).toEqual(["a by b: superseded_by_new_start"]);
});

/** The rule in its plain words, each row held against every other one. */
function plainly(rows: readonly StartRow[]): readonly string[] {
  const comesUponRelease = ({ registeredAt = Number.NaN }: StartRow): boolean =>
    rows.some(({ releasedAt = Number.NaN }) => registeredAt >= releasedAt && registeredAt - releasedAt <= reRegistrationMs);
  const isFresh = (one: StartRow): boolean => !one.automatic && one.releasedAt === undefined && !comesUponRelease(one);
  return rows
    .filter(
      (older) =>
        older.releasedAt === undefined &&
        rows.some(
          (newer) =>
            isFresh(newer) &&
            newer.sessionId !== older.sessionId &&
            (newer.registeredAt ?? Number.NaN) > (older.registeredAt ?? Number.NaN) &&
            sameProcess(newer, older),
        ),
    )
    .map(({ key }) => key);
}

test("what is superseded is what the rule says, row against row", () => {
  const drawn = record({
    session: integer({ min: 0, max: 2 }),
    pid: constantFrom(undefined, 1, 2),
    startTicks: constantFrom(undefined, "100", "101"),
    bootId: constantFrom(undefined, thisBoot, earlierBoot),
    subprocessId: constantFrom(undefined, undefined, "7", "8"),
    registeredAt: constantFrom(undefined, 0, 1, 4, 40, 41),
    releasedAt: constantFrom(undefined, undefined, undefined, 3, 39, Number.NaN),
    automatic: boolean(),
  });
  assertProperty(
    property(array(drawn, { maxLength: 8 }), (all) => {
      const rows = all.map(({ session, registeredAt, releasedAt, ...more }, nth) =>
        row(`${nth}`, {
          ...more,
          sessionId: `session-${session}`,
          registeredAt: registeredAt && registeredAt * minute,
          releasedAt: releasedAt && releasedAt * minute,
        }),
      );
      const { releases, flapping } = supersededRows(rows);
      expect(releases.map(({ key }) => key)).toEqual(flapping.size > 0 ? [] : plainly(rows));
    }),
    { numRuns: 2_000 },
  );
});

test("forty thousand rows of one identity are gone through once", () => {
  const many = Array.from({ length: 40_000 }, (_, nth) => row(`${nth}`, { registeredAt: nth * minute }));
  expect(supersededRows(many).releases).toHaveLength(many.length - 1);
  const unowned = many.map((one) => ({
    ...one,
    pid: undefined,
    releasedAt: one.registeredAt,
    registeredAt: (one.registeredAt ?? 0) + minute,
  }));
  expect(supersededRows(unowned).releases).toEqual([]);
});

test("a stable subprocess id stands for the process", () => {
  const old = row("a", { subprocessId: "s", pid: undefined, startTicks: undefined });
  expect(released(old, { ...old, key: "b", sessionId: "new", registeredAt: minute })).toEqual(["a by b: superseded_by_new_start"]);
});

const subprocess = { subprocessId: "7", bootId: thisBoot } as const;

test.each([
  ["another pid", { pid: 4712 }],
  ["another start", { startTicks: "101" }],
  ["another boot", { bootId: earlierBoot }],
])("a subprocess id that a row with %s bears, too, stands for no process", (_, more) => {
  expect(released(row("a", subprocess), row("b", { ...subprocess, registeredAt: minute, ...more }))).toEqual([]);
});

test.each([
  ["pid", { pid: undefined }],
  ["start", { startTicks: undefined }],
])("a subprocess id stands for the process of which one row has no %s", (_, more) => {
  expect(released(row("a", { ...subprocess, ...more }), row("b", { ...subprocess, registeredAt: minute }))).toHaveLength(1);
  expect(released(row("a", subprocess), row("b", { ...subprocess, registeredAt: minute, ...more }))).toHaveLength(1);
});

test("a subprocess id stands for the process whose boot is spelled in another way", () => {
  const newer = row("b", { ...subprocess, bootId: thisBoot.toUpperCase(), registeredAt: minute });
  expect(released(row("a", subprocess), newer)).toEqual(["a by b: superseded_by_new_start"]);
});

test.each([
  ["another process", { pid: 4712 }],
  ["the same pid, started at another time", { startTicks: "101" }],
  ["the same pid and ticks in another boot", { bootId: "other" }],
  ["a process whose start nobody recorded", { startTicks: undefined }],
  ["another subprocess", { subprocessId: "t" }],
  ["another identity", { identity: "builder" }],
  ["an automatic re-registration", { automatic: true }],
  ["a row that was released itself", { releasedAt: 2 * minute }],
  ["a row that was released at a time that cannot be read", { releasedAt: Number.NaN }],
  ["the same session, registered again", { sessionId: "session-a" }],
  ["a row that nobody can date", { registeredAt: undefined }],
  ["a row of the same moment", { registeredAt: 0 }],
])("%s supersedes nothing", (_name, more) => {
  expect(released(row("a"), row("b", { registeredAt: minute, ...more }))).toEqual([]);
});

test("nothing of a flapping identity is superseded, and the loop is told", () => {
  const loop = [0, 1, 2, 3].map((index) => row(`f${index}`, { registeredAt: index * 5000 }));
  const { releases, flapping } = supersededRows([
    ...loop,
    row("x", { identity: "calm" }),
    row("y", { identity: "calm", registeredAt: minute }),
  ]);
  expect(releases.map(({ key }) => key)).toEqual(["x"]);
  expect(flapping.get("auditor")).toEqual({ ids: 4, spanMs: 15_000 });
});

const gone = (key: string, releasedAt: number, releaseReason = "superseded_by_new_start") => row(key, { releasedAt, releaseReason });

test.each([
  ["right after a release of its identity", 0, []],
  ["five minutes after it", 5 * minute, []],
  ["later", 5 * minute + 1, ["a by b: superseded_by_new_start"]],
  ["before it", -1, ["a by b: superseded_by_new_start"]],
])("a row that came %s supersedes what a fresh start would", (_when, after, wanted) => {
  const at = 60 * minute;
  expect(released(row("a"), row("b", { registeredAt: at + after }), gone("c", at, "stale_heartbeat"))).toEqual(wanted);
});

test("three answers to releases of ours are a loop, however far apart, and answers to others' are none", () => {
  const answers = (reason: string) =>
    [1, 2, 3].flatMap((hour) => [
      gone(`released-${hour}`, hour * 60 * minute, reason),
      row(`answer-${hour}`, { registeredAt: hour * 60 * minute + 5000 }),
    ]);
  expect(supersededRows(answers("superseded_by_new_start")).flapping.get("auditor")).toEqual({ ids: 3, spanMs: 120 * minute });
  expect(supersededRows(answers("stale_heartbeat")).flapping.size).toBe(0);
});

const wide = { ...nothingClaimed, identity: "auditor", pid: 4711, startTicks: "100" };
const older = { ...wide, key: "old", sessionId: "old-session", registeredAt: 0 };
const newer = { ...wide, key: "new", sessionId: "new-session", registeredAt: minute };
const running = { pids: { 4711: there("100") } } satisfies Described;

const found = (old: Partial<DescribedRow> = {}, traits: Partial<JudgedRegistry> = {}) =>
  superseded.candidates([registryOf({ keepsReleased: true, ...traits }, { claim: older, ...old }, { claim: newer })]);

test("a row that a newer start superseded is asked of the servers, and stamped", () => {
  const candidate = onlyCandidate(found());
  const observation = observationOf(candidate, running);
  expect([candidate.row.claim.key, candidate.other?.claim.key]).toEqual(["old", "new"]);
  expect(superseded.asks(candidate, observation)).toEqual({ sessions: ["old-session"], pids: [] });
  const revised = superseded.revise(candidate, observation);
  expect(revisedOf(revised)).toBe("ghost superseded-by-new-start certain, stamp");
  expect(revised?.detail).toBe("the same process has started another session since, registered as new");
});

test.each<[string, Partial<DescribedRow>, Partial<JudgedRegistry>]>([
  ["whose registry keeps nothing that it released", {}, { keepsReleased: false }],
  ["within its grace", { judgement: { ...alive, rung: "grace", reason: "within-grace" } }, {}],
  ["that is a ghost anyway", { judgement: { ...alive, verdict: "ghost", reason: "pid-gone" } }, {}],
  ["that an operator put back", { judgement: { ...alive, rung: undefined, reason: "restored" } }, {}],
  ["whose body is torn", { torn: true }, {}],
  ["that names no session", { claim: { ...older, sessionId: undefined } }, {}],
])("a row %s is no candidate", (_, old, traits) => {
  expect(found(old, traits).candidates).toEqual([]);
});

const asked = { appServers: configured };

test.each<[string, Described]>([
  ["a CLI has resumed it elsewhere", { ...running, table: { agents: [agent(["codex", "resume", "old-session"])] } }],
  ["what processes carry could not be looked at", { ...running, mentions: blind }],
  ["an app server has the thread loaded", { ...running, registry: asked, appServers: { [server]: answered(["old-session"]) } }],
  ["an app server does not answer", { ...running, registry: asked, appServers: { [server]: { kind: "unanswered", why: "late" } } }],
  ["processes could not be looked at", { processes: blind }],
])("a superseded row stays where %s", (_, world) => {
  const candidate = onlyCandidate(found());
  expect(revisedOf(superseded.revise(candidate, observationOf(candidate, world)))).toBe("the verdict stands");
});

test("where processes could not be looked at no server is asked", () => {
  const candidate = onlyCandidate(found());
  expect(superseded.asks(candidate, observationOf(candidate, { processes: blind })).sessions).toEqual([]);
});

test("a row that was registered again by itself supersedes none", () => {
  const again = { claim: { ...newer, automatic: true } };
  expect(superseded.candidates([registryOf({ keepsReleased: true }, { claim: older }, again)]).candidates).toEqual([]);
});

test("a flapping identity is told with its registry, and none of its rows is a candidate", () => {
  const claims = [0, 5, 10, 15].map((seconds) => ({ ...wide, key: `${seconds}`, sessionId: `s${seconds}`, registeredAt: seconds * 1000 }));
  const { candidates, flapping } = superseded.candidates([registryOf({ keepsReleased: true }, ...claims.map((claim) => ({ claim })))]);
  expect(candidates).toEqual([]);
  expect(flapping).toEqual([{ registry: "/home/dev/agents.json", identity: "auditor", ids: 4, spanMs: 15_000 }]);
});

test.each([
  ["its subprocess", { subprocessId: "s", pid: undefined }],
  ["its pid, start and boot", {}],
])("rows without a name stand for %s", (_, own) => {
  const nameless = (claim: object) => ({ claim: { ...claim, ...own, identity: undefined } });
  const { candidates } = superseded.candidates([registryOf({ keepsReleased: true }, nameless(older), nameless(newer))]);
  expect(candidates.map(({ row: { claim } }) => claim.key)).toEqual(["old"]);
});

test("rows without a name stand for their subprocess, also where only one of them has a pid", () => {
  const nameless = { identity: undefined, subprocessId: "s" };
  const rows = [{ claim: { ...older, ...nameless, pid: undefined } }, { claim: { ...newer, ...nameless } }];
  expect(onlyCandidate(superseded.candidates([registryOf({ keepsReleased: true }, ...rows)])).row.claim.key).toBe("old");
});

test.each([true, false])("nameless rows of several processes that start at once are no loop, subprocess ids told: %s", (isTold) => {
  const rows = [0, 5, 10, 15].map((seconds) => {
    const own = { identity: undefined, subprocessId: isTold ? `s${seconds}` : undefined, pid: 4711 + seconds };
    return { claim: { ...wide, ...own, key: `${seconds}`, sessionId: `s${seconds}`, registeredAt: seconds * 1000 } };
  });
  expect(superseded.candidates([registryOf({ keepsReleased: true }, ...rows)])).toEqual({ candidates: [], flapping: [] });
});
