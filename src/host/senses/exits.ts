import type { ChildProcess } from "node:child_process";
import { perlCall } from "../programs/perl.ts";
import { startOfPid } from "../processes/threads.ts";
import exitsProgram from "./exits.pl";
import type { Exits, ProcessId } from "./senses.ts";

/** How often, in ms, a process is looked at of which no descriptor can be had: a stat, nothing else is read. */
const lookEveryMs = 1_000;

const nameOf = ({ pid, startTicks }: ProcessId): string => `${pid}:${startTicks}`;

function idIn(name: string): ProcessId {
  const [pid = "", startTicks = ""] = name.split(":");
  return { pid: Number(pid), startTicks };
}

type Helper = { readonly send: (text: string) => void; readonly end: () => void };

/** Starts the program that holds pidfds; `onLines` hears what it answers, and an empty list when it has ended or there is none. */
async function startHelper(perl: string, onLines: (lines: readonly string[]) => void): Promise<Helper | undefined> {
  if (process.platform !== "linux") return undefined;
  const { spawn } = await import("node:child_process");
  const { args, env } = perlCall(exitsProgram);
  const child: ChildProcess = spawn(perl, args, { stdio: ["pipe", "pipe", "ignore"], env });
  let rest = "";
  let isOver = false;
  const over = (): void => {
    if (!isOver) onLines([]);
    isOver = true;
  };
  // Not its exit: what it said last may be read after that.
  child.once("error", over).once("close", over);
  child.stdin?.on("error", over);
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const parts = `${rest}${text}`.split("\n");
    rest = parts.pop() ?? "";
    if (parts.length > 0) onLines(parts);
  });
  return { send: (text) => void (isOver || child.stdin?.write(text)), end: () => void child.stdin?.end() };
}

/** Tells of each kept process once when it has ended: through pidfds where perl is, else by a poll. A pid alone is no process. */
export function watchExits(onExit: (ended: readonly ProcessId[]) => void, perl = "perl"): Exits {
  let kept = new Set<string>();
  let polled = new Set<string>();
  let helper: Helper | undefined;
  let isHelped = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let know: (how: "pidfd" | "poll") => void = () => undefined;
  const known = new Promise<"pidfd" | "poll">((resolve) => (know = resolve));

  function end(names: readonly string[]): void {
    const ended = names.filter((name) => kept.delete(name));
    for (const name of ended) polled.delete(name);
    if (ended.length > 0 && !isClosed) onExit(ended.map(idIn));
  }
  function poll(): void {
    timer = undefined;
    end([...polled].filter((name) => startOfPid(idIn(name).pid) !== idIn(name).startTicks));
    pollSoon();
  }
  function pollSoon(): void {
    if (polled.size > 0 && timer === undefined && !isClosed) timer = setTimeout(poll, lookEveryMs);
  }
  function pollAll(names: Iterable<string>): void {
    polled = new Set([...polled, ...names]);
    pollSoon();
  }
  function hear(lines: readonly string[]): void {
    if (lines.length === 0 || lines[0]?.startsWith("unsupported") === true) {
      isHelped = false;
      know("poll");
      pollAll(kept);
      return;
    }
    if (lines[0] === "here") {
      isHelped = true;
      know("pidfd");
      helper?.send([...kept].map((name) => `+${name}\n`).join(""));
      polled = new Set();
    }
    pollAll(lines.filter((line) => line.startsWith("unheld ")).flatMap((line) => (kept.has(line.slice(7)) ? [line.slice(7)] : [])));
    end(lines.flatMap((line) => (line.startsWith("gone ") ? [line.slice(5)] : [])));
  }

  async function start(): Promise<void> {
    helper = await startHelper(perl, hear);
    if (helper === undefined) hear([]);
    if (isClosed) helper?.end();
  }
  start().catch(() => hear([]));

  return {
    keep: (processes) => {
      const wanted = new Set(processes.map(nameOf));
      const added = [...wanted].filter((name) => !kept.has(name));
      const dropped = [...kept].filter((name) => !wanted.has(name));
      kept = wanted;
      for (const name of dropped) polled.delete(name);
      if (isHelped) helper?.send([...dropped.map((name) => `-${name}\n`), ...added.map((name) => `+${name}\n`)].join(""));
      else pollAll(added);
    },
    ready: () => known,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      helper?.end();
    },
  };
}
