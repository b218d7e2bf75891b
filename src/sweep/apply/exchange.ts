import type { Action } from "../../core/actions.ts";
import type { Host } from "../../host/host.ts";
import type { Pass } from "../pass.ts";
import { tombstonesFull, tombstoneLine } from "./tombstone-batch.ts";
import type { ExaminedEntry } from "../judge/examined.ts";
import type { FilePlace, FilesRegistry } from "../load/loaded.ts";
import { succeeded, notDone, type Outcome } from "./outcome.ts";
import { keptFile } from "./reap-files.ts";

/** An entry with a file of its own that is to say something else, and to stay. */
export type FileChange = {
  readonly loaded: FilesRegistry;
  readonly one: ExaminedEntry;
  readonly place: Pick<FilePlace, "state">;
  /** What the file says now. */
  readonly bytes: Buffer;
  readonly content: Buffer;
  readonly modifiedAt: number;
  /** What it is called when it is done. */
  readonly action: Action;
  /** A look in the moment before: why it is not to be done after all. */
  readonly lastLook: () => Promise<Outcome | undefined>;
};

function replace(host: Host, { loaded, one, place, bytes, content, modifiedAt, action }: FileChange, id: string): Outcome {
  const { state } = place;
  const { mode, uid, gid } = state;
  const { key } = one.entry;
  const taken = host.takeOver(loaded.realPath, { key, state, bytes }, { key, content, mode, uid, gid, modifiedAt });
  if (taken.kind === "failed") return notDone("failed", taken.problem);
  return taken.kind === "won" ? succeeded(action, id) : notDone("skipped", taken.why);
}

/** Tombstone first, then a last look, then the change; of an entry that was not changed no tombstone stays. */
export async function changeFile(pass: Pass, change: FileChange): Promise<Outcome> {
  const { loaded, one, content, action, lastLook } = change;
  const kept = { ...keptFile({ state: change.place.state, bytes: change.bytes }), replacedBy: content.toString("base64") };
  const { ids } = pass.tombstones.write(loaded, [one], { makeLine: () => tombstoneLine(one, kept) });
  const [id] = ids;
  if (id === undefined) return notDone("pending", tombstonesFull);
  const outcome = (await lastLook()) ?? replace(pass.host, change, id);
  if (outcome.action !== action) pass.tombstones.void([id]);
  return outcome;
}
