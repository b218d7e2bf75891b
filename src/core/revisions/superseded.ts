import { isSameBoot } from "../identity/tokens.ts";
import { isGated, strongestEvidence, type Judgement } from "../ladder.ts";
import { canonicalSession } from "../registration.ts";
import type { Scene } from "../scene.ts";
import { flappingLimits, flappingOf, type Flapping } from "./flapping.ts";
import { noQuestions, type Candidates, type JudgedRegistry, type JudgedRow, type Revision } from "./revision.ts";

/** One row of a registry that keeps what it released, with what tells a fresh start from a loop. */
export type StartRow = {
  readonly key: string;
  readonly identity: string;
  readonly sessionId: string;
  readonly pid: number | undefined;
  readonly startTicks: string | undefined;
  readonly bootId: string | undefined;
  /** An id of the subprocess that stays the same while it lives, where the registry records one. */
  readonly subprocessId: string | undefined;
  readonly registeredAt: number | undefined;
  /** When it was released; NaN for a time that cannot be read, undefined for a row that stands. */
  readonly releasedAt: number | undefined;
  readonly releaseReason: string | undefined;
  /** The marker of a row that a background thread registered again by itself: the user started nothing. */
  readonly automatic: boolean;
};

/** The one reason that we ever write. `stale_heartbeat` is not ours to say: a heartbeat proves nothing either way. */
export const supersedeReason = "superseded_by_new_start";

export type SupersededRows = {
  readonly releases: readonly { readonly key: string; readonly by: string; readonly reason: typeof supersedeReason }[];
  /** Identities in a re-register loop, of which nothing is superseded. */
  readonly flapping: ReadonlyMap<string, Flapping>;
};

const differ = <T>(one: T | undefined, other: T | undefined): boolean => one !== undefined && other !== undefined && one !== other;

/**
 * One and the same process: by an id that it keeps, or by its pid with its start in one boot. Unknown is never the same,
 * and an id that two processes bear is none: a counter begins again.
 */
export function sameProcess(a: StartRow, b: StartRow): boolean {
  const sameBoot = isSameBoot(a.bootId, b.bootId);
  if (differ(a.pid, b.pid) || differ(a.startTicks, b.startTicks) || sameBoot === false) return false;
  if (a.subprocessId !== undefined || b.subprocessId !== undefined) return a.subprocessId === b.subprocessId;
  return a.pid !== undefined && a.startTicks !== undefined && a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;
}

/** What two rows of one process have in common; undefined where nothing tells that of a row from others. */
function processKey({ subprocessId, pid, startTicks, bootId }: StartRow): string | undefined {
  if (subprocessId !== undefined) return `subprocess ${subprocessId}`;
  return pid === undefined || startTicks === undefined ? undefined : `pid ${pid} ${startTicks} ${bootId ?? ""}`;
}

/**
 * A row that comes so soon after a release of its identity, in ms, is taken for an old heartbeat's answer to it, marked
 * or not: a fresh start comes first, and is the cause of a release.
 */
export const reRegistrationMs = 5 * 60_000;

/** Says of a row whether it was registered so soon after one of these was released, in order of their releases. */
function answersTo(released: readonly StartRow[]): (row: StartRow) => boolean {
  const times = released.flatMap(({ releasedAt = Number.NaN }) => (Number.isNaN(releasedAt) ? [] : [releasedAt])).toSorted((a, b) => a - b);
  return ({ registeredAt }) => {
    const last = registeredAt === undefined ? undefined : lastUpTo(times, registeredAt);
    return registeredAt !== undefined && last !== undefined && registeredAt - last <= reRegistrationMs;
  };
}

/** The last of these rising numbers that is not above a limit. */
function lastUpTo(rising: readonly number[], limit: number): number | undefined {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return rising[low - 1];
}

/** A new session id every few seconds, or one upon each release of ours: both are one loop, seen at two speeds. */
function registerLoop(own: readonly StartRow[]): Flapping | undefined {
  const isAnswer = answersTo(own.filter(({ releaseReason }) => releaseReason === supersedeReason));
  const answers = own.flatMap((row) => (isAnswer(row) ? [row.registeredAt ?? 0] : [])).toSorted((a, b) => a - b);
  if (answers.length + 1 < flappingLimits.ids) return flappingOf(own);
  return { ids: answers.length, spanMs: (answers.at(-1) ?? 0) - (answers[0] ?? 0) };
}

/** Only a fresh start supersedes, only within one process, and only what it came after. */
function supersedes(newer: StartRow, older: StartRow): boolean {
  if (newer.releasedAt !== undefined || newer.key === older.key) return false;
  if (canonicalSession(newer.sessionId) === canonicalSession(older.sessionId)) return false;
  if (newer.registeredAt === undefined || older.registeredAt === undefined || newer.registeredAt <= older.registeredAt) return false;
  return sameProcess(newer, older);
}

/** So many of the newest starts of a process are held against each of its rows. One that none of them supersedes stays. */
const heldAgainst = 100;

