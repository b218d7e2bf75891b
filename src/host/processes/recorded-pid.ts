import { readFileSync, readlinkSync } from "node:fs";
import { scriptOf } from "../../core/agents/agents.ts";
import { argvOf } from "../../core/agents/mention-table.ts";
import { seen, unseen, type Observed, type PidObservation, type ProcessTable } from "../../core/evidence.ts";
import type { InnerProcess } from "../../core/agents/agent-process.ts";
import { errorCode, isMissing, look, formatError } from "../observed.ts";
import { pidExists } from "./pids.ts";
import { readStat } from "./proc-stat.ts";
import { isZombie, livingThread } from "./threads.ts";
import { isOwnTime } from "./time-namespace.ts";

/** What a process can be called by. `place` is that of a thread of it that runs. */
function namesOf(place: string, comm: string): readonly string[] {
  const argv = argvOf(readFileSync(`/proc/${place}/cmdline`, "utf8"));
  const names = [comm, argv[0] ?? "", scriptOf(argv) ?? ""];
  try {
    names.push(readlinkSync(`/proc/${place}/exe`).replace(/ \(deleted\)$/, ""));
  } catch (error) {
    // Another user's executable may not be looked at (EACCES): comm and argv have been seen, and they are names, too.
    if (errorCode(error) !== "EACCES" && errorCode(error) !== "EPERM" && !isMissing(error)) throw error;
  }
  return names.filter((name) => name !== "");
}

const gone: Observed<PidObservation> = seen({ kind: "gone" });

/** One that `/proc` does not list is asked for first: a failed open is dearer than a failed kill. */
export function lookAtPid(pid: number, isListed: boolean): Observed<PidObservation> {
  try {
    if (!isListed && !pidExists(pid)) return gone;
    const stat = readStat(pid);
    const thread = look(`the threads of pid ${pid}`, () => livingThread(pid, stat));
    return seen({
      kind: "there",
      state: thread.seen ? seen(thread.value.state) : thread,
      startTicks: seen(stat.startTicks),
      ownTime: isOwnTime(pid),
      kernelThread: stat.kernelThread,
      names: look("its names", () => namesOf(thread.seen ? thread.value.place : String(pid), stat.comm)),
    });
  } catch (error) {
    if (!isMissing(error)) return unseen(formatError(error));
    const hidden = unseen(`/proc hides pid ${pid}`);
    return look(`pid ${pid}`, () =>
      pidExists(pid)
        ? { kind: "there", state: hidden, startTicks: hidden, ownTime: false, kernelThread: false, names: hidden }
        : { kind: "gone" },
    );
  }
}

/** These pids, without a look at the whole table. */
export function lookAtPids(pids: Iterable<number>): ProcessTable["pids"] {
  return new Map(Array.from(pids, (pid) => [pid, lookAtPid(pid, true)]));
}

/**
 * Processes of pid namespaces below ours, by every pid that they have there: a container can stand in a container. Zombies
 * are left out: the init of many a container never asks for them.
 */
export function readInner(pids: readonly number[], agents: ReadonlySet<number>): ProcessTable["innerPids"] {
  const inner = new Map<number, InnerProcess[]>();
  for (const pid of pids) {
    try {
      const numbers = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split(/\s+/);
      if (numbers === undefined) return unseen("this kernel does not tell NSpid");
      const below = numbers.slice(1).map(Number);
      if (below.length === 0) continue;
      const stat = readStat(pid);
      if (isZombie(pid, stat)) continue;
      const found = { pid, startTicks: stat.startTicks, ownTime: isOwnTime(pid), agent: agents.has(pid) };
      for (const number of new Set(below)) inner.set(number, [...(inner.get(number) ?? []), found]);
    } catch (error) {
      if (!isMissing(error)) return unseen(`NSpid of pid ${pid}: ${formatError(error)}`);
    }
  }
  return seen(inner);
}
