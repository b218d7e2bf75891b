import { flappingOf, type Flapping } from "./flapping.ts";
import { canonicalSession } from "./registration.ts";

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
  /** Already released, by whoever it was. */
  readonly released: boolean;
  /** The marker of a row that something registered again by itself, without anybody having started anything. */
  readonly automatic: boolean;
};

/** The one reason that we ever write. `stale_heartbeat` is not ours to say: a heartbeat proves nothing either way. */
export const supersedeReason = "superseded_by_new_start";

export type Supersede = {
  readonly releases: readonly { readonly key: string; readonly by: string; readonly reason: typeof supersedeReason }[];
  /** Identities in a re-register loop, of which nothing is superseded. */
  readonly flapping: ReadonlyMap<string, Flapping>;
};

/** One and the same process: by an id that it keeps, or by its pid with its start in one boot. Unknown is never the same. */
export function sameProcess(a: StartRow, b: StartRow): boolean {
  if (a.subprocessId !== undefined || b.subprocessId !== undefined) return a.subprocessId === b.subprocessId;
  const started = a.pid !== undefined && a.startTicks !== undefined;
  return started && a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;
}

/** Only a fresh start supersedes, only within one process, and only what it came after. */
function supersedes(newer: StartRow, older: StartRow): boolean {
  if (newer.automatic || newer.released || newer.key === older.key) return false;
  if (canonicalSession(newer.sessionId) === canonicalSession(older.sessionId)) return false;
  if (newer.registeredAt === undefined || older.registeredAt === undefined || newer.registeredAt <= older.registeredAt) return false;
  return sameProcess(newer, older);
}

/**
 * Which rows a newer start of the same process has superseded. An old heartbeat thread that registers again whatever
 * is released makes any wider rule a cascade: each release begets a row, which gets the others released.
 */
export function planSupersede(rows: readonly StartRow[]): Supersede {
  const byIdentity = new Map<string, StartRow[]>();
  for (const row of rows) {
    const own = byIdentity.get(row.identity);
    if (own === undefined) byIdentity.set(row.identity, [row]);
    else own.push(row);
  }
  const flapping = new Map<string, Flapping>();
  const releases: Supersede["releases"][number][] = [];
  for (const [identity, own] of byIdentity) {
    const loop = flappingOf(own);
    if (loop !== undefined) {
      flapping.set(identity, loop);
      continue;
    }
    for (const older of own.filter(({ released }) => !released)) {
      const by = own.find((newer) => supersedes(newer, older));
      if (by !== undefined) releases.push({ key: older.key, by: by.key, reason: supersedeReason });
    }
  }
  return { releases, flapping };
}
