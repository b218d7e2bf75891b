import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { agentOf, argvHas, baseName, mayBeAgent, scriptOf } from "../../core/agents/agents.ts";
import {
  seen,
  unseen,
  type AgentProcess,
  type AppServerProcess,
  type InnerProcess,
  type Observed,
  type PidObservation,
  type ProcessTable,
} from "../../core/evidence.ts";
import { errorCode, look, formatError } from "../observed.ts";
import { pidExists } from "./pids.ts";
import { readStat } from "./proc-stat.ts";

function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH";
}

const readCommandLine = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");

function argvOf(text: string): readonly string[] {
  return text === "" ? [] : (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}

/**
 * What a process can be called by, the agent that its argv or its executable runs included. Claude's executable is
 * called by its version and kept in `…/claude/versions/`; Codex's can carry its platform in its name.
 */
function namesOf(pid: number, comm: string): readonly string[] {
  const argv = argvOf(readCommandLine(pid));
  const script = scriptOf(argv);
  const names = [comm, baseName(argv[0] ?? ""), script === undefined ? "" : baseName(script), agentOf(argv) ?? ""];
  try {
    const parts = readlinkSync(`/proc/${pid}/exe`)
      .replace(/ \(deleted\)$/, "")
      .split("/");
    names.push(parts.at(-1) ?? "", agentOf([parts.at(-1) ?? ""]) ?? "");
    if (parts.at(-2) === "versions") names.push(parts.at(-3) ?? "");
  } catch (error) {
    // Another user's executable may not be looked at (EACCES): comm and argv have been seen, and they are names, too.
    if (errorCode(error) !== "EACCES" && errorCode(error) !== "EPERM" && !isMissing(error)) throw error;
  }
  return names.filter((name) => name !== "");
}

const gone: Observed<PidObservation> = seen({ kind: "gone" });

/** One that `/proc` does not list is asked for first: a failed open is dearer than a failed kill. */
function lookAtPid(pid: number, isListed: boolean): Observed<PidObservation> {
  try {
    if (!isListed && !pidExists(pid)) return gone;
    const stat = readStat(pid);
    return seen({
      kind: "there",
      state: seen(stat.state),
      startTicks: seen(stat.startTicks),
      names: look("its names", () => namesOf(pid, stat.comm)),
    });
  } catch (error) {
    if (!isMissing(error)) return unseen(formatError(error));
    const hidden = unseen(`/proc hides pid ${pid}`);
    return look(`pid ${pid}`, () =>
      pidExists(pid) ? { kind: "there", state: hidden, startTicks: hidden, names: hidden } : { kind: "gone" },
    );
  }
}

/** When the process with this pid started, in ticks; undefined when there is none, or only a zombie. */
export function startOfPid(pid: number): string | undefined {
  const stat = look(`pid ${pid}`, () => readStat(pid));
  return stat.seen && !"ZX".includes(stat.value.state) ? stat.value.startTicks : undefined;
}

export function ancestorsOf(pid: number): ReadonlySet<number> {
  const chain = new Set<number>();
  for (let next = pid; next > 1 && !chain.has(next);) {
    chain.add(next);
    try {
      next = readStat(next).parentPid;
    } catch {
      break;
    }
  }
  return chain;
}

function describeAgent(pid: number, agent: string, argv: readonly string[]): AgentProcess {
  const { parentPid, kernelSession, terminal, startTicks } = readStat(pid);
  return { pid, agent, argv, parentPid, kernelSession, terminal, startTicks, uid: statSync(`/proc/${pid}`).uid };
}

function readInner(pids: readonly number[], agents: ReadonlySet<number>): Observed<ReadonlyMap<number, readonly InnerProcess[]>> {
  const inner = new Map<number, InnerProcess[]>();
  for (const pid of pids) {
    try {
      const numbers = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split(/\s+/);
      if (numbers === undefined) return unseen("this kernel does not tell NSpid");
      if (numbers.length < 2) continue;
      const innermost = Number(numbers.at(-1));
      const found = { pid, startTicks: readStat(pid).startTicks, agent: agents.has(pid) };
      inner.set(innermost, [...(inner.get(innermost) ?? []), found]);
    } catch (error) {
      if (!isMissing(error)) return unseen(`NSpid of pid ${pid}: ${formatError(error)}`);
    }
  }
  return seen(inner);
}

function listPids(): readonly number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (pid > 0) pids.push(pid);
  }
  return pids;
}

