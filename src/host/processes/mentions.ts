import { readlinkSync, statSync } from "node:fs";
import { agentOf } from "../../core/agents/agents.ts";
import { isCarrierOfOurs } from "../../core/agents/carriers.ts";
import { argvOf, mentionTable, withOpenFiles, type MentionQuestion } from "../../core/agents/mention-table.ts";
import { idsInPath } from "../../core/agents/mentions/carried.ts";
import type { ProgramLists } from "../../core/agents/programs.ts";
import type { Carrier, Mentions, Observed } from "../../core/evidence.ts";
import type { AgentProcess } from "../../core/agents/agent-process.ts";
import { formatError, isMissing, look } from "../observed.ts";
import { isOpenForWriting, openFilesOf } from "./open-files.ts";
import { listPids } from "./pids.ts";
import { readStat } from "./proc-stat.ts";
import { readCommandLine } from "./threads.ts";

/** The unbroken line of shells and wrappers above us, from our parent on. What cannot be read ends it. */
function lineAbove(programs: ProgramLists): ReadonlySet<number> {
  const line = new Set<number>();
  const up = (pid: number): void => {
    const { comm, parentPid } = readStat(pid);
    if (pid <= 1 || line.has(pid) || !isCarrierOfOurs({ argv: argvOf(readCommandLine(pid)), comm }, programs)) return;
    line.add(pid);
    up(parentPid);
  };
  look("the processes above us", () => up(readStat("self").parentPid));
  return line;
}

/** Whether a process serves this run, so that an id which it carries says nothing. */
export type IsOurs = (pid: number) => boolean;

/** Whether this run has started a process, or what started it. */
export function hasStarted(pid: number): boolean {
  const descends = (next: number): boolean => next === process.pid || (next > 1 && descends(readStat(next).parentPid));
  const line = look("the processes above it", () => descends(pid));
  return line.seen && line.value;
}

/** Whether a process holds a file of this session open for writing. */
function writesOf(pid: number, id: string, { sought }: MentionQuestion): Observed<boolean> {
  const files = look(`the open files of pid ${pid}`, () => openFilesOf(pid).filter(({ path }) => idsInPath(path, sought).includes(id)));
  if (!files.seen) return files;
  const writing = files.value.map(({ fd }) => isOpenForWriting(pid, fd));
  return writing.find((one) => !one.seen || one.value) ?? { seen: true, value: false };
}

/** One look at what processes carry, fed by the code that goes over the processes. */
export type MentionLook = {
  readonly commandLine: (pid: number, text: string) => void;
  readonly agentFiles: (agent: Pick<AgentProcess, "pid" | "argv">) => void;
  readonly allFiles: () => void;
  readonly result: (files: Mentions["files"]) => Mentions;
};

export function mentionLook(question: MentionQuestion, isOurs: IsOurs): MentionLook {
  const table = mentionTable(question);
  let line: ReadonlySet<number> | undefined;
  const carrier = (pid: number, argv: readonly string[]): Carrier => {
    line ??= lineAbove(question.programs);
    const kin = line.has(pid) ? "between" : isOurs(pid) ? "ours" : "none";
    const exe = look("its program", () => readlinkSync(`/proc/${pid}/exe`));
    const { comm, startTicks } = readStat(pid);
    return { pid, startTicks, uid: statSync(`/proc/${pid}`).uid, comm, argv, exe, kin };
  };
  const filesOf = (pid: number, argv: () => readonly string[]): void => {
    for (const { fd, path } of openFilesOf(pid)) {
      table.openFile(
        path,
        () => carrier(pid, argv()),
        () => isOpenForWriting(pid, fd),
      );
    }
  };
  /** The open files of one process. Of an agent's it is noted that they may not be looked at. */
  const tryFiles = (pid: number, argv: () => readonly string[]): void => {
    try {
      filesOf(pid, argv);
    } catch (error) {
      if (isMissing(error) || agentOf(argv(), question.programs) === undefined) return;
      table.closed({ carrier: carrier(pid, argv()), why: formatError(error) });
    }
  };
  return {
    commandLine: (pid, text) => {
      table.commandLine(
        text,
        () => carrier(pid, argvOf(text)),
        (id) => writesOf(pid, id, question),
      );
    },
    agentFiles: ({ pid, argv }) => tryFiles(pid, () => argv),
    allFiles: () => {
      for (const pid of listPids()) if (pid !== process.pid) tryFiles(pid, () => argvOf(readCommandLine(pid)));
    },
    result: table.result,
  };
}

/** The open files of all processes, looked at for the same ids. What their arguments carry was seen before. */
export function lookAtAllFiles(question: MentionQuestion, before: Mentions, isOurs: IsOurs = hasStarted): Observed<Mentions> {
  return look("the open files of all processes", () => {
    const files = mentionLook(question, isOurs);
    files.allFiles();
    return withOpenFiles(before, files.result("all"));
  });
}
