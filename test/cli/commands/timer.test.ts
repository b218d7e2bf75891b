import { chownSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newScratch, sessreap, writeOld, type Scratch } from "../harness.ts";
import { gonePid } from "../../processes.ts";
import { nobody } from "../../users.ts";

const sessions = (scratch: Scratch): string => join(scratch.home, ".claude", "sessions");

/** A Claude that ran in a directory, as its own file says, and a marker of a process that has ended there. */
async function project(scratch: Scratch, name: string, cwd = join(scratch.dir, name)): Promise<string> {
  const [{ pid }, { pid: marked }] = [await gonePid(), await gonePid()];
  writeOld(join(sessions(scratch), `${pid}.json`), JSON.stringify({ pid, sessionId: crypto.randomUUID(), cwd, startedAt: 1 }));
  return writeOld(join(scratch.dir, name, ".orchestrator-state", `active-session-${marked}`), "");
}

const sweepAt = (scratch: Scratch, ...words: readonly string[]) => sessreap(scratch, ["sweep", "--now", ...words], { cwd: "/" });

test("a timer's sweep looks in the directories that registrations name, and in no other", async () => {
  const scratch = newScratch();
  const named = await project(scratch, "payments");
  const unnamed = writeOld(join(scratch.dir, "other", ".orchestrator-state", `active-session-${(await gonePid()).pid}`), "");
  expect((await sweepAt(scratch, "--timer", "-n")).stdout).toContain(join(scratch.dir, "payments", ".orchestrator-state"));
  expect((await sweepAt(scratch, "--timer")).code).toBe(0);
  expect([existsSync(named), existsSync(unnamed)]).toEqual([false, true]);
});

test("a sweep that a person starts looks in the directory where that person stands, and in none that is named", async () => {
  const scratch = newScratch();
  const [named, standing] = [await project(scratch, "payments"), await project(scratch, "docs")];
  await sessreap(scratch, ["sweep", "--now"], { cwd: join(scratch.dir, "docs") });
  expect([existsSync(named), existsSync(standing)]).toEqual([true, false]);
});

test("a timer's sweep does not look in its own current directory, which is where its manager starts it", async () => {
  const scratch = newScratch();
  const marker = writeOld(join(scratch.dir, "docs", ".orchestrator-state", `active-session-${(await gonePid()).pid}`), "");
  await sessreap(scratch, ["sweep", "--now", "--timer"], { cwd: join(scratch.dir, "docs") });
  expect(existsSync(marker)).toBe(true);
});

test("--registry, and formats that wellKnown turns off, narrow a timer's sweep as they do any other", async () => {
  const scratch = newScratch();
  const marker = await project(scratch, "payments");
  await sweepAt(scratch, "--timer", "--registry", "claude-sessions");
  expect(existsSync(marker)).toBe(true);
  const other = await project(scratch, "payments");
  writeOld(join(scratch.home, ".config", "sessreap", "config.json"), JSON.stringify({ wellKnown: ["claude-sessions"] }));
  await sweepAt(scratch, "--timer");
  expect([existsSync(marker), existsSync(other)]).toEqual([true, true]);
});

test.each<readonly [string, (scratch: Scratch) => void | string]>([
  ["that is gone", (scratch) => rmSync(join(scratch.dir, "payments"), { recursive: true })],
  ["that is relative", () => "payments"],
  ["that is the home", ({ home }) => home],
  ["that is the root", () => "/"],
])("a directory %s changes nothing of a timer's sweep", async (_, bend) => {
  const scratch = newScratch();
  await project(scratch, "payments");
  const cwd = bend(scratch);
  if (cwd !== undefined) await project(scratch, "bent", cwd);
  const { code, stderr, stdout } = await sweepAt(scratch, "--timer", "--json");
  const { registries } = JSON.parse(stdout) as { readonly registries: readonly { readonly path: string; readonly state: string }[] };
  const unusual = registries.filter(({ path }) => path.includes(".orchestrator-state"));
  expect({ code, stderr, twice: unusual.length !== new Set(unusual.map(({ path }) => path)).size }).toEqual({
    code: 0,
    stderr: "",
    twice: false,
  });
});

test.skipIf(process.getuid?.() !== 0)("a directory of another user's registry, or a link to one, is not looked into by root", async () => {
  const scratch = newScratch();
  const marker = await project(scratch, "payments");
  chownSync(join(scratch.dir, "payments", ".orchestrator-state"), nobody, nobody);
  const behind = await project(scratch, "docs");
  mkdirSync(join(scratch.dir, "web"));
  symlinkSync(join(scratch.dir, "payments", ".orchestrator-state"), join(scratch.dir, "web", ".orchestrator-state"));
  const through = await project(scratch, "unrelated", join(scratch.dir, "web"));
  await sweepAt(scratch, "--timer");
  expect([existsSync(marker), existsSync(behind), existsSync(through)]).toEqual([true, false, true]);
});

test("a read-only file system, such as a sandbox makes of a project, is only reported", async () => {
  const scratch = newScratch();
  const marker = await project(scratch, "payments");
  const inside = ["unshare", "-m", "sh", "-c", `mount --bind -o ro "$0" "$0" && exec "$@"`, join(scratch.dir, "payments")];
  const { code, stdout } = await sessreap(scratch, ["sweep", "--now", "--timer"], { cwd: "/", under: inside });
  expect(stdout).toContain("its file system is read-only");
  expect([code, existsSync(marker)]).toEqual([0, true]);
});
