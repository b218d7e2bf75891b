import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid } from "../../processes.ts";
import { by, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";

const noState = { SESSREAP_STATE_DIR: "" };

describe("a home with slashes behind it", () => {
  test("is the same home: nothing is swept twice, and every path is the one without", async () => {
    const scratch = newScratch();
    const { pid } = await gonePid();
    const path = join(scratch.home, ".claude", "sessions", `${pid}.json`);
    writeOld(path, JSON.stringify({ pid, sessionId: "3e0c4e58-3f0f-4b53-9f9c-6f5a0d0c1a11", startedAt: 1, cwd: "/" }));
    const plain = await sweepReport(scratch, ["-n"], { env: noState });
    const odd = await sweepReport(scratch, ["-n"], { env: { ...noState, HOME: `${scratch.home}//` } });
    expect(by(plain, "verdict", "reason")).toEqual({ [`${pid}.json`]: "ghost pid-gone" });
    expect(by(odd, "verdict", "reason")).toEqual(by(plain, "verdict", "reason"));
    expect(odd.registries.map((one) => one.path)).toEqual(plain.registries.map((one) => one.path));
  });

  test("shows every place once", async () => {
    const scratch = newScratch();
    const cwd = join(scratch.home, "project");
    mkdirSync(cwd);
    const [plain, odd] = await Promise.all(
      [scratch.home, `${scratch.home}/`].map((home) => sessreap(scratch, ["list"], { cwd, env: { ...noState, HOME: home } })),
    );
    expect(odd).toEqual(plain);
  });
});

test("a user at home in / has places like any other", async () => {
  const { stdout, code } = await sessreap(newScratch(), ["list"], { cwd: "/", env: { ...noState, HOME: "/" } });
  expect(code).toBe(0);
  expect(stdout).toContain(" /.claude/sessions\n");
  expect(stdout).not.toContain("//");
});
