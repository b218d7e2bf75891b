import {
  changeRows,
  countAt,
  countChanges,
  countExact,
  insertRow,
  unwriteRow,
  type ServerChange,
} from "../../registries/rows/server-changes.ts";
import { settings, type ServerStatement, type ServerTableShape } from "../../registries/rows/server-statements.ts";
import { holdSilent, stillStale, takeTurn } from "../../registries/rows/silence-statements.ts";
import type { Columns } from "../../registries/rows/statements.ts";
import type { RowChanged } from "./change-rows.ts";
import { isLost, problemOf, withConnection, withCure, type Connection } from "./server.ts";
import type { ServerTable } from "./server-read.ts";

const lockedByAnother = { kind: "busy", why: "another session has it locked" } as const;

function failureOf(error: unknown): RowChanged {
  const found = problemOf(error);
  const { kind, problem } = found;
  if (kind === "busy") return lockedByAnother;
  if (kind === "taken") return { kind: "taken" };
  if (kind === "constraint") return { kind: "failed", problem: `its table does not allow it: ${problem}` };
  return { kind: "failed", problem: withCure(found) };
}

async function total({ ask }: Connection): Promise<number> {
  return Number((await ask({ sql: countChanges, values: [] })).rows[0]?.["total"]);
}

/** Whether a transaction was committed whose end was not heard; undefined where the server does not say. */
async function wasCommitted({ address }: ServerTable, id: string): Promise<boolean | undefined> {
  for (const pauseMs of [0, 500, 2_000]) {
    await new Promise((done) => void setTimeout(done, pauseMs));
    try {
      const { rows } = await withConnection(address, ({ ask }) => ask({ sql: "SELECT pg_xact_status($1::xid8) AS status", values: [id] }));
      const status = rows[0]?.["status"];
      if (status === "committed" || status === "aborted") return status === "committed";
    } catch {
      // It is asked again.
    }
  }
  return undefined;
}

/** What a statement made of the rows that it names, in their order: the places of those that it changed. */
type Made = { readonly changed: ReadonlySet<number>; readonly count: number };

type Work = {
  readonly statement: ServerStatement;
  readonly rows: number;
  /** Why it is not to be tried, asked inside its transaction. */
  readonly before?: (connection: Connection) => Promise<RowChanged | undefined>;
  readonly check?: (connection: Connection) => Promise<string | undefined>;
};

/**
 * One transaction for one statement. It is committed only if it changed the rows that it says and nothing beside them
 * by a trigger or a foreign key.
 */
async function transact(table: ServerTable, { statement, rows, before: ready, check }: Work): Promise<readonly RowChanged[]> {
  const all = (result: RowChanged): readonly RowChanged[] => Array.from({ length: rows }, () => result);
  let ending: { readonly id: string; readonly made: Made } | undefined;
  const answers = ({ changed, count }: Made): readonly RowChanged[] =>
    Array.from({ length: rows }, (_, nth) => ({ kind: (rows === 1 && count === 1) || changed.has(nth) ? "done" : "changed" }));
  try {
    return await withConnection(table.address, async (connection) => {
      await connection.run(settings("change"));
      const obstacle = await ready?.(connection);
      if (obstacle !== undefined) return all(obstacle);
      const before = await total(connection);
      const answer = await connection.ask(statement);
      const made = { changed: new Set(answer.rows.map((row) => Number(row["place"]) - 1)), count: answer.count };
      const beside = (await total(connection)) - before - made.count;
      const problem =
        beside !== 0
          ? `that would change ${made.count + beside} rows, by a foreign key or a trigger of its table; nothing was changed`
          : made.count === 0
            ? undefined
            : await check?.(connection);
      if (problem !== undefined || made.count === 0) {
        await connection.run("ROLLBACK");
        return problem === undefined ? answers(made) : all({ kind: "failed", problem });
      }
      const id = (await connection.ask({ sql: "SELECT pg_current_xact_id()::text AS id", values: [] })).rows[0]?.["id"] ?? "";
      ending = { id, made };
      await connection.run("COMMIT");
      return answers(made);
    });
  } catch (error) {
    if (ending === undefined || !(isLost(error) || problemOf(error).kind === "unreachable")) return all(failureOf(error));
    const committed = await wasCommitted(table, ending.id);
    if (committed === false) return all(failureOf(error));
    // Where the server does not say, the tombstones stay: they undo what may have been done.
    return committed === true ? answers(ending.made) : answers(ending.made).map((one) => (one.kind === "done" ? { kind: "unsure" } : one));
  }
}

