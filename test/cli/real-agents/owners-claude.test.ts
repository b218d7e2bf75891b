import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OwnersDocument } from "../../../src/report/model/owners.ts";
import { start, until } from "../../processes.ts";
import { isThere } from "../agents.ts";
import { leaveOut, newScratch, parseOnly, sessreap } from "../harness.ts";
import { install, startClaude, version } from "./claude-code.ts";

test(`Claude Code ${version} itself, which names no session in its arguments, is a harness by its own record, and ends by --retire`, async ({
  skip,
}) => {
  const installed = install();
  if ("why" in installed) {
    leaveOut("the real Claude Code as a harness", installed.why);
    skip();
    return;
  }
  const scratch = newScratch();
  const { pid, file } = await startClaude(scratch, installed.path);
  const { sessionId } = JSON.parse(readFileSync(file, "utf8")) as { readonly sessionId: string };
  const owners = async (...words: readonly string[]): Promise<OwnersDocument> => {
    const { stdout, stderr } = await sessreap(scratch, ["owners", "--json", "--session", sessionId, ...words]);
    return parseOnly(stdout, stderr) as OwnersDocument;
  };
  const harnesses = async () =>
    (await owners()).sessions[0]?.harnesses.map(({ processes, possible, doubts }) => [
      processes.map((one) => one.pid),
      possible === null,
      doubts,
    ]);
  expect(await harnesses()).toEqual([[[pid], true, []]]);

  // Claude refuses to resume a session that runs; what calls itself one and says so is a possible duplicate.
  const claude = join(scratch.dir, "claude");
  copyFileSync("/bin/sh", claude);
  writeFileSync(join(scratch.dir, "resume"), "read never\n");
  const second = await start(claude, ["resume", sessionId], { argv0: "claude", cwd: scratch.dir, env: scratch.env });
  expect(await harnesses()).toEqual([
    [[pid], true, []],
    [[second.pid], false, []],
  ]);
  const older = await owners("--retire", "older", "--yes");
  expect([older.retired, isThere(pid), isThere(second.pid)]).toEqual([[], true, true]);

  const { retired } = await owners("--retire", String(pid), "--yes");
  expect(retired.find(({ role }) => role === "harness")).toMatchObject({ pid, signal: "SIGTERM", became: "ended" });
  expect(isThere(second.pid)).toBe(true);
  await until("Claude has taken its record along", () => !existsSync(file));
}, 180_000);
