import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { isClockSynchronised } from "../../../src/host/programs/synchronised.ts";

/** Looks where a perl does what this script says, or where there is none. */
function lookWith(script?: string) {
  const directory = mkdtempSync(join(tmpdir(), "sessreap-clock-"));
  const path = process.env["PATH"];
  onTestFinished(() => {
    process.env["PATH"] = path;
    rmSync(directory, { recursive: true });
  });
  if (script !== undefined) writeFileSync(join(directory, "perl"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env["PATH"] = directory;
  return isClockSynchronised();
}

test("the kernel's own word is taken: what adjtimex(2) returns, by another way to ask it", () => {
  // TIME_ERROR, 5, is returned while the clock is not synchronised; x86_64 has adjtimex as 159.
  const state = execFileSync(
    "/usr/bin/perl",
    ["-e", 'my $timex = "\\0" x 256; print syscall(0 + $ARGV[0], $timex) == 5 ? "no" : "yes"', process.arch === "x64" ? "159" : "171"],
    {
      encoding: "utf8",
    },
  );
  expect(isClockSynchronised()).toEqual(seen(state === "yes"));
});

test.each([
  ["printf yes", seen(true)],
  ["printf no", seen(false)],
  ["printf unsupported", unseen("the kernel does not say whether the clock is synchronised")],
  ["exit 1", unseen("the kernel does not say whether the clock is synchronised")],
] as const)("what perl says with %s", (script, expected) => {
  expect(lookWith(script)).toEqual(expected);
});

test("without perl it is not known", () => {
  expect(lookWith()).toEqual(unseen("perl is not here"));
});
