import { expect, test } from "vitest";
import { claudeSessions } from "../../../src/registries/formats/claude-sessions.ts";
import { codexDaemonPid } from "../../../src/registries/formats/codex-daemon-pid.ts";
import type { Format } from "../../../src/registries/format.ts";
import { entryName } from "../../../src/registries/pattern.ts";

const nested = (levels: number): string => `{"pid":4100001,"deep":${"[".repeat(levels)}${"]".repeat(levels)}}`;

function claimOf(format: Format, content: string) {
  if (format.layout !== "files") throw new TypeError("a format with one file an entry was expected");
  return format.claim(entryName("4100001.json", { pid: "4100001" }), content);
}

test.each([claudeSessions, codexDaemonPid])(
  "$name: a body that is nested too deep for a stack is malformed, and ends no sweep",
  (format) => {
    expect(claimOf(format, nested(20_000))).toEqual({ ok: false, problem: "is nested deeper than 512 levels" });
    const claim = claimOf(format, nested(511));
    expect(claim.ok && claim.identityText()).toContain("[[[[");
  },
);

test("brackets inside strings nest nothing", () => {
  const claim = claimOf(claudeSessions, JSON.stringify({ pid: 4_100_001, cwd: `${"[".repeat(1000)}\\"${"{".repeat(1000)}` }));
  expect(claim.ok).toBe(true);
});
