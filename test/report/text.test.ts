import widthOf from "fast-string-width";
import { expect, test } from "vitest";
import { eventText } from "../../src/report/text.ts";
import { plain } from "../../src/report/visible.ts";
import type { EntryReport } from "../../src/report/model/sweep.ts";
import { entry, ghost, registry, report } from "./reports.ts";
import { japanese, screenOf } from "./screen/screens.ts";

const hour = 3_600_000;
const home = "/home/dev";
const sessions = `${home}/.claude/sessions`;

const file = (key: string, more: Partial<EntryReport> = {}): EntryReport =>
  ghost({ registry: sessions, registryIndex: 0, format: "claude-sessions", key, ageMs: 5 * hour, cwd: `${home}/src/docs`, ...more });

function linesAt(columns: number | undefined, entries: readonly EntryReport[]): readonly string[] {
  const one = report({
    command: "watch",
    registries: [registry({ path: sessions, format: "claude-sessions" }), registry()],
    titles: [
      { title: "Claude Code sessions", isFiles: true },
      { title: "llmmsg bridge", isFiles: false },
    ],
    entries,
  });
  return eventText(one, "13:58", { screen: screenOf(columns), palette: plain, home, verbose: false });
}

const few = [
  file("30162.json"),
  file("30163.json", { action: "failed", note: "no space left on device" }),
  entry({ registryIndex: 1, key: "mars" }),
  ghost({ registryIndex: 1, key: japanese, action: "pending" }),
  ghost({ registryIndex: 1, key: "auditor", ageMs: 9 * hour, cwd: `${home}/src/ml-pipeline/experiments/2026/really-long-folder-name` }),
];

test("what a watch did is a line an event, and what it only saw is none", () => {
  expect(`\n${[100, 60, 30, undefined].map((columns) => linesAt(columns, few).join("\n")).join("\n\n")}\n`).toMatchInlineSnapshot(`
    "
    13:58 - 30163     5h  ~/src/docs                                    FAILED  process gone
              no space left on device
    13:58 - 30162     5h  ~/src/docs                                    reaped  process gone
    13:58 - auditor   9h  ~/src/ml-pipeline/…/really-long-folder-name   reaped  process gone

    13:58 - 30163     5h  ~/src/docs        FAILED  process gone
              no space left on device
    13:58 - 30162     5h  ~/src/docs        reaped  process gone
    13:58 - auditor   9h  ~/…/really…-name  reaped  process gone

    13:58 - 30163     5h  FAILED
              process gone
              no space left on
              device
    13:58 - 30162     5h  reaped
              process gone
    13:58 - auditor   9h  reaped
              process gone

    13:58 - 30163     5h  ~/src/docs                                                  FAILED  process gone  (Claude Code sessions)
              no space left on device
    13:58 - 30162     5h  ~/src/docs                                                  reaped  process gone  (Claude Code sessions)
    13:58 - auditor   9h  ~/src/ml-pipeline/experiments/2026/really-long-folder-name  reaped  process gone  (llmmsg bridge)
    "
  `);
  expect(linesAt(100, few.slice(2, 4))).toEqual([]);
});

test("of more than a few that are alike a terminal shows one line for all, and a log each", () => {
  const many = Array.from({ length: 500 }, (_, index) => file(`${40_000 + index}.json`));
  expect(linesAt(100, many)).toEqual(["13:58 - 500 ×   5h  ~/src/docs  reaped  process gone  (Claude Code sessions)"]);
  expect(linesAt(undefined, many)).toHaveLength(500);
});

test.each([34, 40, 60, 100])("no line is wider than %i columns", (columns) => {
  const odd = [
    file(`${"語".repeat(200)}.json`),
    file("a\u001b[2J\u202e.json", { cwd: `/${"語".repeat(200)}`, action: "failed", note: "語".repeat(200) }),
  ];
  for (const line of linesAt(columns, [...few, ...odd])) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
});
