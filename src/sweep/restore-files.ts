import type { Host } from "../host/host.ts";
import { sayError } from "../host/observed.ts";
import type { Tombstone } from "../host/tombstones.ts";
import type { FilesRegistry } from "./loaded.ts";
import { newcomer, type RestoreOutcome } from "./restored.ts";

/** Puts one-file entries back, each by a link that never overwrites. */
export function restoreFiles(
  host: Host,
  { realPath, entries }: FilesRegistry,
  tombstones: readonly Tombstone[],
  dryRun: boolean,
): readonly RestoreOutcome[] {
  const taken = new Set(Array.from(entries, ({ key }) => key));
  const outcomes = tombstones.map((tombstone): RestoreOutcome => {
    const { key, kept } = tombstone;
    if (kept.layout !== "files") return { tombstone, action: "failed", detail: "its tombstone is of another kind of registry" };
    if (taken.has(key)) return { tombstone, action: "newcomer", detail: newcomer };
    if (dryRun) return { tombstone, action: "would-restore", detail: "" };
    try {
      const content = Buffer.from(kept.content, "base64");
      const result = host.restoreEntryFile(realPath, {
        key,
        content,
        mode: kept.mode,
        uid: kept.uid,
        gid: kept.gid,
        modifiedAt: kept.modifiedAt,
      });
      return { tombstone, action: result, detail: result === "newcomer" ? newcomer : "" };
    } catch (error) {
      return { tombstone, action: "failed", detail: sayError(error) };
    }
  });
  if (!dryRun)
    host.syncDirectories(
      realPath,
      tombstones.map(({ key }) => key),
    );
  return outcomes;
}
