import { readFileSync, readlinkSync } from "node:fs";
import { errorCode } from "../observed.ts";

function namespaceOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/time`);
  } catch {
    return undefined;
  }
}

/** This process's clocks are those of the machine: neither is moved in its time namespace (time_namespaces(7)). */
function isUnmoved(): boolean {
  try {
    return /^monotonic\s+0\s+0\s+boottime\s+0\s+0\s*$/.test(readFileSync("/proc/self/timens_offsets", "utf8"));
  } catch (error) {
    // A kernel without time namespaces has no such file, and one clock for all.
    return errorCode(error) === "ENOENT";
  }
}

let own: { readonly namespace: string | undefined; readonly unmoved: boolean } | undefined;

/**
 * Whether the start of a process is counted by our own clock: what it wrote down of itself is compared with what we see of
 * it only then. Where its namespace may not be read, it is taken for ours if ours moves no clock.
 */
export function isOwnTime(pid: number): boolean {
  own ??= { namespace: namespaceOf("self"), unmoved: isUnmoved() };
  const theirs = own.namespace === undefined ? undefined : namespaceOf(pid);
  return theirs === undefined ? own.unmoved : theirs === own.namespace;
}
