import { readlinkSync, statSync } from "node:fs";
import { agentOf, mayBeAgent } from "../../core/agents/agents.ts";
import { argvHas } from "../../core/agents/argv.ts";
import { isAppServer } from "../../core/app-servers.ts";
import { argvOf, type MentionQuestion } from "../../core/agents/mention-table.ts";
import { seen, unseen, type Mentions, type Observed, type PidObservation, type ProcessTable } from "../../core/evidence.ts";
import type { AgentProcess, AppServerProcess, InnerProcess } from "../../core/agents/agent-process.ts";
import { isMissing, look, formatError } from "../observed.ts";
import { hasStarted, mentionLook, type IsOurs } from "./mentions.ts";
import { listPids } from "./pids.ts";
import { readStat } from "./proc-stat.ts";
import { sleepSync } from "../sleep-sync.ts";
import { lookAtPid, readInner } from "./recorded-pid.ts";
import { readCommandLine } from "./threads.ts";

/** A process, its parent, and so on up to the first process of the pid namespace. */
export function ancestorsOf(pid: number): ReadonlySet<number> {
  const chain = new Set<number>();
  for (let next = pid; next > 0 && !chain.has(next);) {
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
  const { parentPid, processGroup, kernelSession, terminal, startTicks } = readStat(pid);
  return { pid, agent, argv, parentPid, processGroup, kernelSession, terminal, startTicks, uid: statSync(`/proc/${pid}`).uid };
}

/** Every pid that `/proc` lists now. */
export function livingPids(): ReadonlySet<number> | undefined {
  const listed = look("the process table", listPids);
  return listed.seen ? new Set(listed.value) : undefined;
}

/** Every user who has a process. `/proc` shows those of others only where it is not mounted with `hidepid`. */
export function usersHere(): ReadonlySet<number> | undefined {
  const users = new Set<number>();
  for (const pid of livingPids() ?? []) {
    const stat = statSync(`/proc/${pid}`, { throwIfNoEntry: false });
    if (stat !== undefined) users.add(stat.uid);
  }
  return users.size === 0 ? undefined : users;
}

export type ProcessQuestion = MentionQuestion & {
  readonly pids: ReadonlySet<number>;
  /** Owners to look for: whole argv tokens in order. */
  readonly owners: readonly (readonly string[])[];
};

export type ProcessAnswer = {
  readonly table: ProcessTable;
  readonly mentions: Mentions;
  /** Pids that match each of the asked owners, in the same order. */
  readonly owners: readonly (readonly number[])[];
};

/** Most command lines are of no agent, and need not be cut into arguments to see that. */
function matters(text: string, { owners, programs }: ProcessQuestion): boolean {
  if (text === "") return false;
  if (text.includes("app-server") || mayBeAgent(text) || programs.declared.length > 0) return true;
  return owners.some((wanted) => wanted.every((token) => text.includes(token)));
}

/** While a process starts another program in its place, the kernel shows no arguments of it: after so many ms it is looked at again. */
const pausesMs = [1, 4, 16];

/** Whether a process that shows no arguments runs a program: threads of the kernel and zombies run none. */
function runsProgram(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return true;
  } catch (error) {
    return !isMissing(error);
  }
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
export function lookAtProcesses(question: ProcessQuestion, isOurs: IsOurs = hasStarted): Observed<ProcessAnswer> {
  const listing = look("the process table", listPids);
  if (!listing.seen) return listing;
  const pids = listing.value;
  const listed = new Set(pids);
  const agents: AgentProcess[] = [];
  const appServers: AppServerProcess[] = [];
  const owners: number[][] = question.owners.map(() => []);
  const mentions = mentionLook(question, isOurs);
  let problem: string | undefined;
  const lookAt = (pid: number, text: string): void => {
    mentions.commandLine(pid, text);
    if (!matters(text, question)) return;
    const argv = argvOf(text);
    const agent = agentOf(argv, question.programs);
    if (agent !== undefined) agents.push(describeAgent(pid, agent, argv));
    if (isAppServer(argv)) appServers.push({ pid, argv, startTicks: readStat(pid).startTicks });
    for (const [index, wanted] of question.owners.entries()) if (argvHas(argv, wanted)) owners[index]?.push(pid);
  };
  /** Looks at these, and returns those that run a program and show nothing. */
  const lookAtAll = (these: readonly number[]): readonly number[] => {
    const silent: number[] = [];
    for (const pid of these) {
      try {
        const text = readCommandLine(pid);
        if (pid === process.pid) continue;
        if (text !== "") lookAt(pid, text);
        else if (runsProgram(pid)) silent.push(pid);
      } catch (error) {
        if (!isMissing(error)) problem = `pid ${pid} could not be read: ${formatError(error)}`;
      }
    }
    return silent;
  };
  let silent = lookAtAll(pids);
  for (const ms of pausesMs) {
    if (silent.length === 0) break;
    sleepSync(ms);
    silent = lookAtAll(silent);
  }
  for (const agent of agents) mentions.agentFiles(agent);
  const complete = controlled(listed, problem);
  const observations = new Map<number, Observed<PidObservation>>();
  for (const pid of question.pids) observations.set(pid, lookAtPid(pid, listed.has(pid)));
  // Only a recorded pid can be a container's, so without one no NSpid is read.
  const containers = (): ProcessTable["innerPids"] => readInner(pids, new Set(agents.map(({ pid }) => pid)));
  const innerPids = !complete.seen ? complete : question.pids.size > 0 ? containers() : seen(new Map<number, readonly InnerProcess[]>());
  const table = { complete, pids: observations, agents, appServers, innerPids, ancestors: ancestorsOf(process.pid) };
  return seen({ table, mentions: mentions.result("agents"), owners });
}
