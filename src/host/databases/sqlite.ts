import { lstatSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Bound } from "../../registries/rows/literals.ts";

/** What is used of `node:sqlite`, of which Node 20 has neither the module nor its types. */
export type Connection = {
  readonly exec: (sql: string) => void;
  readonly prepare: (sql: string) => Prepared;
  readonly close: () => void;
};

export type Prepared = {
  readonly all: (...values: readonly Bound[]) => unknown[];
  readonly get: (...values: readonly Bound[]) => unknown;
  readonly iterate: (...values: readonly Bound[]) => IterableIterator<unknown>;
  readonly run: (...values: readonly Bound[]) => { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
};

type Sqlite = { readonly DatabaseSync: new (path: URL, options: { readonly readOnly: boolean; readonly timeout: number }) => Connection };

/** A lock of another connection is waited for so long, in ms. */
const patienceMs = 250;

/** Paths as URLs came with 22.15, `timeout` with 22.16 and 24.0. */
function canOpenAsWeDo(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major === 22 ? minor >= 16 : major >= 24;
}

/** SQLite, where this Node has it. It is loaded when the first table is read. */
export function loadSqlite(): Sqlite | undefined {
  if (!canOpenAsWeDo()) return undefined;
  const emitWarning = process.emitWarning.bind(process);
  // Node 22 calls it experimental on stderr, where a sweep says what is wrong.
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite") as Sqlite | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

const suffixes = ["-wal", "-shm", "-journal"] as const;

/**
 * A name beside a database under which SQLite would open what is no file of its own; undefined where there is none. A FIFO
 * there would hold it, and by that the whole process, until some other process opens it, too.
 */
export function strangeBeside(realPath: string): string | undefined {
  const suffix = suffixes.find((one) => lstatSync(`${realPath}${one}`, { throwIfNoEntry: false })?.isFile() === false);
  return suffix === undefined ? undefined : `has something beside it that is no regular file: ${realPath}${suffix}`;
}

/** How a database is opened. `look` makes no file and changes none: where there is no shared memory it fails instead. */
export type Access = "look" | "look-immutable" | "change";

const queries = { look: "mode=ro&readonly_shm=1", "look-immutable": "mode=ro&immutable=1", change: "mode=rw" } as const satisfies Record<
  Access,
  string
>;

export function connect({ DatabaseSync }: Sqlite, realPath: string, access: Access): Connection {
  const url = pathToFileURL(realPath);
  url.search = queries[access];
  const connection = new DatabaseSync(url, { readOnly: access !== "change", timeout: patienceMs });
  try {
    // What the schema of a user's database calls is not run with our rights.
    connection.exec("PRAGMA trusted_schema = OFF");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The primary codes of SQLite's errors, by what they mean for us. */
const codes = { busy: [5, 6], torn: [11, 26], constraint: [19] } as const;

/** What SQLite says went wrong: its extended code, where it is an error of SQLite's. */
function codeOf(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}

export function isSqliteError(error: unknown, kind: keyof typeof codes): boolean {
  const code = codeOf(error);
  return code !== undefined && (codes[kind] as readonly number[]).includes(code & 0xff);
}

/** A row or a key of this name is there already: the constraint is that of a primary key, of a unique index or of a row's number. */
export function isTaken(error: unknown): boolean {
  return [1555, 2067, 2579].includes(codeOf(error) ?? 0);
}

/** A killed writer has left a journal that the next writer has to roll back. */
export const isHot = (error: unknown): boolean => codeOf(error) === 776;

/** SQLite could not open what it needs: the file, or the shared memory of its write-ahead log. */
export const isUnopened = (error: unknown): boolean => ((codeOf(error) ?? 0) & 0xff) === 14;