async function changeOwn(table: ServerTable, shape: ServerTableShape, changes: readonly ServerChange[]): Promise<readonly RowChanged[]> {
  return transact(table, { statement: changeRows(shape, table.machine, changes), rows: changes.length });
}

const another = { kind: "busy", why: "another machine passes over the silent ones" } as const;

/**
 * Releases rows of silent machines, by one session of all at a time, and only those that the server still calls stale. A machine
 * that comes back was heard before, or waits until it is done.
 */
async function releaseStale(table: ServerTable, shape: ServerTableShape, changes: readonly ServerChange[]): Promise<readonly RowChanged[]> {
  const { machine, schema, silence } = table;
  if (silence === undefined || changes.some(({ written }) => written === undefined))
    throw new TypeError("a row was to be released by its heartbeat");
  const statement = changeRows(shape, machine, changes, (all) => stillStale(shape, machine, silence, all));
  const before = async ({ ask }: Connection): Promise<RowChanged | undefined> => {
    if ((await ask(takeTurn(schema))).rows[0]?.["taken"] !== "true") return another;
    await ask(holdSilent(schema, machine));
    return undefined;
  };
  return transact(table, { statement, rows: changes.length, before });
}

/** Changes rows of a table that was judged, this machine's and those of silent ones by one statement each; answers in their order. */
export async function changeServerRows(
  table: ServerTable,
  shape: ServerTableShape,
  changes: readonly ServerChange[],
): Promise<readonly RowChanged[]> {
  const answers = new Map<ServerChange, RowChanged>();
  for (const [change, those] of [
    [changeOwn, changes.filter(({ isStale }) => isStale === undefined)],
    [releaseStale, changes.filter(({ isStale }) => isStale === true)],
  ] as const) {
    const said = those.length === 0 ? [] : await change(table, shape, those);
    for (const [nth, answer] of said.entries()) answers.set(those[nth] as ServerChange, answer);
  }
  return changes.map((one) => answers.get(one) as RowChanged);
}

/** What puts a row back: as it was, or the columns that were written as they were. */
export type ServerReturn = { readonly columns: Columns; readonly written: Columns | undefined };

/** Puts rows back, each in a transaction of its own; answers in their order. */
export async function restoreServerRows(
  table: ServerTable,
  shape: ServerTableShape,
  rows: readonly ServerReturn[],
): Promise<readonly RowChanged[]> {
  const answers: RowChanged[] = [];
  for (const { columns, written } of rows) {
    const check = async ({ ask }: Connection): Promise<string | undefined> =>
      (await ask(countExact(shape, columns))).rows[0]?.["same"] === "1" ? undefined : "its table would keep other values than it had";
    const statement = written === undefined ? insertRow(shape, columns) : unwriteRow(shape, columns, written);
    answers.push(...(await transact(table, { statement, rows: 1, check })));
  }
  return answers;
}

/** Whether another row has a row's key, by a look. */
export async function isServerRowThere(table: ServerTable, shape: ServerTableShape, columns: Columns): Promise<boolean> {
  const { rows } = await withConnection(table.address, async (connection) => {
    await connection.run(settings("look"));
    return connection.ask(countAt(shape, columns));
  });
  return rows[0]?.["same"] !== "0";
}
