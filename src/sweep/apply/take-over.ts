import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import { underName } from "../../registries/host-name.ts";
import { changeFile } from "./exchange.ts";
import type { Examination } from "../examine.ts";
import type { Examined, ExaminedEntry } from "../judge/examined.ts";
import { mayStillHeal } from "../judge/renamed-hosts.ts";
import type { Court } from "../judge/scenes.ts";
import { stopped, undone, type TombstoneWriter, type Outcome, type Outcomes, type Stop } from "./outcome.ts";

/** Takes one lock over: it bears this host's name from then on, and still the time of its last heartbeat. */
async function healLock(host: Host, court: Court, examined: Examined, one: ExaminedEntry, tombstones: TombstoneWriter): Promise<Outcome> {
  const { loaded } = examined;
  const { place } = one.entry;
  if (loaded.kind !== "files" || place.kind !== "file") throw new TypeError("a lock with a file of its own was expected");
  const { bytes, state } = place;
  const text = bytes === undefined ? undefined : underName(bytes.toString("utf8"), host.here().hostname);
  if (bytes === undefined || text === undefined) return undone("skipped", "its host name cannot be exchanged alone");
  const lastLook = async (): Promise<Outcome | undefined> =>
    (await mayStillHeal(host, court, loaded, examined, one)) ? undefined : undone("skipped", "it came back to life");
  const modifiedAt = state.mtimeMs;
  return changeFile(host, { loaded, one, place, bytes, content: Buffer.from(text), modifiedAt, action: "healed", lastLook }, tombstones);
}

/** Takes over locks that this machine has left under an older name. Tombstones first, like whatever a sweep changes. */
export async function healLocks(
  host: Host,
  { court }: Examination,
  examined: Examined,
  proven: readonly ExaminedEntry[],
  tombstones: TombstoneWriter,
  stop: Stop,
): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  for (const one of proven) {
    try {
      const isStopped = stop.signal !== undefined;
      outcomes.set(one.entry.key, isStopped ? undone("skipped", stopped) : await healLock(host, court, examined, one, tombstones));
    } catch (error) {
      outcomes.set(one.entry.key, undone("failed", `no tombstone could be written: ${formatError(error)}`));
    }
  }
  return outcomes;
}
