import { readFileSync, readlinkSync } from "node:fs";
import type { SelfTest } from "../../core/self-check.ts";
import { seen, type Clock, type Here, type Observed } from "../../core/evidence.ts";
import { errorCode, look, formatError } from "../observed.ts";
import { pidExists } from "./pids.ts";
import { readStat } from "./proc-stat.ts";

/** The pid namespace that the kernel made at boot has this fixed inode (`PROC_PID_INIT_INO`, include/linux/proc_ns.h). */
const initialPidNamespace = "4026531836";

/** One above the largest pid that any Linux hands out (`PID_MAX_LIMIT`, 2^22). */
const impossiblePid = 4_194_305;

export function readClock(): Clock {
  return {
    wallMs: seen(Date.now()),
    bootMs: look("/proc/uptime", () => Math.round(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000)),
    // libuv reads CLOCK_MONOTONIC, which on Linux counts from boot and stands still while the machine is suspended.
    awakeMs: seen(Math.round(Number(process.hrtime.bigint() / 1_000_000n))),
  };
}

/** What `node:os` calls this host, where `/proc` shows it without loading that. */
export function hostName(): string {
  const shown = process.platform === "linux" ? look("the host's name", () => readFileSync("/proc/sys/kernel/hostname", "utf8")) : undefined;
  return shown?.seen === true ? shown.value.trimEnd() : process.getBuiltinModule("node:os").hostname();
}

/** What no process sees change is looked for until it has been seen, and no more. */
function lasting<T>(what: string, get: () => T): () => Observed<T> {
  let before: Observed<T> | undefined;
  return () => (before?.seen === true ? before : (before = look(what, get)));
}

const bootId = lasting("the boot id", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
const machineId = lasting("the machine id", () => readFileSync("/etc/machine-id", "utf8").trim());
const pidNamespace = lasting("our own pid namespace", () => {
  const link = readlinkSync("/proc/self/ns/pid");
  const inode = link.slice("pid:[".length, -1);
  if (link !== `pid:[${inode}]` || !(Number(inode) > 0)) throw new Error("a namespace in an unknown shape");
  return { inode, initial: inode === initialPidNamespace };
});

const timeNamespace = lasting("our own time namespace", () => {
  try {
    return readlinkSync("/proc/self/ns/time");
  } catch (error) {
    // A kernel without time namespaces has one clock for all.
    if (errorCode(error) === "ENOENT") return "none";
    throw error;
  }
});

export function lookHere(name: string): Here {
  return { hostname: name, bootId: bootId(), machineId: machineId(), pidNamespace: pidNamespace(), timeNamespace: timeNamespace() };
}

export function selfTest(): SelfTest {
  const test = (): SelfTest["ownPidSeen"] => {
    try {
      const shown = readlinkSync("/proc/self");
      if (shown !== String(process.pid)) return { ok: false, why: `it is pid ${process.pid}, and /proc shows it as ${shown}` };
      const [byPid, bySelf] = [readStat(process.pid), readStat("self")];
      if (byPid.startTicks !== bySelf.startTicks) return { ok: false, why: `/proc/${process.pid} is another process` };
      return { ok: true };
    } catch (error) {
      return { ok: false, why: formatError(error) };
    }
  };
  return { pid: process.pid, ownPidSeen: test(), impossiblePidSeen: pidExists(impossiblePid) };
}
