import { expect, test } from "vitest";
import type { HarnessReport, OwnersReport, ProcessReport } from "../../src/report/model/owners.ts";
import { ownersText } from "../../src/report/owners-text.ts";
import { plain } from "../../src/report/visible.ts";
import { screenOf } from "./screen/screens.ts";

const report = (pid: number, agent: string): ProcessReport => {
  return { pid, startTicks: "1", agent, ageMs: 60_000, terminal: null, memoryBytes: 1_048_576, cwd: "/home/dev/src/日本語" };
};

const harness = (more: Partial<HarnessReport>): HarnessReport => {
  return { agent: "codex", possible: null, processes: [], hosts: [], signs: ["argv"], children: [], helpers: [], doubts: [], ...more };
};

const text = (harnesses: readonly HarnessReport[], columns: number | undefined, more: Partial<OwnersReport> = {}): string => {
  const sessions = [{ sessionId: "019d7b2f-5ede-7c71-b2fd-bfff53df6cde", duplicate: harnesses.length > 1, harnesses: [...harnesses] }];
  const summary = { sessions: 1, harnesses: harnesses.length, duplicates: Number(harnesses.length > 1) };
  const whole: OwnersReport = { command: "owners", sessions, unattributed: [], retired: [], warnings: [], summary, exitCode: 0, ...more };
  const view = { screen: screenOf(columns), palette: plain, shown: (path: string) => path.replace("/home/dev", "~") };
  return `\n${ownersText(whole, view).join("\n")}\n`;
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
  const unattributed = [{ process: report(30, "codex"), why: "it was started without a session" }];
  expect(text([older, newer], 100, { unattributed })).toMatchInlineSnapshot(`
    "
        PID  AGENT               UP  TERMINAL  MEMORY  SEEN BY
    ! 019d7b2f-5ede-7c71-b2fd-bfff53df6cde  2 harnesses, ~/src/日本語
        11   claude              1m  -           1 MB  registration                      oldest
          and 1 more process below it
        12   claude              1m  -           1 MB  with 11
        10   claude bg-pty-host  1m  -           1 MB  above 11
        13   codex               1m  -           1 MB  child of 11
        14   code                1m  -           1 MB  child of 11
          left alone: code is not proven to be an agent
        20   claude              1m  -           1 MB  argv                              newest
          ? possible: claude can change its session
          ? it also holds s2
    ? Agents whose session cannot be told
        30   codex               1m  -           1 MB  it was started without a session

    1 session: 1 duplicate, 2 live harnesses
    "
  `);
  expect(text([older, newer], 60)).toMatchInlineSnapshot(`
    "
        PID  AGENT               UP  SEEN BY
    ! 019d7b2f-5ede-7c71-b2fd-bfff53df6cde  2 harnesses,
      ~/src/日本語
        11   claude              1m  registration  oldest
          and 1 more process below it
        12   claude              1m  with 11
        10   claude bg-pty-host  1m  above 11
        13   codex               1m  child of 11
        14   code                1m  child of 11
          left alone: code is not proven to be an agent
        20   claude              1m  argv          newest
          ? possible: claude can change its session
          ? it also holds s2

    1 session: 1 duplicate, 2 live harnesses
    "
  `);
  expect(text([older, newer], undefined)).toContain("oldest");
});

test("no line is wider than the screen, however long the words of an agent are", () => {
  const long = harness({ processes: [report(11, "日本語".repeat(70))], signs: ["a sign ".repeat(40)], doubts: ["a doubt ".repeat(40)] });
  for (const columns of [40, 60, 100]) {
    const { widthOf } = screenOf(columns);
    expect(
      text([long, long], columns)
        .split("\n")
        .filter((line) => widthOf(line) > columns),
    ).toEqual([]);
  }
});

test("what became of a harness, and of what stood above and hung below it", () => {
  const of = { sessionId: "s1", startTicks: "1", agent: "codex" } as const;
  const retired: OwnersReport["retired"] = [
    { ...of, role: "harness", pid: 11, signal: "SIGTERM", via: "pidfd", became: "ended" },
    { ...of, role: "host", pid: 10, signal: null, via: null, became: "adopted" },
    { ...of, role: "child", pid: 14, signal: null, via: null, became: "adopted" },
  ];
  expect(text([harness({ processes: [report(20, "codex")] })], 100, { retired })).toMatchInlineSnapshot(`
    "
        PID  AGENT  UP  TERMINAL  MEMORY  SEEN BY
      019d7b2f-5ede-7c71-b2fd-bfff53df6cde  1 harness, ~/src/日本語
        20   codex  1m  -           1 MB  argv

    Retired
      pid 11  harness  codex  ended (SIGTERM)  s1
      pid 10  host  codex  adopted  s1
      pid 14  child  codex  adopted  s1

    1 session: 0 duplicates, 1 live harness
    "
  `);
});
