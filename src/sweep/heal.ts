import type { Host } from "../host/host.ts";
import { sayError } from "../host/observed.ts";
import { underName } from "../registries/host-lock.ts";
import { bury, noRoom } from "./burial.ts";
import type { Examination, Examined, ExaminedEntry } from "./examine.ts";
import { mayStillHeal } from "./host-locks.ts";
import type { Court } from "./judge.ts";
import type { FilePlace, FilesRegistry } from "./loaded.ts";
import { done, stopped, undone, type Grave, type Outcome, type Outcomes, type Stop } from "./outcome.ts";
import { judgedFile, keptOf } from "./reap-files.ts";

type Lock = { readonly examined: Examined; readonly loaded: FilesRegistry; readonly one: ExaminedEntry; readonly place: FilePlace };

function lockOf(examined: Examined, one: ExaminedEntry): Lock {
  const { loaded } = examined;
  const { place } = one.entry;
  if (loaded.kind !== "files" || place.kind !== "file") throw new TypeError("a lock with a file of its own was expected");
  return { examined, loaded, one, place };
}

async function takeOver(host: Host, court: Court, { examined, loaded, one, place }: Lock, content: Buffer, id: string): Promise<Outcome> {
  if (!(await mayStillHeal(host, court, loaded, examined, one))) return undone("skipped", "it came back to life");
  const { mode, uid, gid, mtimeMs } = place.state;
  const taken = host.takeOver(loaded.realPath, judgedFile(one), { key: one.entry.key, content, mode, uid, gid, modifiedAt: mtimeMs });
  if (taken.kind === "failed") return undone("failed", taken.problem);
  return taken.kind === "won" ? done("healed", id) : undone("skipped", taken.why);
}

/** Takes one lock over: it bears this host's name from then on, and still the time of its last heartbeat. */
async function healLock(host: Host, court: Court, lock: Lock, grave: Grave): Promise<Outcome> {
  const { one, place, loaded } = lock;
  const text = place.bytes === undefined ? undefined : underName(place.bytes.toString("utf8"), host.here().hostname);
  if (text === undefined) return undone("skipped", "its host name cannot be exchanged alone");
  const content = Buffer.from(text);
  const { ids } = bury(host, grave, loaded, [one], () => [{ ...keptOf(one), replacedBy: content.toString("base64") }]);
  const [id] = ids;
  if (id === undefined) return undone("pending", noRoom);
  const outcome = await takeOver(host, court, lock, content, id);
  if (outcome.action !== "healed") host.store.exhume(grave.sweepId, [id]);
  return outcome;
}

/** Takes over locks that this machine has left under an older name. Tombstones first, like whatever a sweep changes. */
export async function healLocks(
  host: Host,
  { court }: Examination,
  examined: Examined,
  proven: readonly ExaminedEntry[],
  grave: Grave,
  stop: Stop,
): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  for (const one of proven) {
    try {
      const isStopped = stop.signal !== undefined;
      const outcome = isStopped ? undone("skipped", stopped) : await healLock(host, court, lockOf(examined, one), grave);
      outcomes.set(one.entry.key, outcome);
    } catch (error) {
      outcomes.set(one.entry.key, undone("failed", `no tombstone could be written: ${sayError(error)}`));
    }
  }
  return outcomes;
}
