import type { KeptFile, Tombstone } from "../../core/tombstone.ts";
import type { JudgedFile } from "../../host/capture/quarantine.ts";
import type { FileToRestore } from "../../host/capture/restore-entry.ts";
import type { Piece } from "../../host/files/chunks.ts";
import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import type { Span } from "../../registries/json/json-members.ts";
import { putBack, type CutMember } from "../../registries/json/put-back.ts";
import { bareLine, putLinesBack } from "../../registries/json/put-lines-back.ts";
import type { Attempted, Changer } from "../apply/change.ts";
import { piecesWith, swap } from "../apply/change-members.ts";
import { done, leftBusy, notDone } from "../apply/outcome.ts";
import { keysOf, type FilesRegistry, type MembersRegistry } from "../load/loaded.ts";
import { sourceOf } from "../load/load-members.ts";
import { newcomer, otherKind } from "./restored.ts";
import { memberText, vacanciesIn } from "./vacancies.ts";

/** How tombstoned entries are put back into a registry of one layout. */
export type Insertion = Pick<Changer<Tombstone>, "prepare" | "commit">;

type Exchange = Span & { readonly bytes: Buffer };

function cutMember({ key, kept }: Tombstone): readonly CutMember[] {
  if (kept.layout !== "members") return [];
  const line = kept.at === undefined ? {} : { line: { at: kept.at, text: bareLine(memberText(kept)) } };
  return [{ key, form: kept.form, after: kept.after, cut: Buffer.from(kept.cut, "base64"), member: kept.member, ...line }];
}

/** Puts members back into a JSON file, all in one swap. */
export function memberInsertion(host: Host, loaded: MembersRegistry): Insertion {
  const { file, container, entries } = loaded;
  const { inside, members } = container;
  const vacancy = vacanciesIn(loaded);
  const exchanges = new Map<Tombstone, Exchange>();

  function piecesWithAll(tombstones: readonly Tombstone[]): readonly Piece[] {
    const named = keysOf(entries).map((key, place) => ({ key, start: members.start(place), end: members.end(place) }));
    const cut = tombstones.filter((tombstone) => !exchanges.has(tombstone)).flatMap(cutMember);
    const changed = tombstones.flatMap((tombstone) => exchanges.get(tombstone) ?? []).toSorted((a, b) => a.start - b.start);
    const parts =
      container.kind === "lines" ? putLinesBack(sourceOf(file), container, cut) : putBack(file.bytes, { inside, members: named }, cut);
    return parts.flatMap((part) => {
      if (part instanceof Uint8Array) return [Buffer.from(part)];
      return piecesWith(
        part,
        changed.filter(({ start, end }) => start >= part.start && end <= part.end),
      );
    });
  }

  return {
    prepare: (tombstone) => {
      const { kept } = tombstone;
      if (kept.layout !== "members") return otherKind;
      const place = vacancy(tombstone, kept);
      if (place === "taken") return newcomer;
      if (place !== "free")
        exchanges.set(tombstone, { start: members.start(place), end: members.end(place), bytes: Buffer.from(kept.cut, "base64") });
      return tombstone;
    },
    commit: (tombstones, confirm) => swap(host, file, piecesWithAll(tombstones), tombstones, confirm),
  };
}

function fileFrom(key: string, { content, mode, uid, gid, acl, modifiedAt }: KeptFile): FileToRestore {
  return { key, content: Buffer.from(content, "base64"), mode, uid, gid, modifiedAt, ...(acl !== undefined && { acl }) };
}

/** In the place of the very file that was changed and stayed. */
function changeBack(host: Host, root: string, changed: JudgedFile, file: FileToRestore): Attempted {
  const taken = host.takeOver(root, changed, file);
  if (taken.kind === "failed") return notDone("failed", taken.problem);
  if (taken.kind === "busy") return leftBusy(taken.by);
  return taken.kind === "won" ? done() : newcomer;
}

/** By a link, which never overwrites. */
async function putFilesBack(host: Host, root: string, files: readonly FileToRestore[]): Promise<readonly Attempted[]> {
  const became = files.length === 0 ? [] : await host.restoreEntryFiles(root, files);
  return became.map((one): Attempted => {
    if (one.kind === "failed") return notDone("failed", formatError(one.error));
    return one.kind === "newcomer" ? newcomer : done();
  });
}

/** A tombstone is void only when its entry is durable. */
function durable(host: Host, root: string, keys: readonly string[], results: readonly Attempted[]): readonly Attempted[] {
  const back = keys.filter((_, nth) => results[nth]?.kind === "done");
  try {
    if (back.length > 0) host.syncDirectories(root, back);
    return results;
  } catch (error) {
    const problem = notDone("failed", `it is back, but could not be made durable: ${formatError(error)}`);
    return results.map((result) => (result.kind === "done" ? problem : result));
  }
}

/** Puts one-file entries back. One that was changed and stayed is changed back only if it still is what it was changed into. */
export function fileInsertion(host: Host, { realPath, entries }: FilesRegistry): Insertion {
  const taken = new Set(keysOf(entries));
  const files = new Map<Tombstone, FileToRestore>();
  const changed = new Map<Tombstone, JudgedFile>();
  const fileOf = (tombstone: Tombstone): FileToRestore => files.get(tombstone) as FileToRestore;
  return {
    prepare: (tombstone) => {
      const { key, kept } = tombstone;
      if (kept.layout !== "files") return otherKind;
      files.set(tombstone, fileFrom(key, kept));
      if (!taken.has(key)) return tombstone;
      const now = host.readEntryFile(realPath, key);
      const isOurs = now.kind === "read" && kept.replacedBy !== undefined && now.bytes.equals(Buffer.from(kept.replacedBy, "base64"));
      if (!isOurs) return newcomer;
      changed.set(tombstone, { key, state: now.state, bytes: now.bytes });
      return tombstone;
    },
    commit: async (tombstones, confirm) => {
      const answers = await confirm(tombstones);
      const missing = tombstones.filter((tombstone, nth) => answers[nth] === undefined && !changed.has(tombstone));
      const became = await putFilesBack(host, realPath, missing.map(fileOf));
      const back = new Map(missing.map((tombstone, nth) => [tombstone, became[nth] as Attempted]));
      const results = tombstones.map((tombstone, nth): Attempted => {
        const stayed = changed.get(tombstone);
        return answers[nth] ?? back.get(tombstone) ?? changeBack(host, realPath, stayed as JudgedFile, fileOf(tombstone));
      });
      return durable(
        host,
        realPath,
        tombstones.map(({ key }) => key),
        results,
      );
    },
  };
}
