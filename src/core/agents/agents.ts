import { wordsOf } from "./argv.ts";
import { knownPrograms, launcherCalled, matchesName, type Launcher, type ProgramLists } from "./programs.ts";

/** The last part of a path, without a script's extension. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.(?:js|mjs|cjs|ts|py)$/, "");
}

/** What a build says of itself behind its name: a platform, a version, what a packager did with it. */
const buildWord =
  /^(?:v?\d\w*|linux|darwin|macos|unknown|pc|apple|win32|windows|x64|x86|64|amd64|aarch64|arm64|arm|riscv64|gnu|musl|gnueabihf|baseline|native|bin|exe|cli|wrapped|unwrapped|real|latest|stable|beta|alpha|nightly|canary|rc\d*)$/;
const version = /^v?\d+(?:\.\d+)+(?:[-+.]\w+)*$/;
/** Where a program that is called by its version says whose version it is, counted up from it. */
const levelsAboveVersion = 3;

/** The agent that a name stands for, the name of one of its builds included (`codex-x86_64-unknown-linux-musl`). */
function agentCalled(name: string, { agents, declared }: ProgramLists): string | undefined {
  const exact = agents.get(name) ?? (declared.some((pattern) => matchesName(name, pattern)) ? name : undefined);
  if (exact !== undefined) return exact;
  const plain = name.replace(/^\.+/, "");
  for (
    let end = plain.length;
    end > 0;
    end = Math.max(plain.lastIndexOf("-", end - 1), plain.lastIndexOf(".", end - 1), plain.lastIndexOf("@", end - 1))
  ) {
    const found = agents.get(plain.slice(0, end));
    if (found === undefined) continue;
    const build = plain.slice(end + 1).split(/[-._@]/);
    return end === plain.length || build.every((word) => buildWord.test(word)) ? found : undefined;
  }
  return undefined;
}

/** An agent's package by the path of a file in it, or by the words with which a package runner is told of it. */
function packagedAgent(path: string, { packages, agents }: ProgramLists): string | undefined {
  const at = path.lastIndexOf("node_modules/");
  const inside = at < 0 ? path.replace(/^(?:npm|jsr):\/?/, "") : path.slice(at + "node_modules/".length);
  const [scope = "", name = ""] = inside.split("/");
  const bare = (text: string): string => text.replace(/(?<=.)@.*/, "");
  const found = packages.get(scope.startsWith("@") ? `${scope}/${bare(name)}` : bare(scope));
  if (found !== undefined && (at >= 0 || inside.startsWith("@") || !inside.includes("/"))) return found;
  // Copies of Claude's script stand beside others in directories of its package's own name, and in an editor's extension.
  if (extension.test(path)) return agents.get("claude");
  const [directory = "", file = ""] = path.split("/").slice(-2);
  return /^(?:cli\.[cm]?js|__main__\.pyc?)$/.test(file) ? agents.get(directory) : undefined;
}

const extension = /\/anthropic\.claude-code-[^/]*\//;

/** The agent in whose package a script stands. Here only the package's own name counts. */
export function packageAgentOf(path: string): string | undefined {
  const at = path.lastIndexOf("/node_modules/");
  if (at < 0) return extension.test(path) ? knownPrograms.agents.get("claude") : undefined;
  const [first = "", second = ""] = path.slice(at + "/node_modules/".length).split("/");
  return knownPrograms.packages.get(first.startsWith("@") ? `${first}/${second}` : first);
}

/** The agent whose program or script a path is. */
function agentAt(path: string, programs: ProgramLists): string | undefined {
  const parts = path.replace(/ \(deleted\)$/, "").split("/");
  const base = parts.at(-1) ?? "";
  const called = agentCalled(baseName(base), programs);
  if (called !== undefined) return called;
  if (!version.test(base)) return undefined;
  const above = parts.slice(-1 - levelsAboveVersion, -1).toReversed();
  // Many keep their work in a directory that is called code.
  return above.map((part) => (part === "code" ? undefined : agentCalled(part, programs))).find((found) => found !== undefined);
}

/** What a launcher was told to run, and where in its words that stands. */
type Launched = { readonly target: string; readonly index: number };

const isPathOrScript = (word: string): boolean => word.includes("/") || /\.(?:[cm]?[jt]s|py)$/.test(word);

/**
 * No list has every option. Behind one that is on none a plain word may be its value, and is taken for that where a path
 * or a script follows.
 */
function mayBeValue(argv: readonly string[], index: number): boolean {
  const [option = "", word = "", next = ""] = argv.slice(index - 1, index + 2);
  return option.startsWith("-") && !option.includes("=") && !isPathOrScript(word) && !next.startsWith("-") && isPathOrScript(next);
}

