import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CommandDeclaration } from "../../src/cli/declarations/command.ts";
import { commands } from "../../src/cli/declarations/commands.ts";
import { examples, firstSteps } from "../../src/cli/declarations/examples.ts";
import { fields } from "../fields.ts";
import { gonePid } from "../processes.ts";
import { daysAgo, declareRegistry, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "./harness.ts";
import { runsTool, shownIn } from "./typed.ts";

/** What stands for the placeholders of a line. */
const meant: Readonly<Record<string, string>> = { KEY: "ghost", NAME: "reviewer", ID: "s-1", PATH: "agents.json", "31964": "ghost" };

const filledIn = (line: string): string =>
  line.replaceAll(/(?<=[\s"])(?:KEY|NAME|ID|PATH|31964)(?=[\s")]|$)/g, (word) => meant[word] ?? word).replace("…", "");

/**
 * The words that sessreap gets where bash runs the line. Programs around it are stood in for: `sudo` and `npx` hand on what
 * follows them, the others do nothing.
 */
function wordsOf({ dir, env }: Scratch, line: string): readonly (readonly string[])[] {
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  const record = join(dir, "words");
  const stands: Readonly<Record<string, string>> = {
    sessreap: `for word; do printf '%s\\0' "$word"; done >> '${record}'; printf '\\n' >> '${record}'`,
    sudo: 'while [ "$1" != sessreap ] && [ $# -gt 0 ]; do shift; done; "$@"',
    npx: 'while [ "$1" != sessreap ] && [ $# -gt 0 ]; do shift; done; "$@"',
    npm: "exit 0",
    man: "cat > /dev/null",
    codex: "exit 0",
    crontab: "cat > /dev/null",
    node: "exit 0",
  };
  for (const [name, body] of Object.entries(stands)) writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  execFileSync("bash", ["-c", line.replace(/\| source$/, "| cat")], {
    cwd: dir,
    env: { ...env, PATH: `${bin}${delimiter}${env["PATH"]}` },
  });
  const runs = readFileSync(record, "utf8").split("\n").slice(0, -1);
  return runs.map((run) => run.split("\0").slice(0, -1));
}

/** These change the machine, stay up, or want a terminal or a server: that they are understood is tried here, what they do elsewhere. */
const notRun: ReadonlySet<string> = new Set(["units", "watch", "exec", "pick", "fleet", "--fleet"]);

const declared: readonly CommandDeclaration[] = commands;

/** The options among the words that their command does not declare. */
function unknownOptions({ options }: CommandDeclaration, words: readonly string[]): readonly string[] {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const known = new Set(options.flatMap(({ flags }) => flags.split(/[ ,]+/)));
  return own.filter((word) => word.startsWith("-") && !known.has(word));
}

async function scene(): Promise<Scratch> {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { fields: { ...fields, identity: "name" } });
  const ghost = { pid: (await gonePid()).pid, name: "reviewer", id: "s-1", since: daysAgo(1) };
  writeOld(path, JSON.stringify({ ghost }));
  writeOld(join(scratch.home, ".crew", "roster.json"), JSON.stringify({ agents: { one: { pid: ghost.pid, started: daysAgo(1) } } }));
  return scratch;
}

async function tryLine(line: string): Promise<void> {
  const scratch = await scene();
  const runs = wordsOf(scratch, filledIn(line));
  expect(runs).not.toEqual([]);
  for (const words of runs) {
    const command = declared.find(({ name }) => name === words[0]) ?? commands[0];
    const { name } = command;
    expect(unknownOptions(command, words)).toEqual([]);
    if ([name, ...words].some((word) => notRun.has(word))) continue;
    const sweepId = name === "restore" ? ((await sweepReport(scratch, [])).sweepId ?? "") : "";
    const inFact = words.map((word) => (/^\d{8}T\d{6}Z-/.test(word) ? sweepId : word === "alice" ? userInfo().username : word));
    // The example that the package brings along lies where the line is typed from.
    const cwd = words.includes("examples/registrations.json") ? process.cwd() : scratch.dir;
    const { code, stderr } = await sessreap(scratch, inFact, { cwd });
    expect({ line, code, stderr: code === 0 ? "" : stderr }).toEqual({
      line,
      code: words.includes("--exit-code") ? 10 : 0,
      stderr: expect.any(String),
    });
  }
}

describe("what README.md and the help say to type works", () => {
  const shown = [...firstSteps, ...Object.values(examples).flat()].map(([line]) => line);
  test.each([...new Set([...shownIn("README.md").filter(runsTool), ...shown])])("%s", tryLine);
});
