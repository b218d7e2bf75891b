import { agentOf, baseName, isLaunched, packageAgentOf } from "../agents/agents.ts";
import { isCarrierOfOurs } from "../agents/carriers.ts";
import { chainAbove, type ProcessRow, type ProcessTree } from "../agents/process-tree.ts";
import { knownPrograms, launcherCalled } from "../agents/programs.ts";
import type { Tie } from "./background.ts";
import type { OwnershipSigns, Program } from "./ownership-signs.ts";

/** The processes of a harness, by which one below them can be proven to be the same agent. */
export type Owner = readonly ProcessRow[];

/** A process that may be an owner's background child: below it, or one of those that carry a command's mark. */
export type Candidate = {
  readonly process: ProcessRow;
  readonly agent: string;
  readonly via: Tie | ReadonlySet<number>;
  readonly threads: Iterable<string>;
};

/** Agents that keep a record of themselves. One of which none was found has only just started, or keeps it elsewhere. */
const recordKeepers: ReadonlySet<string> = new Set(["claude"]);

const interpreters: ReadonlySet<string> = new Set(
  "perl ruby java php lua luajit dotnet mono wine wine64 R julia erl beam.smp tclsh guile".split(" "),
);
const shells: ReadonlySet<string> = new Set(
  "sh bash dash ash zsh fish ksh ksh93 mksh yash tcsh csh busybox toybox nu xonsh pwsh".split(" "),
);

const fileName = (exe: string): string => baseName(exe.replace(/ \(deleted\)$/, ""));

/** A program that runs others: that two processes run it says nothing of what they are. */
function runsOthers(exe: string): boolean {
  const name = fileName(exe);
  const plain = name.replace(/[-.]?v?\d[\d.]*$/, "");
  return launcherCalled(name, knownPrograms) !== undefined || [name, plain].some((one) => interpreters.has(one) || shells.has(one));
}

/** A file that is an agent's program and nothing else. `code` alone is an editor, too. */
const isAgentFile = (exe: string): boolean => agentOf([exe.replace(/ \(deleted\)$/, "")]) !== undefined;

/** The file of a program that is one agent's and no other's. What is called `code`, runs no script and is told to resume is Every Code. */
function ownFile({ argv }: ProcessRow, { exe }: Program): string | undefined {
  const isCode = fileName(exe.path) === "code" && agentOf(argv) !== undefined && !isLaunched(argv);
  return isCode || !runsOthers(exe.path) ? exe.file : undefined;
}

/** A shell, a runtime or their like that calls itself an agent, and was not seen to run one's script. */
export function onlyCallsItself(process: ProcessRow, program: Program): boolean {
  return !isLaunched(process.argv) && ownFile(process, program) === undefined;
}

/** Is it an agent by its program's file, or by the script or package that its runtime runs? */
function isProvenAgent({ exe, script }: Program, owner: Owner, programs: OwnershipSigns["programs"]): boolean {
  if (isAgentFile(exe.path)) return true;
  const own = owner.flatMap((process) => {
    const program = programs.get(process.pid);
    return program?.seen === true ? [{ file: ownFile(process, program.value), script: program.value.script?.file }] : [];
  });
  if (own.some(({ file }) => file === exe.file)) return true;
  if (script === undefined || !runsOthers(exe.path)) return false;
  return packageAgentOf(script.path) !== undefined || own.some((one) => one.script === script.file);
}

/** Locks that say nothing of whose a process is: the writer lock of its own thread, of its scratch directory, of a database that it reads. */
function isOwnLock(path: string, threads: ReadonlySet<string>): boolean {
  if (/\/tmp\/arg0[^/]*\/[^/]+\/\.lock$/.test(path) || path.endsWith("-shm")) return true;
  const thread = /\/thread-writer-locks\/([^/]+?)(?:\.coordination)?\.lock$/.exec(path)?.[1];
  return thread !== undefined && threads.has(thread);
}

/** Whether the line above a child has come to what it is the child of: its harness, or the edge of the marked ones. */
function isEdge(above: ProcessRow, { via }: Candidate, owner: Owner): boolean {
  if (owner.some(({ pid }) => pid === above.pid)) return true;
  return typeof via !== "string" && !via.has(above.pid);
}

/** The process between a child and its harness that may have started it for a purpose of its own; undefined where there is none. */
function strangerBetween(tree: ProcessTree, candidate: Candidate, owner: Owner, ended: ReadonlySet<number>): ProcessRow | undefined {
  for (const above of chainAbove(tree, candidate.process.pid)) {
    if (isEdge(above, candidate, owner)) return undefined;
    if (!ended.has(above.pid) && !isCarrierOfOurs({ argv: above.argv, comm: "" }, knownPrograms)) return above;
  }
  return undefined;
}

/** What keeps a process that is an agent of the harness from being its alone: a registration, a terminal, a lock. */
function ownThing(signs: OwnershipSigns, { process, agent, threads }: Candidate, { locked }: Program, owner: Owner): string | undefined {
  const own = new Set(threads);
  if (signs.registeredPids.has(process.pid) || [...own].some((thread) => signs.registered.has(thread))) return "it is registered";
  if (recordKeepers.has(agent)) return `${agent} keeps a record of itself, and this one's was not found`;
  if (signs.unread !== undefined) return `whether it is registered cannot be seen: ${signs.unread}`;
  if (process.terminal !== 0 && !owner.some(({ terminal }) => terminal === process.terminal)) return "it has a terminal of its own";
  if (!locked.seen) return `its locks cannot be seen: ${locked.why}`;
  const lock = locked.value.find((path) => !isOwnLock(path, own));
  return lock === undefined ? undefined : `it has locked ${lock}`;
}

/**
 * Why a process below a harness is not ended with it; undefined where it is proven to be an agent that belongs to this
 * harness alone. `ended` are those above it that are ended, too.
 */
export function whyLeft(signs: OwnershipSigns, candidate: Candidate, owner: Owner, ended: ReadonlySet<number>): string | undefined {
  const { process, via } = candidate;
  const program = signs.programs.get(process.pid);
  if (program?.seen !== true) return `its program cannot be seen${program === undefined ? "" : `: ${program.why}`}`;
  if (!isProvenAgent(program.value, owner, signs.programs)) return `${fileName(program.value.exe.path)} is not proven to be an agent`;
  if (via === "kernel-session") return "its parent has ended, and another may have started it";
  const between = strangerBetween(signs.tree, candidate, owner, ended);
  if (between !== undefined) return `pid ${between.pid} (${baseName(between.argv[0] ?? "")}) stands between`;
  return ownThing(signs, candidate, program.value, owner);
}
