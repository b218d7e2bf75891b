import { expect, test } from "vitest";
import type { Reason } from "../../src/core/reasons.ts";
import { isConcern, worstPosture } from "../../src/report/guards.ts";
import type { SweepReport } from "../../src/report/model/sweep.ts";
import { sweepGuards } from "../../src/report/sweep-guards.ts";
import { entry, path, registry, report } from "./reports.ts";

const named = new Set([path]);
const undecided = (reason: Reason) => entry({ verdict: "undecided", reason });

test.each<[string, Partial<SweepReport>, string, string]>([
  ["a registry that was swept", {}, "on", "fine"],
  [
    "one whose owner is up",
    { registries: [registry({ state: "report-only", owner: { up: true, pids: [9], unknownUnit: null } })] },
    "on",
    "owner-up",
  ],
  [
    "one whose owner counts as up for a unit that no manager knows",
    { registries: [registry({ state: "report-only", owner: { up: true, pids: [], unknownUnit: "brigde.service" } })] },
    "off",
    "owner-unit-unknown",
  ],
  ["one whose start tokens have matched no process", { entries: [undecided("start-token-unproven")] }, "blind", "start-tokens-unproven"],
  ["one that everybody can write to", { registries: [registry({ state: "report-only" })] }, "dry-run", "registry-report-only"],
  ["one that is not there though somebody named it", { registries: [registry({ state: "missing" })] }, "blind", "registry-missing"],
  ["one that cannot be read", { registries: [registry({ state: "unreadable" })] }, "blind", "registry-unreadable"],
  ["one that is no JSON", { registries: [registry({ state: "malformed" })] }, "blind", "registry-malformed"],
  ["one that could not be written", { registries: [registry({ state: "failed" })] }, "blind", "registry-failed"],
  ["one whose processes are hidden", { entries: [undecided("process-table-blind")] }, "blind", "processes-unseen"],
  ["one with a pid that is hidden", { entries: [undecided("pid-unseen")] }, "blind", "processes-unseen"],
  ["one whose app server is silent", { entries: [undecided("app-server-unreachable")] }, "blind", "app-server-unreachable"],
  ["one with sessions of another host", { entries: [undecided("foreign-host")] }, "on", "fine"],
  ["one with sessions that nothing tells of yet", { entries: [undecided("within-ttl")] }, "on", "fine"],
])("%s", (_, more, posture, cause) => {
  const [selfTestGuard, guard] = sweepGuards(report(more), named);
  expect(selfTestGuard?.posture).toBe("on");
  expect(guard).toMatchObject({ guard: "registry", name: path, posture, cause });
});

test("entries that cannot be understood are counted, for they stay", () => {
  const torn = entry({ verdict: "undecided", reason: "malformed-entry", detail: "is no JSON" });
  const [, guard] = sweepGuards(report({ entries: [torn, { ...torn, key: "venus" }] }), named);
  expect(guard).toMatchObject({ posture: "on", cause: "fine", cure: null });
  expect(guard?.detail).toContain("; 2 kept until they are mended or removed by hand: is no JSON");
});

test("a sweep that doubts its own eyes is blind", () => {
  expect(sweepGuards(report({ refusal: "this sweep cannot see itself" }), named)[0]).toMatchObject({ posture: "blind" });
});

test("well-known places that are all empty leave nothing guarded", () => {
  const guards = sweepGuards(report({ registries: [registry({ state: "missing" })] }), new Set());
  expect(guards.at(-1)).toMatchObject({ posture: "off", cause: "no-registry" });
  expect(worstPosture(guards)).toBe("off");
});

test("a well-known place that is empty is no guard while another is there", () => {
  const guards = sweepGuards(report({ registries: [registry(), registry({ path: "/elsewhere", state: "missing" })] }), new Set());
  expect(guards.map(({ name }) => name)).toEqual(["self-test", path]);
});

test("a guard that is on, with something to do about it, is a concern", () => {
  const on = { guard: "timer", name: "t", posture: "on", cause: "linger-off", detail: "", cure: "loginctl enable-linger alice" } as const;
  expect([isConcern(on), isConcern({ ...on, cure: null })]).toEqual([true, false]);
});
