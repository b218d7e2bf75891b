import type { Observed } from "../evidence.ts";
import type { Child, Harness, Ownership, OwnedSession } from "./ownership.ts";
import { compareStart, type ProcessRow } from "../agents/process-tree.ts";

/** Who we are, as far as it decides whom we may end. */
export type Self = { readonly pid: number; readonly uid: number; readonly ancestors: ReadonlySet<number> };

/** One harness to end. `survivor` is the one for whose sake it goes: without that it stays. */
export type Retiree = { readonly session: OwnedSession; readonly harness: Harness; readonly survivor: Harness | undefined };

/** Which processes to end, or every reason to end none. `notes` say which duplicates stay, and why. */
export type Retirement =
  | { readonly ok: true; readonly retirees: readonly Retiree[]; readonly notes: readonly string[] }
  | { readonly ok: false; readonly why: string; readonly unknown: boolean };

/** `older`: all but the newest of those that are proven to run a session. A pid: the one harness that it belongs to. */
export type Wanted = { readonly kind: "older" } | { readonly kind: "pid"; readonly pid: number };

/** One process that was ended, or that hung under one that was, and what has become of it. */
export type RetiredProcess = {
  readonly sessionId: string;
  readonly role: "harness" | "host" | "child" | "helper";
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

const pidOf = ({ members }: Harness): number => members[0]?.pid ?? 0;

/** The older ones of one session, where the newest is proven to run it: what may run another by now is not the one that stays. */
function olderIn(session: OwnedSession): Pick<Extract<Retirement, { ok: true }>, "retirees" | "notes"> {
  const proven = session.harnesses.filter(({ possible }) => possible === undefined);
  const survivor = proven.at(-1);
  const isDuplicate = session.harnesses.length > 1;
  const notes = session.harnesses.flatMap((harness) =>
    isDuplicate && harness.possible !== undefined
      ? [`pid ${pidOf(harness)} stays: ${harness.possible}; --retire ${pidOf(harness)} ends it`]
      : [],
  );
  if (survivor === undefined || proven.length < 2) return { retirees: [], notes };
  if (survivor.doubts.length > 0) {
    const why = `the older harnesses of ${session.sessionId} stay, for the newest is in doubt: ${survivor.doubts.join("; ")}`;
    return { retirees: [], notes: [...notes, why] };
  }
  return { retirees: proven.slice(0, -1).map((harness) => ({ session, harness, survivor })), notes };
}

function harnessOf({ sessions }: Ownership, pid: number): Retiree | undefined {
  for (const session of sessions) {
    const harness = session.harnesses.find(({ members }) => members.some((member) => member.pid === pid));
    if (harness !== undefined) return { session, harness, survivor: undefined };
  }
  return undefined;
}

function forbidden({ pid, uid }: ProcessRow, self: Self): string | undefined {
  if (pid <= 1) return `pid ${pid} is never ended`;
  if (pid === self.pid || self.ancestors.has(pid)) return `pid ${pid} is sessreap itself or runs it`;
  return uid === self.uid ? undefined : `pid ${pid} belongs to user ${uid}`;
}

/** Which of two is older decides who dies, so two that started in the same clock tick are not told apart. */
function isTied({ harness, survivor }: Retiree): boolean {
  const [start, newest] = [harness.members[0], survivor?.members[0]];
  return start !== undefined && newest !== undefined && compareStart(start, newest) === 0;
}

/** Background children of another user stay, and so do those that run sessreap. */
function withoutForbidden(retiree: Retiree, self: Self): Retiree {
  const children = retiree.harness.children.map((child): Child => ({ ...child, stays: child.stays ?? forbidden(child.process, self) }));
  return { ...retiree, harness: { ...retiree.harness, children } };
}

function obstacle(retiree: Retiree, self: Self): string | undefined {
  const { harness } = retiree;
  const pid = pidOf(harness);
  if (harness.doubts.length > 0) return `pid ${pid}: ${harness.doubts.join("; ")}`;
  for (const process of harness.members) {
    const why = forbidden(process, self);
    if (why !== undefined) return why;
  }
  if (isTied(retiree)) return `pid ${pid} and the newest started in the same clock tick; name the one to end`;
  return undefined;
}

/** Never with a doubt: one obstacle is enough to end no process. */
export function planRetirement(ownership: Ownership, complete: Observed<true>, wanted: Wanted, self: Self): Retirement {
  if (!complete.seen) return refused(`the processes cannot all be seen: ${complete.why}`);
  const named = wanted.kind === "pid" ? harnessOf(ownership, wanted.pid) : undefined;
  if (wanted.kind === "pid" && named === undefined)
    return { ok: false, why: `pid ${wanted.pid} is no harness of a session`, unknown: true };
  const older = named === undefined ? ownership.sessions.map(olderIn) : [];
  const retirees = named === undefined ? older.flatMap((one) => one.retirees) : [named];
  for (const retiree of retirees) {
    const why = obstacle(retiree, self);
    if (why !== undefined) return refused(why);
  }
  const notes = older.flatMap((one) => one.notes);
  return { ok: true, retirees: retirees.map((retiree) => withoutForbidden(retiree, self)), notes };
}