function launchedBy(argv: readonly string[], from: number, { values, verbs, code, scriptsOnly }: Launcher): Launched | undefined {
  for (let i = from; i < argv.length; i += 1) {
    const word = argv[i] ?? "";
    if (word === "" || verbs.has(word)) continue;
    if (code.has(word)) return undefined;
    // A module of Python's is named with its package in front.
    if (word === "-m") return { target: argv[i + 1]?.split(".")[0] ?? "", index: i + 1 };
    if (values.has(word)) i += 1;
    else if (!word.startsWith("-") && (i === from || !mayBeValue(argv, i))) {
      return scriptsOnly && !/\.[cm]?js$/.test(word) ? undefined : { target: word, index: i };
    }
  }
  return undefined;
}

/** What runs in the end: launchers run launchers, an emulator a runtime and that a script. */
function launchedIn(argv: readonly string[], programs: ProgramLists): Launched | undefined {
  let found: Launched | undefined;
  let program = argv[0] ?? "";
  let from = 1;
  for (let depth = 0; depth < 5; depth += 1) {
    const launcher = launcherCalled(baseName(program), programs);
    const next = launcher === undefined ? undefined : launchedBy(argv, from, launcher);
    if (next === undefined) return found;
    found = next;
    program = next.target;
    from = next.index + 1;
  }
  return found;
}

/** What a known runtime, loader or emulator was told to run. */
export function launchedTarget(argv: readonly string[]): string | undefined {
  return launchedIn(argv, knownPrograms)?.target;
}

/** The script that a runtime was told to run, as a path. */
export function scriptOf(argv: readonly string[]): string | undefined {
  const known = launchedIn(argv, knownPrograms);
  if (known !== undefined) return known.target;
  const anyRuntime = knownPrograms.launchers.get("node");
  return anyRuntime === undefined ? undefined : launchedBy(argv, 1, anyRuntime)?.target;
}

/** `code` is an editor, too. Every Code says so by its path, by what it was told to do, or by the runtime it runs in. */
function isEveryCode(argv: readonly string[]): boolean {
  return argv.slice(1).some((word) => word === "resume" || word === "exec") || /@just-every\/|\/\.code\//.test(argv[0] ?? "");
}

/** An agent, the words of its process, and from which of them on they are said to the agent. */
type Run = { readonly agent: string; readonly words: readonly string[]; readonly from: number; readonly isLaunched: boolean };

function runIn(words: readonly string[], programs: ProgramLists): Omit<Run, "words"> | undefined {
  const program = words[0] ?? "";
  const own = agentAt(program, programs);
  if (own !== undefined && (baseName(program) !== "code" || isEveryCode(words))) return { agent: own, from: 1, isLaunched: false };
  const launched = launchedIn(words, programs);
  if (launched === undefined) return undefined;
  const agent = agentAt(launched.target, programs) ?? packagedAgent(launched.target, programs);
  return agent === undefined ? undefined : { agent, from: launched.index + 1, isLaunched: true };
}

function foundIn(argv: readonly string[], programs: ProgramLists): Run | undefined {
  for (const words of argv[0]?.includes(" ") === true ? [argv, wordsOf(argv)] : [argv]) {
    const found = runIn(words, programs);
    if (found !== undefined) return { ...found, words };
  }
  return undefined;
}

/**
 * The agent that an argv runs, or undefined. Only the program counts, never an argument: `grep codex`, an editor and
 * a shell that was given a command line are no agents.
 */
export function agentOf(argv: readonly string[], programs = knownPrograms): string | undefined {
  return foundIn(argv, programs)?.agent;
}

/** Whether an agent runs in another program: a script in its runtime, a package in its runner. */
export function isLaunched(argv: readonly string[]): boolean {
  return foundIn(argv, knownPrograms)?.isLaunched === true;
}

/** What was said to the agent: its argv without the program, and without the runtime's own part. */
export function agentArguments(argv: readonly string[]): readonly string[] {
  const found = foundIn(argv, knownPrograms);
  return found === undefined ? argv.slice(1) : found.words.slice(found.from);
}

/** The agents of which it is known how they are told which session to run. */
const harnessAgents: ReadonlySet<string> = new Set(["codex", "code", "coder", "claude"]);

/** The agent that can be a harness: one that runs one session, and says in its arguments which. */
export function harnessAgentOf(argv: readonly string[]): string | undefined {
  const agent = agentOf(argv);
  return agent !== undefined && harnessAgents.has(agent) ? agent : undefined;
}

const initials: ReadonlySet<string> = new Set(
  [...knownPrograms.agents.keys(), ...knownPrograms.launchers.keys()].map((name) => name.charAt(0)),
);

/** Whether it pays to look for an agent in these arguments, each of which a zero byte ends: only the program counts. */
export function mayBeAgent(commandLine: string): boolean {
  const zero = commandLine.indexOf("\0");
  const program = zero < 0 ? commandLine : commandLine.slice(0, zero);
  return mayName(program) || (program.includes(" ") && mayName(program.slice(0, program.indexOf(" "))));
}

function mayName(program: string): boolean {
  const first = program.charAt(program.lastIndexOf("/") + 1);
  if (first === "." || (first >= "0" && first <= "9")) return true;
  if (!initials.has(first)) return false;
  const name = baseName(program);
  return version.test(name) || agentCalled(name, knownPrograms) !== undefined || launcherCalled(name, knownPrograms) !== undefined;
}
