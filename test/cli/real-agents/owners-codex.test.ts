import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OwnersDocument } from "../../../src/report/model/owners.ts";
import { codexVersion } from "../../codex.ts";
import { until } from "../../processes.ts";
import { argvOf, endAll, isThere, openTmux, processesOf } from "../agents.ts";
import { leaveOut, newScratch, parseOnly, sessreap, type Scratch } from "../harness.ts";

/** Where the tests of the app server keep their Codex, or wherever somebody says that one is. */
const cached = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "sessreap-foreign",
  `codex-${codexVersion}`,
  "node_modules",
  ".bin",
  "codex",
);
const codex = process.env["SESSREAP_TEST_CODEX"] ?? cached;
const there = existsSync(codex);
if (!there) leaveOut("two real Codex harnesses on one thread", `there is no Codex at ${codex}; SESSREAP_TEST_CODEX can name one`);

/** A Codex home whose provider is a closed port of this machine: turns are tried again and again, nothing is asked of anybody. */
function codexHome(scratch: Scratch): string {
  const home = join(scratch.home, ".codex");
  mkdirSync(home);
  const provider = `name = "closed"\nbase_url = "http://127.0.0.1:9/v1"\nwire_api = "responses"\nrequest_max_retries = 100\nstream_max_retries = 100\n`;
  const trusted = `[projects."${scratch.dir}"]\ntrust_level = "trusted"\n`;
  writeFileSync(join(home, "config.toml"), `model = "none"\nmodel_provider = "closed"\n[model_providers.closed]\n${provider}${trusted}`);
  return home;
}

/** Threads whose first prompt is on disk; one without it cannot be resumed. */
function threadsIn(home: string): readonly string[] {
  const sessions = join(home, "sessions");
  const files = existsSync(sessions) ? readdirSync(sessions, { recursive: true, encoding: "utf8" }) : [];
  const recorded = files.filter((name) => name.endsWith(".jsonl") && readFileSync(join(sessions, name), "utf8").includes('"hello"'));
  return recorded.flatMap((name) => /([0-9a-f-]{36})\.jsonl$/.exec(name)?.[1] ?? []);
}

test.runIf(there)(
  "two real Codex harnesses on one thread: the older goes with its background child, the newer stays with its own",
  async () => {
    const scratch = newScratch();
    const home = codexHome(scratch);
    const review = `${codex} exec --skip-git-repo-check`;
    await openTmux(scratch, ["bash", "-c", `exec ${review} hello`]);
    await until("the first turn is recorded", () => threadsIn(home).length === 1);
    const thread = threadsIn(home)[0] as string;
    endAll(scratch);
    await until("the first Codex has ended", () => processesOf(scratch).length === 0);
    /** A pane that starts a review beside the harness that it becomes. */
    const pane = `cd ${scratch.dir}; (sleep 1; exec ${review} "/review of ${thread}" </dev/null >/dev/null 2>&1) & exec ${codex} resume ${thread} --no-alt-screen --no-daemon`;
    const running = (verb: string): readonly number[] =>
      processesOf(scratch).filter((pid) => /(?:^|\/)codex$/.test(argvOf(pid)[0] ?? "") && argvOf(pid)[1] === verb);
    /** The pid of a Codex that was not there before. A review ends soon without a network, so it is stopped at once. */
    const arrival = async (verb: "resume" | "exec", before: readonly number[]): Promise<number> => {
      let found: number | undefined;
      await until(`another codex ${verb} runs`, () => {
        found = running(verb).find((pid) => !before.includes(pid));
        if (verb === "exec" && found !== undefined) process.kill(found, "SIGSTOP");
        return found !== undefined;
      });
      return found as number;
    };
    const second = await openTmux(scratch, ["bash", "-c", pane]);
    const olderChild = await arrival("exec", []);
    const older = await arrival("resume", []);
    second.run("new-window", "-d", "bash", "-c", pane);
    const newerChild = await arrival("exec", [olderChild]);
    const newer = await arrival("resume", [older]);

    const owners = async (...words: readonly string[]): Promise<OwnersDocument> => {
      const { stdout, stderr } = await sessreap(scratch, ["owners", "--json", "--session", thread, ...words]);
      return parseOnly(stdout, stderr) as OwnersDocument;
    };
    const described = (await owners()).sessions[0]?.harnesses.map(({ processes, children }) =>
      [processes, children].map((list) => list.map(({ pid }) => pid)),
    );
    expect(described).toEqual([
      [expect.arrayContaining([older]), expect.arrayContaining([olderChild])],
      [expect.arrayContaining([newer]), expect.arrayContaining([newerChild])],
    ]);
    const { retired } = await owners("--retire", "older", "--yes");
    expect(retired.filter(({ role }) => role !== "helper").every(({ became }) => became === "ended")).toBe(true);
    expect([older, olderChild, newer, newerChild].map(isThere)).toEqual([false, false, true, true]);
  },
);
