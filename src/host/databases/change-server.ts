import {
  changeRows,
  countAt,
  countExact,
  findUnchanged,
  insertRow,
  unwriteRow,
  type ServerChange,
} from "../../registries/rows/server-changes.ts";
import { settings, type ServerTableShape } from "../../registries/rows/server-statements.ts";
import { holdSilent, stillStale, takeTurn } from "../../registries/rows/silence-statements.ts";
import type { Columns } from "../../registries/rows/statements.ts";
import type { RowChanged } from "./change-rows.ts";
import { withConnection, type Connection } from "./server.ts";
import type { ServerTable } from "./server-read.ts";
import { transact, type Became } from "./server-transaction.ts";

type Change = (table: ServerTable, shape: ServerTableShape, changes: readonly ServerChange[]) => Promise<Became>;

const changeOwn: Change = (table, shape, changes) => {
  const { machine } = table;
  return transact(table, {
    statement: changeRows(shape, machine, changes),
    rows: changes.length,
    unchanged: findUnchanged(shape, machine, changes),
  });
};

const another = { kind: "busy", why: "another machine passes over the silent ones" } as const;

/**
 * Releases rows of silent machines, by one session of all at a time, and only those that the server still calls stale. A machine
 * that comes back was heard before, or waits until it is done.
 */
const releaseStale: Change = (table, shape, changes) => {
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
};

/** A sweep makes at most so many transactions more to tell a row that is refused from those that it holds up; one that waits counts as more. */
const [furtherParts, waiting] = [128, 8];

/** Changes rows together, and where one of them is refused in halves, for the others are not to stay with it. */
async function inParts(
  become: (changes: readonly ServerChange[]) => Promise<Became>,
  all: readonly ServerChange[],
): Promise<readonly RowChanged[]> {
  let left = furtherParts;
  const changeIn = async (changes: readonly ServerChange[]): Promise<readonly RowChanged[]> => {
    const { answers, isRefused } = await become(changes);
    if (!isRefused || changes.length === 1 || left < 2) return answers;
    left -= answers[0]?.kind === "busy" ? 2 * waiting : 2;
    const middle = Math.ceil(changes.length / 2);
    return [...(await changeIn(changes.slice(0, middle))), ...(await changeIn(changes.slice(middle)))];
  };
  return all.length === 0 ? [] : changeIn(all);
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
    const said = await inParts((part) => change(table, shape, part), those);
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
    answers.push(...(await transact(table, { statement, rows: 1, check })).answers);
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
