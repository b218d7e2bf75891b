import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { installedCommand } from "../../packages.ts";
import { launch, until } from "../../processes.ts";
import { isRoot } from "../../users.ts";
import { isNoEntry } from "../../../src/host/observed.ts";
import { endAll } from "../agents.ts";
import { by, leaveOut, makeOld, newScratch, sweepReport, type Scratch } from "../harness.ts";

type Program = {
  readonly name: string;
  readonly version: string;
  readonly package: string;
  readonly command: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly format: string;
  /** What it writes below the home when it runs, a form for each file. */
  readonly writes: readonly RegExp[];
};

const programs: readonly Program[] = [
  {
    name: "Qwen Code",
    version: "0.24.4",
    package: "@qwen-code/qwen-code",
    command: "qwen",
    words: [],
    env: { OPENAI_API_KEY: "none", OPENAI_BASE_URL: "http://127.0.0.1:9/v1", OPENAI_MODEL: "none" },
    format: "qwen-sessions",
    writes: [/^\.qwen\/sessions\/\d+\.json$/, /^\.qwen\/projects\/[^/]+\/chats\/[\da-f-]{36}\.runtime\.json$/],
  },
  {
    name: "Copilot CLI",
    version: "1.0.102",
    package: "@github/copilot",
    command: "copilot",
    words: [],
    env: { COPILOT_AUTO_UPDATE: "false" },
    format: "copilot-in-use",
    writes: ["lock", "hold"].flatMap((end) => [
      new RegExp(`^\\.copilot/session-state/[\\da-f-]{36}/inuse\\.\\d+\\.${end}$`),
      new RegExp(`^\\.cache/copilot/pkg/[^/]+/[^/]+/inuse\\.\\d+\\.${end}$`),
    ]),
  },
  {
    name: "Cline",
    version: "3.0.65",
    package: "cline",
    command: "cline",
    words: ["hub", "ensure"],
    env: {},
    format: "cline-hub",
    writes: [/^\.cline\/data\/locks\/hub\/production\.json$/],
  },
];

/** Why a program cannot be run here, where it would find no network but this machine's own; or where it is. */
function install({ package: name, version, command }: Program): { readonly path: string } | { readonly why: string } {
  if (!isRoot) return { why: "only root can take the network from it" };
  if (spawnSync("tmux", ["-V"]).status !== 0) return { why: "there is no tmux here" };
  if (spawnSync("unshare", ["--net", "/bin/true"]).status !== 0) return { why: "there are no network namespaces here" };
  try {
    return { path: installedCommand(name, version, command) };
  } catch (error) {
    return { why: `it cannot be installed: ${String(error).split("\n")[0]}` };
  }
}

function startIn(scratch: Scratch, { words, env }: Program, path: string): void {
  const work = join(scratch.dir, "work");
  mkdirSync(work);
  const variables = { ...scratch.env, PATH: `${dirname(process.execPath)}:${scratch.env["PATH"] ?? ""}`, TERM: "xterm-256color", ...env };
  const alone = ["unshare", "--net", "/bin/sh", "-c", 'ip link set lo up; "$0" "$@"; read -r never', path, ...words];
  launch("tmux", ["-S", join(scratch.dir, "tmux"), "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "-c", work, ...alone], {
    env: variables,
  });
}

const filesBelow = (home: string): readonly string[] =>
  readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((row) => row.isFile())
    .map((row) => join(row.parentPath, row.name).slice(home.length + 1));

/** The files that it writes; undefined until each is there and says something, where it is to. */
function writtenIn({ home }: Scratch, { writes }: Program): readonly string[] | undefined {
  try {
    const files = filesBelow(home);
    const found = writes.map((form) => files.find((path) => form.test(path)));
    const whole = found.filter((path) => path !== undefined && (path.endsWith(".hold") || statSync(join(home, path)).size > 0));
    return whole.length === writes.length ? (whole as readonly string[]) : undefined;
  } catch (error) {
    // A program that unpacks itself takes folders away while they are read.
    if (isNoEntry(error)) return undefined;
    throw error;
  }
}

test.for(programs)(
  "$name $version itself: kept while it runs, and what SIGKILL leaves is reaped",
  { timeout: 300_000 },
  async (program, { skip }) => {
    const installed = install(program);
    if ("why" in installed) {
      leaveOut(`the real ${program.name}`, installed.why);
      skip();
      return;
    }
    const scratch = newScratch();
    startIn(scratch, program, installed.path);
    await until(`${program.name} has written its records`, () => writtenIn(scratch, program) !== undefined);
    const paths = (writtenIn(scratch, program) ?? []).map((path) => join(scratch.home, path));
    const sweep = async (...words: readonly string[]) =>
      Object.values(
        by(await sweepReport(scratch, ["--registry", program.format, "--grace", "0", ...words]), "verdict", "reason", "action"),
      );
    const living = await sweep("--now");
    expect(living.filter((said) => !/^live (?:pid-alive|lock-held) kept$/.test(said))).toEqual([]);
    expect(living).toHaveLength(paths.length);
    const before = paths.map((path) => readFileSync(path, "utf8"));
    endAll(scratch);
    expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual(before);
    for (const path of paths) makeOld(path);
    // What adopted its processes may not have taken note of their end yet.
    const dead = await sweep();
    expect(dead.filter((said) => !/^ghost pid-(?:gone|zombie) reaped$/.test(said))).toEqual([]);
    expect(dead).toHaveLength(paths.length);
    expect(filesBelow(scratch.home).filter((path) => program.writes.some((form) => form.test(path)))).toEqual([]);
  },
);
