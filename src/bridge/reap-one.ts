import { canonicalSession } from "../core/registration.ts";
import { reapChosen } from "../sweep/reap-one.ts";
import type { ExaminedEntry } from "../sweep/judge/examined.ts";
import { OtherRowError, RefusedError, RegistryError, UsageError } from "./errors.ts";
import { asOwner, findOwn, whileLocked } from "./own-registry.ts";
import { rowOf } from "./rows.ts";
import { stoppedBy } from "./stopping.ts";
import type { BridgeOptions, RowMeant, ReapedRow } from "./types.ts";

/** Which row a call means; one of both is said. */
type NamedRow = { readonly sessionId: string; readonly pid: undefined } | { readonly sessionId: undefined; readonly pid: number };

/** One call that waits for its turn. */
type Waiting = {
  readonly key: string;
  readonly meant: NamedRow;
  readonly options: BridgeOptions;
  readonly resolve: (reaped: ReapedRow) => void;
  readonly reject: (error: unknown) => void;
};

function isMeant({ key, meant }: Waiting, { entry }: Pick<ExaminedEntry, "entry">): boolean {
  if (entry.key !== key || !entry.claim.ok) return false;
  const { sessionId, pid } = entry.claim.registration;
  if (meant.pid !== undefined) return pid === meant.pid;
  return sessionId !== undefined && canonicalSession(sessionId) === canonicalSession(meant.sessionId);
}

function nameOf(meant: NamedRow): string {
  return meant.pid !== undefined ? `pid ${meant.pid}` : `session ${meant.sessionId}`;
}

/** One pass for all calls that have come by now: they wait for the same lock and look at the same world. */
async function reapTogether(batch: readonly Waiting[], options: BridgeOptions): Promise<readonly (ReapedRow | Error)[]> {
  const own = await findOwn(options);
  const { stop, leave } = stoppedBy(batch.map((one) => one.options.signal));
  const { path } = own.target;
  // Calls of one pass may mean different rows by the same key: each is told only of the row that it means.
  const found = new Set<Waiting>();
  try {
    const { entries, refusal, keys, unread } = await whileLocked(own, options, stop, () =>
      reapChosen(own.host, {
        ...own.question,
        stop,
        command: "reapOne",
        exitObserved: false,
        word: { despite: undefined, now: false },
        fits: (one) => {
          const those = batch.filter((waiting) => isMeant(waiting, one));
          for (const waiting of those) found.add(waiting);
          return those.length > 0 ? 1 : 0;
        },
        accept: ([first]) => {
          if (first !== undefined) asOwner.accept(first.registry, first.notOwner);
        },
      }),
    );
    if (refusal !== undefined) throw new RefusedError(refusal);
    if (unread[0] !== undefined) throw new RegistryError(unread[0]);
    const [rows, known] = [entries.map(rowOf), new Set(keys)];
    return batch.map((waiting) => {
      const { key, meant } = waiting;
      const row = found.has(waiting) ? rows.find((one) => one.key === key) : undefined;
      if (row !== undefined)
        return row.action === "reaped" || row.action === "released" ? { gone: true, key, row } : { gone: false, key, row };
      return known.has(key) ? new OtherRowError(`${path}: the row "${key}" is not that of ${nameOf(meant)}`) : { gone: true, key, row };
    });
  } finally {
    leave();
  }
}

const queues = new Map<string, Waiting[]>();

/** Answers what waits in one queue, batch after batch. */
async function answer(name: string, queue: Waiting[]): Promise<void> {
  while (queue.length > 0) {
    const batch = queue.splice(0);
    const [first] = batch;
    if (first === undefined) break;
    try {
      const results = await reapTogether(batch, first.options);
      for (const [index, { options, resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result === undefined || result instanceof Error) reject(result);
        else if (!result.gone && options.signal?.aborted === true) reject(options.signal.reason);
        else resolve(result);
      }
    } catch (error) {
      for (const { options, reject } of batch) reject(options.signal?.aborted === true ? options.signal.reason : error);
    }
  }
  queues.delete(name);
}

function checkMeant(key: string, meant: RowMeant): NamedRow {
  if (typeof key !== "string") throw new UsageError("reapOne: the key is no text");
  const { sessionId, pid } = { sessionId: undefined, pid: undefined, ...meant } as { readonly sessionId: unknown; readonly pid: unknown };
  if (typeof sessionId === "string" && sessionId !== "" && pid === undefined) return { sessionId, pid };
  if (typeof pid === "number" && Number.isSafeInteger(pid) && pid > 1 && sessionId === undefined) return { sessionId, pid };
  throw new UsageError("reapOne: say which row is meant, by { sessionId } or by { pid }");
}

/**
 * Takes one row of the caller's own registry, whose session the caller knows has ended. The caller's word is the witness:
 * a thread that each configured server calls `notLoaded`, with no other sign of life, needs no grace and no second look.
 * Calls that are made while one runs are answered together by the next pass.
 */
export async function reapOne(key: string, row: RowMeant, options: BridgeOptions): Promise<ReapedRow> {
  const meant = checkMeant(key, row);
  const { signal, ...shared } = options;
  signal?.throwIfAborted();
  const name = JSON.stringify(shared);
  return new Promise<ReapedRow>((resolve, reject) => {
    const before = queues.get(name);
    const queue = before ?? [];
    const hear = (): void => {
      const at = queue.indexOf(waiting);
      if (at >= 0) reject(queue.splice(at, 1)[0]?.options.signal?.reason);
    };
    // A signal may outlive many calls, so none leaves its listener on it.
    const finishing =
      <T>(finish: (value: T) => void) =>
      (value: T): void => {
        signal?.removeEventListener("abort", hear);
        finish(value);
      };
    const waiting: Waiting = { key, meant, options, resolve: finishing(resolve), reject: finishing(reject) };
    queue.push(waiting);
    signal?.addEventListener("abort", hear, { once: true });
    if (before !== undefined) return;
    queues.set(name, queue);
    // A turn later, so that calls of one moment share a pass.
    setImmediate(() => void answer(name, queue));
  });
}
