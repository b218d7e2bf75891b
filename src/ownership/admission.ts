import { baseName } from "../core/agents/agents.ts";
import type { Harness, OwnedSession } from "../core/harnesses/ownership.ts";
import { canonicalSession } from "../core/registration.ts";
import { planRetirement, type RetiredProcess } from "../core/harnesses/retirement.ts";
import type { Host } from "../host/host.ts";
import type { LockOwner, SessionLock } from "../host/sockets/session-lock.ts";
import { lookAtOwners, type OwnersQuestion, type OwnersObservation } from "./owners.ts";
import { recordRetired, retire } from "./retire.ts";

/** Another harness of the session, or a launcher that is about to start one. */
export type Contender = { readonly harness: Harness | undefined; readonly launcher: number | undefined };

/** What a launcher does when another runs the session: give up, wait for its end, or end it. */
export const conflictChoices = ["refuse", "wait", "retire"] as const;
export type ConflictChoice = (typeof conflictChoices)[number];

/** How a launcher fared. A lock is handed on with `admitted` only, and is free again in all other cases. */
export type Admission =
  | { readonly kind: "admitted"; readonly lock: SessionLock; readonly warnings: readonly string[] }
  | { readonly kind: "busy"; readonly contenders: readonly Contender[] }
  | { readonly kind: "not-retired"; readonly contenders: readonly Contender[]; readonly problem: string }
  | { readonly kind: "blind"; readonly why: string };

/** What one attempt found. An occupied session can have the lock in our hand, and still be run by an agent. */
type Attempt =
  | Extract<Admission, { kind: "admitted" | "blind" }>
  | {
      readonly kind: "occupied";
      readonly contenders: readonly Contender[];
      readonly lock: SessionLock | undefined;
      readonly observation: OwnersObservation;
    };

/** How often a waiting launcher looks again, in ms. */
const pollMs = 250;
/** A launcher that holds the session and runs nothing yet is given so many polls before a retirement gives up on it. */
const launcherPolls = 40;

/** The command of another launcher, under any name: that launcher's lock says that it runs the session. */
function commandOf({ tree }: OwnersObservation, { pid, command }: LockOwner): Harness | undefined {
  const row = command === undefined ? undefined : tree.get(command);
  if (row === undefined || row.parentPid !== pid) return undefined;
  return {
    agent: baseName(row.argv[0] ?? ""),
    members: [row],
    hosts: [],
    signs: [],
    children: [],
    helpers: [],
    doubts: [],
    possible: undefined,
  };
}

/** Harnesses of the session, but for one that is nothing else than what started us: a launcher that names the session does not contend for it. */
function contendersIn(host: Host, { ownership }: OwnersObservation, session: string): readonly Harness[] {
  const { ancestors } = host.self();
  const harnesses = ownership.sessions.find(({ sessionId }) => sessionId === session)?.harnesses ?? [];
  return harnesses.filter(({ members }) => !members.every(({ pid }) => ancestors.has(pid)));
}

/** Takes the lock of the session and looks whether a harness runs it. Of two launchers that start together the lock admits
 * one; an agent that was running before is found by the look at the processes. */
async function attempt(host: Host, question: OwnersQuestion, session: string, held: SessionLock | undefined): Promise<Attempt> {
  const taken = held === undefined ? await host.takeSessionLock(session) : ({ kind: "held", lock: held } as const);
  const lock = taken.kind === "held" ? taken.lock : undefined;
  const observation = await lookAtOwners(host, question, session);
  if (!observation.seen) {
    lock?.release();
    return { kind: "blind", why: observation.why };
  }
  const contenders: Contender[] = contendersIn(host, observation.value, session).map((harness) => ({ harness, launcher: undefined }));
  if (taken.kind === "taken" && contenders.length === 0) {
    const harness = taken.by === undefined ? undefined : commandOf(observation.value, taken.by);
    contenders.push({ harness, launcher: taken.by?.pid });
  }
  if (lock !== undefined && contenders.length === 0) return { kind: "admitted", lock, warnings: observation.value.warnings };
  return { kind: "occupied", contenders, lock, observation: observation.value };
}

/**
 * Ends the first contender that has a process; what comes after it is looked at anew. Returns why that is impossible, or
 * undefined. `unrecorded` gets what could not be kept of it in the history.
 */
async function retireContender(
  host: Host,
  sessionId: string,
  { contenders, observation }: Extract<Attempt, { kind: "occupied" }>,
  unrecorded: Set<string>,
): Promise<string | undefined> {
  const harnesses = contenders.flatMap(({ harness }) => harness ?? []);
  const session: OwnedSession = { sessionId, harnesses };
  const pid = harnesses[0]?.members[0]?.pid ?? 0;
  const uncertain = harnesses.find(({ possible }) => possible !== undefined);
  if (uncertain !== undefined) return `pid ${uncertain.members[0]?.pid ?? 0} may run another session: ${uncertain.possible ?? ""}`;
  const plan = planRetirement({ sessions: [session], unattributed: [] }, observation.complete, { kind: "pid", pid }, host.self());
  if (!plan.ok) return plan.why;
  const outcomes: RetiredProcess[] = [];
  for (const retiree of plan.retirees) outcomes.push(...((await retire(host, retiree)) ?? []));
  for (const problem of await recordRetired(host, "exec --on-conflict retire", outcomes)) unrecorded.add(problem);
  const left = outcomes.find(({ role, became }) => role === "harness" && became !== "ended");
  return left === undefined ? undefined : `pid ${left.pid} would not end`;
}

/** Lets a launcher in when the session is free, or says why not. Calls `onWait` once, when it has to wait. */
export async function enter(
  host: Host,
  question: OwnersQuestion,
  sessionId: string,
  choice: ConflictChoice,
  onWait: (contenders: readonly Contender[]) => Promise<void>,
): Promise<Admission> {
  const session = canonicalSession(sessionId);
  let held: SessionLock | undefined;
  let polls = 0;
  const unrecorded = new Set<string>();
  for (let attempts = 0; ; attempts += 1) {
    const found = await attempt(host, question, session, held);
    if (found.kind === "admitted") return { ...found, warnings: [...found.warnings, ...unrecorded] };
    if (found.kind === "blind") return found;
    const { contenders } = found;
    // A launcher that waits with the lock in hand is next: no other gets in between.
    held = found.lock;
    if (choice === "refuse") {
      held?.release();
      return { kind: "busy", contenders };
    }
    if (choice === "retire" && contenders.some(({ harness }) => harness !== undefined)) {
      const problem = await retireContender(host, session, found, unrecorded);
      if (problem === undefined) continue;
      held?.release();
      return { kind: "not-retired", contenders, problem };
    }
    if (choice === "retire" && (polls += 1) > launcherPolls) return { kind: "busy", contenders };
    if (attempts === 0) await onWait(contenders);
    await host.sleep(pollMs);
  }
}