/** Every pid that `/proc` lists now. */
export function livingPids(): ReadonlySet<number> | undefined {
  const listed = look("the process table", listPids);
  return listed.seen ? new Set(listed.value) : undefined;
}

export type ProcessQuestion = {
  readonly pids: ReadonlySet<number>;
  /** Owners to look for: whole argv tokens in order. */
  readonly owners: readonly (readonly string[])[];
};

export type ProcessAnswer = {
  readonly table: ProcessTable;
  /** Pids that match each of the asked owners, in the same order. */
  readonly owners: readonly (readonly number[])[];
};

/** Most command lines are of no agent, and need not be cut into arguments to see that. */
function matters(text: string, { owners }: ProcessQuestion): boolean {
  if (text === "") return false;
  if (text.includes("app-server") || mayBeAgent(text)) return true;
  return owners.some((wanted) => wanted.every((token) => text.includes(token)));
}

/** The positive controls: what must be there is seen, or absence proves nothing. */
function controlled(pids: ReadonlySet<number>, problem: string | undefined): Observed<true> {
  if (problem !== undefined) return unseen(problem);
  const missing = [process.pid, process.ppid, 1].find((pid) => pid !== 0 && !pids.has(pid));
  return missing === undefined ? seen(true) : unseen(`pid ${missing} must be there and is not seen: /proc hides processes from us`);
}

/**
 * One look at the process table, synchronous and without a child process: reading 20,000 processes with promises lost
 * half of them silently (EMFILE). A process that ends meanwhile is no problem; one that refuses to be read is.
 */
export function lookAtProcesses(question: ProcessQuestion): Observed<ProcessAnswer> {
  const listing = look("the process table", listPids);
  if (!listing.seen) return listing;
  const pids = listing.value;
  const listed = new Set(pids);
  const agents: AgentProcess[] = [];
  const appServers: AppServerProcess[] = [];
  const owners: number[][] = question.owners.map(() => []);
  let problem: string | undefined;
  for (const pid of pids) {
    try {
      const text = readCommandLine(pid);
      if (pid === process.pid || !matters(text, question)) continue;
      const argv = argvOf(text);
      const agent = agentOf(argv);
      if (agent !== undefined) agents.push(describeAgent(pid, agent, argv));
      if (argv.includes("app-server")) appServers.push({ pid, argv, startTicks: readStat(pid).startTicks });
      for (const [index, wanted] of question.owners.entries()) if (argvHas(argv, wanted)) owners[index]?.push(pid);
    } catch (error) {
      if (!isMissing(error)) problem = `pid ${pid} could not be read: ${formatError(error)}`;
    }
  }
  const complete = controlled(listed, problem);
  const observations = new Map<number, Observed<PidObservation>>();
  for (const pid of question.pids) observations.set(pid, lookAtPid(pid, listed.has(pid)));
  // Only a recorded pid can be a container's, so without one no NSpid is read.
  const containers = (): ProcessTable["innerPids"] => readInner(pids, new Set(agents.map(({ pid }) => pid)));
  const innerPids = !complete.seen ? complete : question.pids.size > 0 ? containers() : seen(new Map<number, readonly InnerProcess[]>());
  return seen({ table: { complete, pids: observations, agents, appServers, innerPids, ancestors: ancestorsOf(process.pid) }, owners });
}
