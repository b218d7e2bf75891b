import type { AgentProcess } from "../evidence.ts";
import { canonicalSession } from "../registration.ts";

const agentNames: ReadonlySet<string> = new Set(["codex", "code", "coder", "claude"]);
const agentPackages: ReadonlyMap<string, string> = new Map([
  ["@openai/codex", "codex"],
  ["@just-every/code", "code"],
  ["@anthropic-ai/claude-code", "claude"],
  ["@anthropic-ai/claude-agent-sdk", "claude"],
]);
const runtimes: ReadonlySet<string> = new Set(["node", "nodejs", "bun", "deno"]);
/** Options of script runtimes whose value is an argument of its own, so that it is not taken for the script. */
const valueOptions: ReadonlySet<string> = new Set([
  "-r",
  "--require",
  "--import",
  "--loader",
  "--experimental-loader",
  "-C",
  "--conditions",
]);

/** The last part of a path, without a script's extension. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.(?:js|mjs|cjs|ts)$/, "");
}

/** The script that a runtime was told to run, as a path. */
export function scriptOf(argv: readonly string[]): string | undefined {
  for (let i = 1; i < argv.length; i += 1) {
    const token = argv[i] ?? "";
    if (!token.startsWith("-")) return token;
    if (valueOptions.has(token)) i += 1;
  }
  return undefined;
}

/** The native Codex of some releases carries its platform in its name (`codex-x86_64-unknown-linux-musl`). */
const platformCodex = /^codex-(?:x86_64|aarch64)-/;

const initials: ReadonlySet<number> = new Set([...agentNames, ...runtimes].map((name) => name.charCodeAt(0)));

/** Whether it pays to look for an agent in these arguments, each of which a zero byte ends: only the program counts. */
export function mayBeAgent(commandLine: string): boolean {
  const zero = commandLine.indexOf("\0");
  const end = zero < 0 ? commandLine.length : zero;
  const start = commandLine.lastIndexOf("/", end - 1) + 1;
  if (!initials.has(commandLine.charCodeAt(start))) return false;
  const name = commandLine.slice(start, end);
  return agentNames.has(baseName(name)) || runtimes.has(baseName(name)) || platformCodex.test(name);
}

function packagedAgent(script: string): string | undefined {
  const at = script.lastIndexOf("node_modules/");
  if (at < 0) return undefined;
  const [scope, name] = script.slice(at + "node_modules/".length).split("/");
  return agentPackages.get(`${scope}/${name}`);
}

/**
 * The agent that an argv runs, or undefined. Only the program counts, never an argument: `grep codex`, an editor and
 * a shell that was given a command line are no agents.
 */
export function agentOf(argv: readonly string[]): string | undefined {
  const program = baseName(argv[0] ?? "");
  if (agentNames.has(program)) return program;
  if (platformCodex.test(program)) return "codex";
  if (!runtimes.has(program)) return undefined;
  const script = scriptOf(argv);
  if (script === undefined) return undefined;
  const name = baseName(script);
  return agentNames.has(name) ? name : packagedAgent(script);
}

/** Every whole token of an argv: each argument, and what follows `=` in an option. */
export function tokensOf(argv: readonly string[]): readonly string[] {
  return argv.slice(1).flatMap((token) => {
    const equals = token.startsWith("-") ? token.indexOf("=") : -1;
    return equals < 0 ? [token] : [token, token.slice(equals + 1)];
  });
}

/** Attached agents by the session they name and by the identity they state. Built once, so a lookup costs no scan. */
export type AgentIndex = {
  readonly bySession: ReadonlyMap<string, AgentProcess>;
  readonly byIdentity: ReadonlyMap<string, AgentProcess>;
};

/** `statedIdentity` is how the format's agents state their name in their argv. */
export function indexAgents(
  agents: readonly AgentProcess[],
  statedIdentity: ((argv: readonly string[]) => string | undefined) | undefined,
): AgentIndex {
  const bySession = new Map<string, AgentProcess>();
  const byIdentity = new Map<string, AgentProcess>();
  for (const agent of agents) {
    for (const token of tokensOf(agent.argv)) bySession.set(canonicalSession(token), agent);
    const name = statedIdentity?.(agent.argv);
    if (name !== undefined) byIdentity.set(name, agent);
  }
  return { bySession, byIdentity };
}

/** Do these tokens appear in this argv, whole and in this order? A path matches by its last part, too. */
export function argvHas(argv: readonly string[], wanted: readonly string[]): boolean {
  let next = 0;
  for (const token of argv) {
    const want = wanted[next];
    if (want === undefined) break;
    if (token === want || token.slice(token.lastIndexOf("/") + 1) === want) next += 1;
  }
  return wanted.length > 0 && next === wanted.length;
}
