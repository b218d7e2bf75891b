import { closeSync, fstatSync, lstatSync, readSync, statSync, type BigIntStats } from "node:fs";
import { closest } from "fastest-levenshtein";
import { endOfPart, selectRows } from "../../registries/rows/statements.ts";
import {
  tableShape,
  type ListedColumn,
  type ListedTable,
  type Row,
  type TableQuestion,
  type TableShape,
} from "../../registries/rows/table.ts";
import { assertTrustedSymlinks, type Place } from "../files/held-directory.ts";
import { atPlace, isStill, NoRegularFile, openForReading, usualLimit } from "../files/files.ts";
import { formatError } from "../observed.ts";
import { isOpenHere } from "./connections.ts";
import { connect, isHot, isSqliteError, isUnopened, loadSqlite, strangeBeside, type Access, type Connection } from "./sqlite.ts";
import { unreadable, type TableRead } from "./table-read.ts";

type Sqlite = NonNullable<ReturnType<typeof loadSqlite>>;

const magic = "SQLite format 3\0";

/** Byte 18 of the header: how the file is written. */
const writeVersion = { rollback: 1, wal: 2 } as const;

/** A file beside the database. */
const beside = (realPath: string, suffix: "-wal" | "-journal"): BigIntStats | undefined =>
  statSync(`${realPath}${suffix}`, { bigint: true, throwIfNoEntry: false });

const hasBytes = (stat: BigIntStats | undefined): boolean => stat !== undefined && stat.size > 0n;

/** Opened by us before SQLite has it open, and closed again: later that would give up SQLite's locks. */
function headerOf(place: Place): { readonly stat: BigIntStats; readonly header: Buffer } {
  const fd = openForReading(place.directory.at(place.name));
  try {
    const header = Buffer.alloc(20);
    const got = readSync(fd, header, 0, header.length, 0);
    return { stat: fstatSync(fd, { bigint: true }), header: header.subarray(0, got) };
  } finally {
    closeSync(fd);
  }
}

/**
 * A reader keeps a writer of a rollback journal from its commit: rows are read in turns of so many ms. Where few of them are
 * claims, no turn passes over more rows than so many.
 */
const [turnMs, turnRows] = [25, 4096];

type Limit = { left: number; readonly all: number };

class TooLarge extends Error {}

function rowOf(line: unknown, columns: number): Row {
  const { at, ...cells } = line as Record<string, string | null>;
  return { rowid: at ?? undefined, literals: Array.from({ length: columns }, (_, nth) => cells[`c${nth}`] as string) };
}

/** What is read of a table, and from where on. */
type Turn = { readonly shape: TableShape; readonly where: TableQuestion["where"]; readonly after: bigint | undefined };

/** Reads rows until the turn is over. Rows without numbers are read in one. Returns the number behind which rows are left. */
function readTurn(connection: Connection, { shape, where, after }: Turn, rows: Row[], limit: Limit): bigint | undefined {
  const width = shape.columns.length + shape.generated.length;
  const end = shape.rowid === undefined ? undefined : endOfPart(shape, after, turnRows);
  const last = end === undefined ? undefined : (connection.prepare(end.sql).get(...end.values) as { readonly at: string } | undefined);
  const upTo = last === undefined ? undefined : BigInt(last.at);
  const { sql, values } = selectRows(shape, where, { after, upTo });
  const until = performance.now() + turnMs;
  for (const line of connection.prepare(sql).iterate(...values)) {
    const row = rowOf(line, width);
    limit.left -= row.literals.reduce((sum, literal) => sum + literal.length, 0);
    if (limit.left < 0) throw new TooLarge(`has more than ${limit.all} bytes in the rows that "where" leaves`);
    rows.push(row);
    if (row.rowid !== undefined && performance.now() > until) return BigInt(row.rowid);
  }
  return upTo;
}

type Rows = { readonly table: TableShape; readonly rows: readonly Row[] };

function readRows(connection: Connection, question: TableQuestion, maxSize: number): Rows | TableRead {
  const tables = connection.prepare("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'").all() as ListedTable[];
  const listed = connection.prepare("SELECT name, pk, hidden FROM pragma_table_xinfo(?)");
  const table = tableShape(tables, question, (name) => listed.all(name) as ListedColumn[]);
  if ("problem" in table) {
    const nearest = table.names.length === 0 ? undefined : closest(table.name, [...table.names]);
    return unreadable(`${table.problem}${nearest === undefined ? "" : `; the nearest is "${nearest}"`}`, "correct the configuration");
  }
  const rows: Row[] = [];
  const limit = { left: maxSize, all: maxSize };
  let after: bigint | undefined;
  do after = readTurn(connection, { shape: table, where: question.where, after }, rows, limit);
  while (after !== undefined);
  return { table, rows };
}

