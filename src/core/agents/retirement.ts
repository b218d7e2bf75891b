import type { Observed } from "../evidence.ts";
import type { Harness, Ownership, OwnedSession } from "./ownership.ts";
import { compareStart, type ProcessRow } from "./process-tree.ts";

/** Who we are, as far as it decides whom we may end. */
export type Self = { readonly pid: number; readonly uid: number; readonly ancestors: ReadonlySet<number> };

export type Retiree = { readonly session: OwnedSession; readonly harness: Harness };

/** Which processes to end, or every reason to end none. */
export type Retirement =
  | { readonly ok: true; readonly retirees: readonly Retiree[] }
  | { readonly ok: false; readonly why: string; readonly unknown: boolean };

/** `older`: all but the newest of every duplicate. A pid: the one harness that it belongs to. */
export type Wanted = { readonly kind: "older" } | { readonly kind: "pid"; readonly pid: number };

/** One process that was ended, or that hung under one that was, and what has become of it. */
export type RetiredProcess = {
  readonly sessionId: string;
  readonly role: "harness" | "child" | "helper";
  readonly pid: number;
  readonly startTicks: string;
  readonly agent: string;
  /** The last signal that it was sent; null for none. */
  readonly signal: "SIGTERM" | "SIGKILL" | null;
  /** How: through a pidfd, or by the pid, right after a look at its start. Older histories do not say. */
  readonly via?: "pidfd" | "pid" | null;
  /** `adopted`: it was left alone and lives on. `lost`: it would not go, or may not be looked at any more. */
  readonly became: "ended" | "adopted" | "lost";
};

const refused = (why: string): Retirement => ({ ok: false, why, unknown: false });

function olderOnes({ sessions }: Ownership): readonly Retiree[] {
  return sessions.flatMap((session) => session.harnesses.slice(0, -1).map((harness) => ({ session, harness })));
}

function harnessOf({ sessions }: Ownership, pid: number): Retiree | undefined {
  for (const session of sessions) {
    const harness = session.harnesses.find(({ members }) => members.some((member) => member.pid === pid));
    if (harness !== undefined) return { session, harness };
  }
  return undefined;
}

function forbidden({ pid, uid }: ProcessRow, self: Self): string | undefined {
  if (pid <= 1) return `pid ${pid} is never ended`;
  if (pid === self.pid || self.ancestors.has(pid)) return `pid ${pid} is sessreap itself or runs it`;
  return uid === self.uid ? undefined : `pid ${pid} belongs to user ${uid}`;
}

/** Which of two is older decides who dies, so two that started in the same clock tick are not told apart. */
function isTied({ session, harness }: Retiree): boolean {
  const start = harness.members[0];
  const next = session.harnesses[session.harnesses.indexOf(harness) + 1]?.members[0];
  return start !== undefined && next !== undefined && compareStart(start, next) === 0;
}

function obstacle(retiree: Retiree, wanted: Wanted, self: Self): string | undefined {
  const { harness } = retiree;
  const pid = harness.members[0]?.pid ?? 0;
  if (harness.doubts.length > 0) return `pid ${pid}: ${harness.doubts.join("; ")}`;
  for (const process of [...harness.members, ...harness.children.map((child) => child.process)]) {
    const why = forbidden(process, self);
    if (why !== undefined) return why;
  }
  if (wanted.kind === "older" && isTied(retiree)) return `pid ${pid} and the next started in the same clock tick; name the one to end`;
  return undefined;
}

/** Never with a doubt: one obstacle is enough to end no process. */
export function planRetirement(ownership: Ownership, complete: Observed<true>, wanted: Wanted, self: Self): Retirement {
  if (!complete.seen) return refused(`the processes cannot all be seen: ${complete.why}`);
  const named = wanted.kind === "pid" ? harnessOf(ownership, wanted.pid) : undefined;
  if (wanted.kind === "pid" && named === undefined)
    return { ok: false, why: `pid ${wanted.pid} is no harness of a session`, unknown: true };
  const retirees = named === undefined ? olderOnes(ownership) : [named];
  for (const retiree of retirees) {
    const why = obstacle(retiree, wanted, self);
    if (why !== undefined) return refused(why);
  }
  return { ok: true, retirees };
}
