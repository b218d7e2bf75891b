import { formatDuration } from "../core/duration.ts";
import type { Guard } from "./model/guards.ts";
import type { LastRun } from "./model/last-run.ts";

/** What the kernel says, as Node and perl write it, and what a person can do about it. */
const cures: readonly (readonly [said: RegExp, cure: string])[] = [
  [/read-only file system/i, "mount it so that it can be written to"],
  [/no space left|quota exceeded/i, "make room on its file system"],
  [/operation not permitted/i, "see whether a flag keeps it or its directory as it is (lsattr), or run as its owner"],
  [/permission denied/i, "run as its owner, or let this user read and write there"],
  [/resource busy/i, "mount its directory, and not the file alone"],
  [/name too long/i, "give it a shorter name"],
];

/** What mends what went wrong with a file; undefined where its words are none that are known. */
export function cureOf(problem: string): string | undefined {
  return cures.find(([said]) => said.test(problem))?.[1];
}

export type RunFacts = {
  readonly run: LastRun | undefined;
  /** The process of a run that has no end yet is still there. */
  readonly isRunning: boolean;
  readonly nowMs: number;
  /** How often a sweep is due; undefined when no timer is on. */
  readonly periodMs: number | undefined;
};

const about = { guard: "last-run", name: "last-run.json" } as const;

/** Below this, in ms, a success is never too old, however short the period. */
const freshMs = 60_000;

function successGuard({ run, nowMs, periodMs }: RunFacts): Guard {
  const lastOk = (periodMs === undefined ? run?.lastOk : run?.lastWholeOk) ?? null;
  if (lastOk === null) {
    const posture = periodMs === undefined ? "off" : "stale";
    return { ...about, posture, cause: "never-succeeded", detail: "no sweep has succeeded yet", cure: "sessreap sweep" };
  }
  const ageMs = nowMs - Date.parse(lastOk);
  const detail = `the last success was ${formatDuration(ageMs)} ago (${lastOk})`;
  if (periodMs !== undefined && ageMs > Math.max(2 * periodMs, freshMs)) {
    const due = `${detail}, and a sweep is due every ${formatDuration(periodMs)}`;
    return { ...about, posture: "stale", cause: "last-success-too-old", detail: due, cure: "sessreap sweep" };
  }
  return { ...about, posture: "on", cause: "fine", detail, cure: null };
}

/** What runs for longer than this, in ms, waits for what does not come. */
const stuckMs = 600_000;

/** What is said of a sweep that has run for too long, and what ends that. The process of this run is still there. */
export function stuckSweep({ pid, started, finished }: LastRun, nowMs: number): Pick<Guard, "detail" | "cure"> | undefined {
  const ageMs = nowMs - Date.parse(started);
  if (finished !== null || ageMs <= stuckMs) return undefined;
  const detail = `a sweep is stuck: pid ${pid} began it ${formatDuration(ageMs)} ago (${started}), and no other can run`;
  return { detail, cure: `see what pid ${pid} waits for, or end it (kill ${pid})` };
}

/** How the last sweeps went, by their own record. */
export function runGuards(facts: RunFacts): readonly Guard[] {
  const { run, isRunning } = facts;
  const guards = [successGuard(facts)];
  if (run !== undefined && run.finished === null && !isRunning) {
    const detail = `the sweep that started at ${run.started} was ended before it was done`;
    guards.push({ ...about, posture: "on", cause: "interrupted", detail, cure: "sessreap sweep" });
  }
  if (run?.ok === false) {
    const detail = `the last sweep ended with ${run.exitCode}: ${run.problems.join("; ")}`;
    guards.push({ ...about, posture: "blind", cause: "failing", detail, cure: run.problems.map(cureOf).find(Boolean) ?? "sessreap sweep" });
  }
  return guards;
}

/** What is known of the room for tombstones. */
export type RoomFacts = {
  readonly directory: string;
  readonly bytes: number;
  readonly limit: number;
  /** Since when, in epoch ms, ghosts have waited for room in every sweep; undefined where none waits. */
  readonly roomlessSinceMs: number | undefined;
};

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Without a tombstone no entry goes, so a full room keeps every ghost where it is. */
export function roomGuard({ directory, bytes, limit, roomlessSinceMs }: RoomFacts): Guard {
  const room = { guard: "tombstones", name: directory } as const;
  const detail = `${mebibytes(bytes)} of ${mebibytes(limit)} are full`;
  if (roomlessSinceMs === undefined) return { ...room, posture: "on", cause: "fine", detail, cure: null };
  const since = `${detail}, and ghosts have waited for room since ${new Date(roomlessSinceMs).toISOString()}`;
  return {
    ...room,
    posture: "off",
    cause: "no-room",
    detail: since,
    cure: "wait for a day, or remove files there that you will not restore from",
  };
}
