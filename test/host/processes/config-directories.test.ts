import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { agentHomes, noHomes } from "../../../src/host/processes/config-directories.ts";
import { idle } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";
import { newScratch } from "../../cli/harness.ts";

const uid = process.getuid?.() ?? 0;

function make(...path: readonly [string, ...string[]]): string {
  const directory = join(...path);
  mkdirSync(directory, { recursive: true });
  return directory;
}

test("profiles of Claude are the directories in the home that hold sessions or a daemon", () => {
  const { home, dir } = newScratch();
  for (const place of [".claude/sessions", ".claude-work/daemon", ".claude_2/sessions", ".claude-empty/plugins", ".config/sessions"])
    make(home, place);
  writeFileSync(join(home, ".claude.json"), "{}");
  make(home, ".claude-file");
  writeFileSync(join(home, ".claude-file", "sessions"), "");
  make(dir, "elsewhere", "sessions");
  symlinkSync(join(dir, "elsewhere"), join(home, ".claude-linked"));
  symlinkSync(join(dir, "nowhere"), join(home, ".claude-dangling"));
  symlinkSync(".claude", join(home, ".claude-usual"));
  const expected = [".claude", ".claude-linked", ".claude-work", ".claude_2"].map((name) => join(home, name));
  expect(agentHomes(home, uid)).toEqual({ claude: expected, codex: [] });
});

test("homes that live processes of this home were started with are found, and no others", async () => {
  const { home, dir } = newScratch();
  const [claude, codex, other] = [make(dir, "claude"), make(dir, "codex \u00fc"), make(dir, "other")];
  await idle({ env: { HOME: `${home}/`, CLAUDE_CONFIG_DIR: `${claude}/`, CODEX_HOME: codex } });
  await idle({ env: { HOME: home, CLAUDE_CONFIG_DIR: "relative", CODEX_HOME: join(dir, "missing") } });
  await idle({ env: { HOME: dir, CLAUDE_CONFIG_DIR: other, CODEX_HOME: other } });
  await idle({ env: { HOME: home, NOT_CODEX_HOME: other, TEXT: `CODEX_HOME=${other}` } });
  expect(agentHomes(home, uid)).toEqual({ claude: [claude], codex: [codex] });
});

test.skipIf(!isRoot)("what another user's process was started with, and another user's directory, is none of this user's", async () => {
  const { home, dir } = newScratch();
  const [ours, theirs] = [make(dir, "ours"), make(dir, "theirs")];
  chmodSync(dir, 0o755);
  await idle({ uid: nobody, env: { HOME: home, CODEX_HOME: theirs } });
  await idle({ env: { HOME: home, CODEX_HOME: ours } });
  expect(agentHomes(home, uid).codex).toEqual([ours]);
  expect(agentHomes(home, nobody)).toEqual(noHomes);
});

test("a home that is not there has none", () => {
  expect(agentHomes(join(newScratch().dir, "nowhere"), uid)).toEqual(noHomes);
});
