import type { BigIntStats } from "node:fs";
import type { ServerTable } from "../../host/databases/server-read.ts";
import type { DatabaseFile } from "../../host/databases/table-read.ts";
import type { FileState } from "../../host/files/file-state.ts";
import type { ReadFile } from "../../host/files/files.ts";
import type { Claim } from "../../registries/format.ts";
import type { Container } from "../../registries/json/json-bytes.ts";
import type { ServerTableShape } from "../../registries/rows/server-statements.ts";
import type { Row, TableShape } from "../../registries/rows/table.ts";
import type { ElementNames } from "./element-names.ts";
import type { Target } from "./target.ts";

/** One entry as it was read: what it claims, and where it stands. */
export type Entry = {
  readonly key: string;
  readonly claim: Claim;
  /** Its key occurs more than once, so which of them is meant is unknown. */
  readonly duplicate: boolean;
  readonly place: MemberPlace | FilePlace | RowPlace;
};

/** The entries of a registry, in its order. Those of a large one are made when they are asked for, and not kept. */
export type Entries = Iterable<Entry> & {
  readonly length: number;
  readonly at: (index: number) => Entry;
  /** The key alone, for which the entry need not be read. */
  readonly keyAt: (index: number) => string;
  /** The names of an array's elements; undefined where each entry has a name of its own. */
  readonly elements: ElementNames | undefined;
};

/** Every key, without reading what the entries claim. */
export function keysOf({ length, keyAt }: Entries): readonly string[] {
  return Array.from({ length }, (_, index) => keyAt(index));
}

/** Some entries, made each time that they are gone through. */
export function entriesAt({ at }: Entries, indexes: readonly number[]): Iterable<Entry> {
  return {
    *[Symbol.iterator]() {
      for (const index of indexes) yield at(index);
    },
  };
}

/** Its place among its container's members. */
export type MemberPlace = { readonly kind: "member"; readonly index: number };

/** Its place among the rows that were read. */
export type RowPlace = { readonly kind: "row"; readonly index: number };

/** A file of its own; `bytes` only where they were read. */
export type FilePlace = { readonly kind: "file"; readonly state: FileState; readonly bytes: Buffer | undefined };

type Read = {
  readonly state: "read";
  readonly target: Target;
  readonly entries: Entries;
  /** Every pid that some entry records. */
  readonly pids: ReadonlySet<number>;
  /** An entry records a pid that may be counted elsewhere. */
  readonly elsewhere: boolean;
};

/** One JSON file with many entries. */
export type MembersRegistry = Read & { readonly kind: "members"; readonly file: ReadFile; readonly container: Container };

/** A directory with one file an entry; `problems` are parts of it that could not be read, `quarantined` what sweeps left in quarantine. */
export type FilesRegistry = Read & {
  readonly kind: "files";
  readonly realPath: string;
  readonly stat: BigIntStats;
  /** Entries whose file was read: no other says more than its name. */
  readonly opened: readonly Entry[];
  readonly quarantined: readonly string[];
  readonly passedOver: number;
  readonly problems: readonly string[];
};

/** One table of a database, of which the rows that are claims were read. */
export type RowsRegistry = Read & {
  readonly kind: "rows";
  readonly file: DatabaseFile | ServerTable;
  readonly table: TableShape;
  readonly rows: readonly Row[];
};

/** A table of a server, which has no file; undefined for any other registry. */
export function serverTableOf(loaded: RowsRegistry): { readonly server: ServerTable; readonly shape: ServerTableShape } | undefined {
  const { file, table } = loaded;
  return file.stat === undefined && table.server !== undefined ? { server: file, shape: { ...table, server: table.server } } : undefined;
}

export type ReadRegistry = MembersRegistry | FilesRegistry | RowsRegistry;

export type Unread = { readonly state: "missing" | "unreadable" | "malformed" | "busy"; readonly target: Target; readonly problem: string };

export type Loaded = ReadRegistry | Unread;

export function isRead(loaded: Loaded): loaded is ReadRegistry {
  return loaded.state === "read";
}

/** A torn text is read again so many times before it is called that, with a pause of so many ms between. */
export const tornRetries = { attempts: 6, pauseMs: 150 } as const;

/**
 * Keys, claims and judgements of a registry with so many entries are kept. Those of a larger one are made again when they
 * are asked for, which costs less than to keep them.
 */
export const keptAtMost = 1_000;

export function missing(target: Target): Unread {
  return { state: "missing", target, problem: "is not there; correct its path where it is named" };
}

/** The file or directory in which a registry is kept; a table of a server has its address and no more. */
export function containerOf(loaded: ReadRegistry): { readonly realPath: string; readonly stat: BigIntStats | undefined } {
  return loaded.kind === "files" ? loaded : loaded.file;
}

/** The user to whom a registry belongs. */
export function userOf(loaded: ReadRegistry): number {
  if (loaded.kind === "rows" && loaded.file.stat === undefined) return loaded.file.user;
  return Number(containerOf(loaded).stat?.uid);
}

/**
 * The one user who, root aside, can have written a registry's entries; undefined where others may have: where it is root's
 * or a service's, or where more than its owner may write.
 */
export function writerOf(loaded: ReadRegistry): number | undefined {
  const { stat } = containerOf(loaded);
  if (stat === undefined) return undefined;
  const { uid, mode } = stat;
  const firstPerson = 1000n;
  return uid < firstPerson || (mode & 0o022n) !== 0n ? undefined : Number(uid);
}