/** Fresh starts by their process, the newest first. */
function startsByProcess(fresh: readonly StartRow[]): ReadonlyMap<string, readonly StartRow[]> {
  const byProcess = new Map<string, StartRow[]>();
  for (const row of fresh.toSorted((a, b) => (b.registeredAt ?? 0) - (a.registeredAt ?? 0))) {
    const process = processKey(row);
    if (process === undefined || row.registeredAt === undefined || row.releasedAt !== undefined) continue;
    const starts = byProcess.get(process);
    if (starts === undefined) byProcess.set(process, [row]);
    else if (starts.length < heldAgainst) starts.push(row);
  }
  return byProcess;
}

/**
 * Which rows a newer start of the same process has superseded. An old heartbeat thread that registers each
 * released row again makes any wider rule a cascade: each release begets a row, which gets the others released.
 */
export function supersededRows(rows: readonly StartRow[]): SupersededRows {
  const byIdentity = new Map<string, StartRow[]>();
  for (const row of rows) {
    const own = byIdentity.get(row.identity);
    if (own === undefined) byIdentity.set(row.identity, [row]);
    else own.push(row);
  }
  const flapping = new Map<string, Flapping>();
  const releases: SupersededRows["releases"][number][] = [];
  for (const [identity, own] of byIdentity) {
    const loop = registerLoop(own);
    if (loop !== undefined) {
      flapping.set(identity, loop);
      continue;
    }
    const isAnswer = answersTo(own);
    const starts = startsByProcess(own.filter((row) => !row.automatic && !isAnswer(row)));
    for (const older of own.filter(({ releasedAt }) => releasedAt === undefined)) {
      const by = starts.get(processKey(older) ?? "")?.find((newer) => supersedes(newer, older));
      if (by !== undefined) releases.push({ key: older.key, by: by.key, reason: supersedeReason });
    }
  }
  return { releases, flapping };
}

/** Returns no row for an entry that names no session. Rows without a name of their own stand for the process that wrote them. */
function startRow({ claim, torn }: JudgedRow): readonly StartRow[] {
  const { key, sessionId, identity, pid, startTicks, bootId, subprocessId, registeredAt, releasedAt, releaseReason } = claim;
  if (torn || sessionId === undefined) return [];
  const name = identity ?? subprocessId ?? `pid ${[pid, startTicks, bootId].filter((one) => one !== undefined).join(" ")}`;
  const process = { pid, startTicks, bootId, subprocessId };
  return [{ key, identity: name, sessionId, ...process, registeredAt, releasedAt, releaseReason, automatic: claim.automatic === true }];
}

/** Young rows, ghosts and rows that an operator put back are left to the ladder. */
function isOpen(judgement: Judgement): boolean {
  return judgement.verdict !== "ghost" && !isGated(judgement) && judgement.reason !== "restored";
}

function candidatesIn({ path, rows }: JudgedRegistry): Candidates {
  const starts: StartRow[] = [];
  for (const row of rows()) starts.push(...startRow(row));
  const { releases, flapping } = supersededRows(starts);
  const found = [...flapping].map(([identity, loop]) => ({ registry: path, identity, ...loop }));
  if (releases.length === 0) return { candidates: [], flapping: found };
  const named = new Set(releases.flatMap(({ key, by }) => [key, by]));
  const byKey = new Map<string, JudgedRow>();
  for (const row of rows()) if (named.has(row.claim.key)) byKey.set(row.claim.key, row);
  const candidates = releases.flatMap(({ key, by }) => {
    const row = byKey.get(key);
    return row !== undefined && isOpen(row.judgement) ? [{ row, other: byKey.get(by) }] : [];
  });
  return { candidates, flapping: found };
}

/**
 * Does the session show anywhere but in the process that registered it? Its pid proves nothing any more, and neither does
 * the agent's name: both are those of its successor. What could not be looked at counts as a sign.
 */
function isShownElsewhere(scene: Scene): boolean {
  const bare = { ...scene.claim, pid: undefined, startTicks: undefined, identity: undefined };
  const { kind } = strongestEvidence({ ...scene, claim: bare });
  return kind === "live" || kind === "unknown";
}

export const superseded: Revision = {
  name: "superseded",
  rule: "A row whose process has registered another session since, and whose own session shows nowhere else, is released.",
  candidates: (registries) => {
    const all = registries.filter(({ keepsReleased }) => keepsReleased).map(candidatesIn);
    return { candidates: all.flatMap(({ candidates }) => candidates), flapping: all.flatMap(({ flapping }) => flapping) };
  },
  // The ladder asks no server about a row whose process lives.
  asks: ({ row: { claim } }, { scene }) =>
    claim.sessionId !== undefined && scene.evidence.processes.seen ? { sessions: [claim.sessionId], pids: [] } : noQuestions,
  revise: ({ row, other }, { scene }) => {
    if (!scene.evidence.processes.seen || isShownElsewhere(scene)) return undefined;
    const detail = `the same process has started another session since, registered as ${other?.claim.key}`;
    const judgement = { ...row.judgement, verdict: "ghost", reason: "superseded-by-new-start", detail, certain: true } as const;
    return { judgement, detail, change: "stamp", noted: {} };
  },
};
