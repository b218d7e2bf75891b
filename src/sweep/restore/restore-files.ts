import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import type { FileToRestore } from "../../host/capture/restore-entry.ts";
import type { KeptFile, Tombstone } from "../../core/tombstone.ts";
import { keysOf, type FilesRegistry } from "../load/loaded.ts";
import { newcomer, otherKind, type RestoreOutcome } from "./restored.ts";

function fileOf(key: string, { content, mode, uid, gid, modifiedAt }: KeptFile): FileToRestore {
  return { key, content: Buffer.from(content ?? "", "base64"), mode, uid, gid, modifiedAt };
}

/** An entry that was changed and stayed is put back only in the place of what it was changed into. */
function undoReplacement(host: Host, root: string, tombstone: Tombstone, kept: KeptFile, dryRun: boolean): RestoreOutcome {
  const { key } = tombstone;
  const now = host.readEntryFile(root, key);
  const isOurs = kept.replacedBy !== undefined && now.kind === "read" && now.bytes.equals(Buffer.from(kept.replacedBy, "base64"));
  if (!isOurs) return { tombstone, action: "newcomer", detail: newcomer };
  if (dryRun) return { tombstone, action: "would-restore", detail: "" };
  const taken = host.takeOver(root, { key, state: now.state, bytes: now.bytes }, fileOf(key, kept));
  if (taken.kind === "won") return { tombstone, action: "restored", detail: "" };
  return taken.kind === "lost"
    ? { tombstone, action: "newcomer", detail: newcomer }
    : { tombstone, action: "failed", detail: taken.problem };
}

/** Puts one-file entries back, each by a link that never overwrites. */
export function restoreFiles(
  host: Host,
  { realPath, entries }: FilesRegistry,
  tombstones: readonly Tombstone[],
  dryRun: boolean,
): readonly RestoreOutcome[] {
  const taken = new Set(keysOf(entries));
  const outcomes = tombstones.map((tombstone): RestoreOutcome => {
    const { key, kept } = tombstone;
    if (kept.layout !== "files") return { tombstone, action: "failed", detail: otherKind };
    if (taken.has(key)) return undoReplacement(host, realPath, tombstone, kept, dryRun);
    if (dryRun) return { tombstone, action: "would-restore", detail: "" };
    try {
      const result = host.restoreEntryFile(realPath, fileOf(key, kept));
      return { tombstone, action: result, detail: result === "newcomer" ? newcomer : "" };
    } catch (error) {
      return { tombstone, action: "failed", detail: formatError(error) };
    }
  });
  if (!dryRun)
    host.syncDirectories(
      realPath,
      tombstones.map(({ key }) => key),
    );
  return outcomes;
}
