import { agentOf } from "../../core/agents/agents.ts";
import { argvHas } from "../../core/agents/argv.ts";
import { isAppServer } from "../../core/app-servers.ts";
import { mentionTable, type MentionQuestion } from "../../core/agents/mention-table.ts";
import type { SelfTest } from "../../core/self-check.ts";
import {
  seen,
  unseen,
  type Carrier,
  type Clock,
  type FileLocks,
  type Here,
  type Mentions,
  type Observed,
  type PidObservation,
  type ProcessTable,
} from "../../core/evidence.ts";
import type { AgentProcess } from "../../core/agents/agent-process.ts";
import type { ProcessAnswer, ProcessQuestion } from "./linux.ts";
import { formatError } from "../observed.ts";
import { searchPath } from "../search-path.ts";
import { pidExists } from "./pids.ts";

/** There are no start ticks here: only whether the process is there. */
export function startOfPid(pid: number): string | undefined {
  return pidExists(pid) ? "0" : undefined;
}

/** Which pids are there is asked one by one here. */
export function livingPids(): undefined {
  return undefined;
}

const noProc = "this system has no /proc";

/** Whose the processes are is asked in the one look. */
export function usersHere(): undefined {
  return undefined;
}

/** What another process was told when it started is not shown here. */
export function configDirectories(): readonly never[] {
  return [];
}

/** Owners are told apart by start ticks and kernel sessions, which `ps` does not give. */
export function lookAtTree(): Observed<never> {
  return unseen(noProc);
}

export function readClock(): Clock {
  const awakeMs = Math.round(Number(process.hrtime.bigint() / 1_000_000n));
  return { wallMs: seen(Date.now()), bootMs: seen(awakeMs), awakeMs: seen(awakeMs) };
}

export function lookHere(hostname: string): Here {
  // Where there is no /proc there are no pid namespaces either, so ours is the only one.
  return { hostname, bootId: unseen(noProc), pidNamespace: seen({ inode: "0", initial: true }) };
}

export function selfTest(): SelfTest {
  const ownPidSeen: SelfTest["ownPidSeen"] = pidExists(process.pid) ? { ok: true } : { ok: false, why: "our own pid is not there" };
  return { pid: process.pid, ownPidSeen, impossiblePidSeen: pidExists(2 ** 31 - 2) };
}

function lookAtPid(pid: number): PidObservation {
  if (!pidExists(pid)) return { kind: "gone" };
  return { kind: "there", state: unseen(noProc), startTicks: unseen(noProc), ownTime: true, kernelThread: false, names: unseen(noProc) };
}

/** There are no start ticks here, so no process can be told from a later one of its pid. */
export function lookAtPids(pids: Iterable<number>): ProcessTable["pids"] {
  return new Map(Array.from(pids, (pid) => [pid, seen(lookAtPid(pid))]));
}

/** ps-list skips rows that it cannot parse, so a second, plain list of pids says whether any is missing from it. */
async function plainPids(): Promise<readonly number[]> {
  const { execa } = await import("execa");
  const { stdout } = await execa("ps", ["-axo", "pid="], { cwd: "/" });
  return stdout.split("\n").map((line) => Number(line.trim()));
}

function missingRow(pids: readonly number[], listed: ReadonlySet<number>): string | undefined {
  const missing = pids.find((pid) => !listed.has(pid) && pidExists(pid));
  return missing === undefined ? undefined : `pid ${missing} is there, but the list of processes does not show it`;
}

type Row = { readonly pid: number; readonly uid: number | undefined; readonly argv: readonly string[] };

const carrierOf =
  (ancestors: ReadonlySet<number>) =>
  ({ pid, uid, argv }: Row): Carrier => ({
    pid,
    startTicks: "0",
    uid: uid ?? -1,
    comm: "",
    argv,
    exe: unseen(noProc),
    kin: ancestors.has(pid) ? "between" : "none",
  });

/** Arguments only: which files a process holds open is not told here, so of agents that is a doubt. */
function mentionsAmong(carriers: readonly Carrier[], question: MentionQuestion): Mentions {
  const table = mentionTable(question);
  for (const carrier of carriers) {
    table.commandLine(
      carrier.argv.join("\0"),
      () => carrier,
      () => unseen(noProc),
    );
    if (agentOf(carrier.argv, question.programs) !== undefined) table.closed({ carrier, why: noProc });
  }
  return table.result("agents");
}

/** Open files are not told here, whosever they are. */
export function lookAtAllFiles(_: MentionQuestion, before: Mentions): Observed<Mentions> {
  return seen({ ...before, files: "all" });
}

/** Locks are not told here, whosever they are. */
export function lookAtLocks(): Observed<FileLocks> {
  return seen(new Map());
}

/** The process table where there is no `/proc`: no start ticks, and argv as `ps` prints it, split at spaces. */
export async function lookAtProcesses(question: ProcessQuestion): Promise<Observed<ProcessAnswer>> {
  try {
    const { default: psList } = await import("ps-list");
    // ps-list finds its program on the PATH of this process, and takes no other.
    const path = searchPath();
    if (path !== undefined) process.env["PATH"] = path;
    // The plain list first: what it holds must still show afterwards, what starts later need not be in it.
    const before = await plainPids();
    const rows = await psList();
    const listed = new Set(rows.map(({ pid }) => pid));
    const problem = missingRow(before, listed);
    const processes = rows.map(({ pid, ppid, uid, cmd, name }) => ({ pid, ppid, uid, argv: (cmd ?? name).split(" ") }));
    const agents = processes.flatMap(({ pid, ppid, uid, argv }): readonly AgentProcess[] => {
      const agent = agentOf(argv, question.programs);
      if (agent === undefined || pid === process.pid) return [];
      return [{ pid, agent, argv, parentPid: ppid, processGroup: 0, kernelSession: 0, terminal: 0, startTicks: "0", uid: uid ?? -1 }];
    });
    const parents = new Map(processes.map(({ pid, ppid }) => [pid, ppid]));
    const ancestors = new Set<number>();
    for (let pid: number | undefined = process.pid; pid !== undefined && pid > 1 && !ancestors.has(pid); pid = parents.get(pid))
      ancestors.add(pid);
    const carriers = processes.filter(({ pid }) => pid !== process.pid).map(carrierOf(ancestors));
    const control = [process.pid, process.ppid, 1].find((pid) => !listed.has(pid));
    const why = problem ?? (control === undefined ? undefined : `pid ${control} must be there and is not seen`);
    return seen({
      table: {
        complete: why === undefined ? seen(true) : unseen(why),
        pids: new Map([...question.pids].map((pid) => [pid, seen(lookAtPid(pid))])),
        agents,
        appServers: processes.filter(({ argv }) => isAppServer(argv)).map(({ pid, argv }) => ({ pid, argv, startTicks: "0" })),
        innerPids: seen(new Map()),
        ancestors,
      },
      mentions: mentionsAmong(carriers, question),
      owners: question.owners.map((wanted) => processes.filter(({ argv }) => argvHas(argv, wanted)).map(({ pid }) => pid)),
    });
  } catch (error) {
    return unseen(`the process table: ${formatError(error)}`);
  }
}
