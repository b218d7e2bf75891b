import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch, until } from "../../processes.ts";
import type { Scratch } from "../harness.ts";

/** The newest one that was seen to write its sessions here; another can be named to see what has changed. */
export const version = process.env["SESSREAP_TEST_CLAUDE_VERSION"] ?? "2.1.332";
const scope = "@anthropic-ai";
const name = `claude-code-${process.platform}-${process.arch}`;
const cache = resolve("node_modules/.cache/sessreap", `${name}-${version}`);
const program = join(cache, "node_modules", scope, name, "claude");

/** The native Claude Code, installed once into a cache; or why it cannot be had. */
export function install(): { readonly path: string } | { readonly why: string } {
  if (spawnSync("tmux", ["-V"]).status !== 0) return { why: "there is no tmux here" };
  if (!existsSync(program)) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, "package.json"), '{ "private": true }\n');
    const options = ["--prefix", cache, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"];
    const { status, stderr } = spawnSync("npm", ["install", ...options, `${scope}/${name}@${version}`], {
      encoding: "utf8",
      timeout: 120_000,
    });
    if (status !== 0 || !existsSync(program)) {
      rmSync(cache, { recursive: true, force: true });
      return { why: `npm could not install ${scope}/${name}@${version}: ${stderr?.trim().split("\n").at(-1) ?? "no npm"}` };
    }
  }
  return { path: program };
}

export type Claude = {
  readonly pid: number;
  /** Its registration. */
  readonly file: string;
};

/** Everything that a first start would ask about is answered, no account is used, and nothing leaves this machine. */
export function prepareHome(home: string, dir: string): Readonly<Record<string, string>> {
  const key = "no-key-at-all";
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  const answers = {
    hasCompletedOnboarding: true,
    theme: "dark",
    projects: { [dir]: project },
    customApiKeyResponses: { approved: [key], rejected: [] },
  };
  writeFileSync(join(home, ".claude.json"), JSON.stringify(answers));
  return {
    ANTHROPIC_API_KEY: key,
    ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
  };
}

/** Starts Claude Code in a terminal and waits until it has registered itself. */
export async function startClaude(scratch: Scratch, path: string): Promise<Claude> {
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: scratch.home, ...prepareHome(scratch.home, scratch.dir) };
  const server = ["-S", join(scratch.dir, "tmux"), "-f", "/dev/null"];
  // A single word would be run by the user's shell, which may let no user in.
  await once(launch("tmux", [...server, "new-session", "-d", "-x", "120", "-y", "40", "-c", scratch.dir, "env", path], { env }), "exit");
  const panes = execFileSync("tmux", [...server, "list-panes", "-a", "-F", "#{pane_pid}"], { encoding: "utf8", env });
  const pid = Number(panes.trim());
  const sessions = join(scratch.home, ".claude", "sessions");
  await until("Claude Code has registered its session", () => existsSync(sessions) && readdirSync(sessions).includes(`${pid}.json`));
  const file = join(sessions, `${pid}.json`);
  await until("its registration is whole", () => isWhole(file));
  return { pid, file };
}

function isWhole(file: string): boolean {
  try {
    return typeof (JSON.parse(readFileSync(file, "utf8")) as { readonly sessionId?: unknown }).sessionId === "string";
  } catch {
    return false;
  }
}

/** As if the kernel had handed the pid out again: the registration stands under the pid of another process. */
export function handOver(file: string, to: number): string {
  const taken = join(file, "..", `${to}.json`);
  const body = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
  writeFileSync(file, JSON.stringify({ ...body, pid: to }));
  renameSync(file, taken);
  return taken;
}
