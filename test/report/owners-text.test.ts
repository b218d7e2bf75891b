import { expect, test } from "vitest";
import type { HarnessReport, OwnersReport, ProcessReport } from "../../src/report/model/owners.ts";
import { ownersText } from "../../src/report/owners-text.ts";

const plain = (text: string): string => text;
const palette = { strong: plain, faint: plain, ghost: plain, undecided: plain, live: plain, problem: plain, command: plain };

const report = (pid: number, agent: string): ProcessReport => {
  return { pid, startTicks: "1", agent, ageMs: 60_000, terminal: null, memoryBytes: 1_048_576, cwd: "/w" };
};

const harness = (more: Partial<HarnessReport>): HarnessReport => {
  return { agent: "codex", possible: null, processes: [], hosts: [], signs: ["argv"], children: [], helpers: [], doubts: [], ...more };
};

const text = (harnesses: readonly HarnessReport[], more: Partial<OwnersReport> = {}): readonly string[] => {
  const sessions = [{ sessionId: "s1", duplicate: harnesses.length > 1, harnesses: [...harnesses] }];
  const summary = { sessions: 1, harnesses: harnesses.length, duplicates: Number(harnesses.length > 1) };
  return ownersText({ command: "owners", sessions, unattributed: [], retired: [], warnings: [], summary, exitCode: 0, ...more }, palette);
};

test("a duplicate, with what stands above a harness, what stays below it, and why one may run another session", () => {
  const older = harness({
    processes: [report(11, "claude"), report(12, "claude")],
    hosts: [report(10, "claude bg-pty-host")],
    signs: ["registration"],
    children: [
      { ...report(13, "codex"), via: "parent", stays: null },
      { ...report(14, "code"), via: "parent", stays: "code is not proven to be an agent" },
    ],
    helpers: [15],
  });
  const newer = harness({ processes: [report(20, "claude")], possible: "claude can change its session", doubts: ["it also holds s2"] });
  expect(text([older, newer])).toEqual([
    "! s1: 2 harnesses",
    "  pid 11  claude  up 1m  no terminal  1 MB  /w  oldest, by registration",
    "    with     pid 12  claude  up 1m  no terminal  1 MB  /w",
    "    under    pid 10  claude bg-pty-host  up 1m  no terminal  1 MB  /w",
    "    child    pid 13  codex  up 1m  no terminal  1 MB  /w",
    "    child    pid 14  code  up 1m  no terminal  1 MB  /w  left alone: code is not proven to be an agent",
    "    and 1 more process below it",
    "  pid 20  claude  up 1m  no terminal  1 MB  /w  newest, by argv",
    "    ? possible: claude can change its session",
    "    ? it also holds s2",
    "",
    "1 session: 1 duplicate, 2 live harnesses",
  ]);
});

test("what became of a harness, and of what stood above and hung below it", () => {
  const of = { sessionId: "s1", startTicks: "1", agent: "codex" } as const;
  const retired: OwnersReport["retired"] = [
    { ...of, role: "harness", pid: 11, signal: "SIGTERM", via: "pidfd", became: "ended" },
    { ...of, role: "host", pid: 10, signal: null, via: null, became: "adopted" },
    { ...of, role: "child", pid: 14, signal: null, via: null, became: "adopted" },
  ];
  expect(text([harness({ processes: [report(20, "codex")] })], { retired }).slice(2, 7)).toEqual([
    "",
    "Retired:",
    "  pid 11  harness  codex  ended (SIGTERM)  s1",
    "  pid 10  host  codex  adopted  s1",
    "  pid 14  child  codex  adopted  s1",
  ]);
});
