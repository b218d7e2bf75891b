import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { install } from "../cli/real-agents/claude-code.ts";
import { leaveOut } from "../cli/harness.ts";
import { installCodex } from "../codex.ts";

/** What the tool says of so many trials; how soon is measured by hand, for other tests take their time of this machine. */
function prompt(which: string, program: string, trials: number): unknown {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["tools/prompt.mjs", which, program, "--trials", String(trials), "--live", "2"],
    {
      encoding: "utf8",
    },
  );
  expect(status, `${stdout}${stderr}`).toBe(0);
  return JSON.parse(stdout);
}

test(
  "a bridge with the library takes the rows of three threads that end, and none of those that live",
  { timeout: 240_000 },
  ({ skip }) => {
    let codex: string;
    try {
      codex = installCodex();
    } catch (error) {
      leaveOut("the trials of a bridge", String(error).split("\n")[0] ?? "");
      return skip();
    }
    expect(prompt("--codex", codex, 3)).toMatchObject({ trials: 3, liveRowsLost: 0 });
  },
);

test("the SessionEnd hook takes the rows of every exit but SIGKILL", { timeout: 300_000 }, ({ skip }) => {
  const installed = install();
  if ("why" in installed) {
    leaveOut("the trials of the SessionEnd hook", installed.why);
    return skip();
  }
  expect(prompt("--claude", installed.path, 4)).toMatchObject({ trials: 3, liveRowsLost: 0, exitsThatFireNone: { SIGKILL: 1 } });
});
