import { existsSync, lstatSync, statSync } from "node:fs";
import { countExact, type Columns, type Statement } from "../../registries/rows/statements.ts";
import type { TableShape } from "../../registries/rows/table.ts";
import { formatError } from "../observed.ts";
import { sleepSync } from "../sleep-sync.ts";
import { connectionsTo, isOpenHere } from "./connections.ts";
import { connect, isSqliteError, isTaken, loadSqlite, strangeBeside, type Connection } from "./sqlite.ts";
import type { DatabaseFile } from "./table-read.ts";

/**
 * One statement that changes exactly one row, or nothing. `back`: what the row that it puts back has to say then. `still` counts
 * the row while it is as it was judged.
 */
export type RowChange = {
  readonly statement: Statement;
  readonly back?: { readonly table: TableShape; readonly columns: Columns };
  readonly still?: Statement;
};

/**
 * `changed`: the row is not there as the statement has it. `taken`: another one is in its place. `unsure`: the server did not
 * say whether it did what it was told.
 */
export type RowChanged =
  | { readonly kind: "done" | "changed" | "taken" | "unsure" }
  | { readonly kind: "busy"; readonly why: string }
  | { readonly kind: "failed"; readonly problem: string };

const lockedByAnother = { kind: "busy", why: "another process holds it locked" } as const;

type Database = Pick<DatabaseFile, "realPath" | "stat">;

/**
 * Why no row of a database may be changed by us now; undefined when one may. The process that closes a write-ahead log last
 * writes it into the database and removes it, which is not ours to do: another one has to have it open, or none be there.
 */
export function databaseObstacle({ realPath, stat }: Database): string | undefined {
  try {
    const strange = strangeBeside(realPath);
    if (strange !== undefined) return `it ${strange}`;
    const users = connectionsTo(stat);
    const elsewhere = users.find(({ isCountedHere }) => !isCountedHere);
    if (elsewhere !== undefined) return `pid ${elsewhere.pid}, in another pid namespace, has it open`;
    if (!existsSync(`${realPath}-wal`)) return undefined;
    const shared = statSync(`${realPath}-shm`, { bigint: true, throwIfNoEntry: false });
    if (shared !== undefined && connectionsTo(shared).length > 0) return undefined;
    return "it has a write-ahead log that no process has open (open and close it once with its own program)";
  } catch (error) {
    return `it cannot be seen who has it open: ${formatError(error)}`;
  }
}

const isJudged = ({ realPath, stat }: Database): boolean => {
  const now = lstatSync(realPath, { bigint: true, throwIfNoEntry: false });
  return now?.ino === stat.ino && now.dev === stat.dev;
};

function totalChanges(connection: Connection): number {
  return (connection.prepare("SELECT total_changes() AS total").get() as { readonly total: number }).total;
}

const countIn = (connection: Connection, { sql, values }: Statement): number =>
  (connection.prepare(sql).get(...values) as { readonly same: number }).same;

/** Runs a statement inside a transaction. Returns what it made, to be committed only if that is the one row. */
function runOne(connection: Connection, { statement, back, still }: RowChange): RowChanged {
  const before = totalChanges(connection);
  const { changes, lastInsertRowid } = connection.prepare(statement.sql).run(...statement.values);
  const all = totalChanges(connection) - before;
  if (all === 0)
    return still !== undefined && countIn(connection, still) === 1
      ? { kind: "failed", problem: "its table lets it be, by a trigger" }
      : { kind: "changed" };
  if (Number(changes) !== 1 || all !== 1)
    return { kind: "failed", problem: `that would change ${all} rows, by a foreign key or a trigger of its table; nothing was changed` };
  if (back === undefined) return { kind: "done" };
  return countIn(connection, countExact(back.table, back.columns, String(lastInsertRowid))) === 1
    ? { kind: "done" }
    : { kind: "failed", problem: "its table would keep other values than it had" };
}

function failureOf(error: unknown): RowChanged {
  if (isSqliteError(error, "busy")) return lockedByAnother;
  if (isTaken(error)) return { kind: "taken" };
  const said = formatError(error);
  return { kind: "failed", problem: isSqliteError(error, "constraint") ? `its table does not allow it: ${said}` : said };
}

/** One transaction, as short as it can be. */
function transact(connection: Connection, rowChange: RowChange): RowChanged {
  let isBegun = false;
  try {
    connection.exec("BEGIN IMMEDIATE");
    isBegun = true;
    const result = runOne(connection, rowChange);
    if (result.kind === "done") {
      connection.exec("COMMIT");
      isBegun = false;
    }
    return result;
  } catch (error) {
    return failureOf(error);
  } finally {
    if (isBegun) rollBack(connection);
  }
}

/** Some errors have rolled a transaction back already. */
function rollBack(connection: Connection): void {
  try {
    connection.exec("ROLLBACK");
  } catch {
    // What was not committed is gone when the connection is closed.
  }
}

/**
 * SQLite gives a lock to the connection that asks in the right moment, and one that waits asks every 25 ms for its first 100 ms, then every
 * 50 or 100: what is held for so many ms in all is left alone for as many before it is taken again.
 */
const turnMs = 25;

function allBy(connection: Connection, rowChanges: readonly RowChange[]): readonly RowChanged[] {
  let busy: RowChanged | undefined;
  let heldMs = 0;
  return rowChanges.map((rowChange) => {
    if (busy !== undefined) return busy;
    if (heldMs > turnMs) {
      sleepSync(turnMs);
      heldMs = 0;
    }
    const began = performance.now();
    const result = transact(connection, rowChange);
    heldMs += performance.now() - began;
    // One that has waited for a lock in vain is enough.
    if (result.kind === "busy") busy = result;
    return result;
  });
}

/** SQLite opens a log at the first read. The connections of a process share its memory, as the first of them may use it. */
function openLog(connection: Connection): void {
  connection.prepare("SELECT count(*) FROM sqlite_schema").get();
}

/** Changes rows of a database that was judged, each in a transaction of its own; answers in their order. */
export function changeRows(file: Database, rowChanges: readonly RowChange[]): readonly RowChanged[] {
  const all = (result: RowChanged): readonly RowChanged[] => rowChanges.map(() => result);
  const sqlite = loadSqlite();
  if (sqlite === undefined || rowChanges.length === 0) return all({ kind: "failed", problem: "this Node has no SQLite" });
  const open: Connection[] = [];
  try {
    if (!isJudged(file)) return all({ kind: "changed" });
    const obstacle = isOpenHere(file.stat) ? "it is open in this very process" : databaseObstacle(file);
    if (obstacle !== undefined) return all({ kind: "busy", why: obstacle });
    const hasLog = existsSync(`${file.realPath}-wal`);
    const connection = connect(sqlite, file.realPath, "change");
    open.push(connection);
    if (hasLog) {
      connection.exec("PRAGMA wal_autocheckpoint = 0");
      openLog(connection);
      // One that may not write, and is closed last, leaves the log where it is, should the other processes go meanwhile.
      const keeper = connect(sqlite, file.realPath, "look");
      open.unshift(keeper);
      openLog(keeper);
    }
    return isOpenHere(file.stat) || process.platform !== "linux" ? allBy(connection, rowChanges) : all({ kind: "changed" });
  } catch (error) {
    return all(failureOf(error));
  } finally {
    for (const connection of open.toReversed()) connection.close();
  }
}
