import { formatError } from "../../host/observed.ts";
import { underName } from "../../registries/host-name.ts";
import { changeFile } from "./exchange.ts";
import type { Pass } from "../pass.ts";
import type { ExaminedRegistry, ExaminedEntry, FilesExamined } from "../judge/examined.ts";
import { stillRevised } from "../judge/revise.ts";
import { stopped, notDone, type Outcome, type Outcomes } from "./outcome.ts";

/** Takes one lock over: it bears this host's name from then on, and still the time of its last heartbeat. */
async function takeOverLock(pass: Pass, examined: FilesExamined, one: ExaminedEntry): Promise<Outcome> {
  const { loaded } = examined;
  const { place } = one.entry;
  if (place.kind !== "file") throw new TypeError("a lock with a file of its own was expected");
  const { bytes, state } = place;
  const text = bytes === undefined ? undefined : underName(bytes.toString("utf8"), pass.host.here().hostname);
  if (bytes === undefined || text === undefined) return notDone("skipped", "its host name cannot be exchanged alone");
  const lastLook = async (): Promise<Outcome | undefined> => {
    const { ownerUp, still } = await stillRevised(pass, examined, [one]);
    if (ownerUp) return notDone("withheld", "its owner came up");
    return still.has(one) ? undefined : notDone("skipped", "it came back to life");
  };
  const modifiedAt = state.mtimeMs;
  return changeFile(pass, { loaded, one, place, bytes, content: Buffer.from(text), modifiedAt, action: "healed", lastLook });
}

/** Takes over locks that this machine has left under an older name. Tombstones are written first, as for every change. */
export async function takeOverLocks(pass: Pass, examined: ExaminedRegistry, proven: readonly ExaminedEntry[]): Promise<Outcomes> {
  const { loaded } = examined;
  const outcomes = new Map<string, Outcome>();
  for (const one of proven) {
    if (loaded.kind !== "files") throw new TypeError("locks are entries with files of their own");
    try {
      const isStopped = pass.stop.signal !== undefined;
      outcomes.set(one.entry.key, isStopped ? notDone("skipped", stopped) : await takeOverLock(pass, { ...examined, loaded }, one));
    } catch (error) {
      outcomes.set(one.entry.key, notDone("failed", `no tombstone could be written: ${formatError(error)}`));
    }
  }
  return outcomes;
}
