import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import { underName } from "../../registries/host-name.ts";
import { changeFile } from "./exchange.ts";
import type { Examination } from "../examine.ts";
import type { ExaminedRegistry, ExaminedEntry } from "../judge/examined.ts";
import { mayStillTakeOver } from "../judge/renamed-hosts.ts";
import type { Pass } from "../judge/scenes.ts";
import { stopped, notDone, type TombstoneWriter, type Outcome, type Outcomes, type Stop } from "./outcome.ts";

/** Takes one lock over: it bears this host's name from then on, and still the time of its last heartbeat. */
async function takeOverLock(
  host: Host,
  pass: Pass,
  examined: ExaminedRegistry,
  one: ExaminedEntry,
  tombstones: TombstoneWriter,
): Promise<Outcome> {
  const { loaded } = examined;
  const { place } = one.entry;
  if (loaded.kind !== "files" || place.kind !== "file") throw new TypeError("a lock with a file of its own was expected");
  const { bytes, state } = place;
  const text = bytes === undefined ? undefined : underName(bytes.toString("utf8"), host.here().hostname);
  if (bytes === undefined || text === undefined) return notDone("skipped", "its host name cannot be exchanged alone");
  const lastLook = async (): Promise<Outcome | undefined> =>
    (await mayStillTakeOver(host, pass, loaded, examined, one)) ? undefined : notDone("skipped", "it came back to life");
  const modifiedAt = state.mtimeMs;
  return changeFile(host, { loaded, one, place, bytes, content: Buffer.from(text), modifiedAt, action: "healed", lastLook }, tombstones);
}

/** Takes over locks that this machine has left under an older name. Tombstones are written first, as for every change. */
export async function takeOverLocks(
  host: Host,
  { pass }: Examination,
  examined: ExaminedRegistry,
  proven: readonly ExaminedEntry[],
  tombstones: TombstoneWriter,
  stop: Stop,
): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  for (const one of proven) {
    try {
      const isStopped = stop.signal !== undefined;
      outcomes.set(one.entry.key, isStopped ? notDone("skipped", stopped) : await takeOverLock(host, pass, examined, one, tombstones));
    } catch (error) {
      outcomes.set(one.entry.key, notDone("failed", `no tombstone could be written: ${formatError(error)}`));
    }
  }
  return outcomes;
}