/** Whether a look may pass by every lock and file: all that was ever committed is in the database itself. */
function isAllInDatabase(realPath: string, version: number): boolean {
  return version === writeVersion.wal && !hasBytes(beside(realPath, "-wal")) && !hasBytes(beside(realPath, "-journal"));
}

/** Undefined where the database was written meanwhile in a way that such a look does not notice. */
function lookOnce(sqlite: Sqlite, place: Place, question: TableQuestion, maxSize: number): TableRead | undefined {
  const { realPath } = place;
  const { stat, header } = headerOf(place);
  assertTrustedSymlinks(place, stat);
  if (header.length === 0) return unreadable("is empty: it has no table yet", "see whether its program makes it");
  if (header.toString("latin1", 0, 16) !== magic) return unreadable("is no SQLite database", "name a SQLite database, unencrypted");
  const version = header[18] ?? 0;
  if (version !== writeVersion.rollback && version !== writeVersion.wal)
    return unreadable(`is written in version ${version} of SQLite's format, which is not known`, "update sessreap");
  const strange = strangeBeside(realPath);
  if (strange !== undefined) return unreadable(strange, "take that away");
  const access: Access = isAllInDatabase(realPath, version) ? "look-immutable" : "look";
  const connection = connect(sqlite, realPath, access);
  let found: Rows | TableRead;
  try {
    found = readRows(connection, question, maxSize);
  } finally {
    connection.close();
  }
  const now = lstatSync(realPath, { bigint: true, throwIfNoEntry: false });
  if (now === undefined || now.ino !== stat.ino || now.dev !== stat.dev) return undefined;
  if (access === "look-immutable" && (!isStill(stat, now) || !isAllInDatabase(realPath, version))) return undefined;
  if ("kind" in found) return found;
  const log = beside(realPath, "-wal");
  const newest = (time: "mtimeMs" | "ctimeMs"): number => Math.max(Number(now[time]), Number(log?.[time] ?? 0n));
  return { kind: "read", file: { realPath, stat: now, modifiedMs: newest("mtimeMs"), changedMs: newest("ctimeMs") }, ...found };
}

function problemOf(error: unknown): TableRead | undefined {
  if (isSqliteError(error, "busy")) return { kind: "busy", problem: "another process holds it locked" };
  if (isSqliteError(error, "torn")) return { kind: "malformed", problem: formatError(error) };
  if (isHot(error)) return unreadable("has a journal that a killed writer left", "open it once with its own program, which rolls it back");
  if (error instanceof TooLarge) return unreadable(error.message, 'narrow "where", or allow more with --max-size');
  return undefined;
}

/** A database that changes between header and look is looked at so many times. */
const attempts = 3;

function lookAt(sqlite: Sqlite, place: Place, question: TableQuestion, maxSize: number): TableRead {
  let unopened: unknown;
  for (let nth = 0; nth < attempts; nth += 1) {
    try {
      const found = lookOnce(sqlite, place, question, maxSize);
      if (found !== undefined) return found;
    } catch (error) {
      const problem = problemOf(error);
      if (problem !== undefined) return problem;
      // Its log may have come or gone in this moment.
      if (!isUnopened(error)) throw error;
      unopened = error;
    }
  }
  if (unopened !== undefined)
    return unreadable("has a write-ahead log and no shared memory beside it, or may not be read", "open it once with its own program");
  return unreadable("is being written all the time", "try again when its writer is quiet");
}

/**
 * Reads the rows of one table that are claims, and changes no byte, name or time of any file. What cannot be looked at
 * so is reported, not thrown.
 */
export function readTable(path: string, question: TableQuestion, maxSize = usualLimit): TableRead {
  return atPlace<TableRead>(path, (place) => {
    const stat = lstatSync(place.directory.at(place.name), { bigint: true });
    if (!stat.isFile()) throw new NoRegularFile(stat);
    const sqlite = loadSqlite();
    if (sqlite === undefined)
      return unreadable(`is a SQLite database, and this is Node ${process.versions.node}`, "it needs Node 22.16 or the standalone binary");
    if (isOpenHere(stat)) return unreadable("is open in this very process", "let a sweep in a process of its own look at it");
    return lookAt(sqlite, place, question, maxSize);
  });
}
