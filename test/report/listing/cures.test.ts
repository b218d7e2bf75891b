import { expect, test } from "vitest";
import { sweepWarnings, plainLine } from "../../../src/report/listing/beside.ts";
import { cureOf, runGuards } from "../../../src/report/run-guards.ts";
import { path, registry, report } from "../reports.ts";

/** As Node and as perl say it. */
const said: readonly (readonly [problem: string, cure: string])[] = [
  ["read-only file system (EROFS)", "mount it so that it can be written to"],
  ["it cannot be moved aside: Read-only file system", "mount it so that it can be written to"],
  ["no space left on device (ENOSPC)", "make room on its file system"],
  ["Disk quota exceeded", "make room on its file system"],
  ["operation not permitted (EPERM)", "see whether a flag keeps it or its directory as it is (lsattr), or run as its owner"],
  ["permission denied (EACCES)", "run as its owner, or let this user read and write there"],
  ["Device or resource busy", "mount its directory, and not the file alone"],
  ["name too long (ENAMETOOLONG)", "give it a shorter name"],
];

test.each(said)("what went wrong with %j is mended otherwise than by the same sweep again", (problem, cure) => {
  expect(cureOf(problem)).toBe(cure);
  const failed = report({ registries: [registry({ state: "failed", problem })] });
  expect(sweepWarnings(failed, new Set()).map(plainLine)).toEqual([`error: ${path} is failed: ${problem}; ${cure}`]);
  const at = "2026-11-20T15:00:00.000Z";
  const run = { pid: 7, started: at, finished: at, ok: false, exitCode: 3, problems: [`${path}: ${problem}`] } as const;
  const guards = runGuards({ run: { ...run, lastOk: null } as never, isRunning: false, nowMs: Date.parse(at), periodMs: undefined });
  expect(guards.find(({ cause }) => cause === "failing")?.cure).toBe(cure);
});

test("what nobody has a word for is swept again", () => {
  expect(cureOf("the swap helper ended")).toBeUndefined();
  const failed = report({ registries: [registry({ state: "failed", problem: "the swap helper ended" })] });
  expect(sweepWarnings(failed, new Set()).map(plainLine)).toEqual([`error: ${path} is failed: the swap helper ended`]);
});
