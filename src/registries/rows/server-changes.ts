import type { Literal } from "./literals.ts";
import { quoteName } from "./names.ts";
import { given, tableName, versionOf, type Given, type ServerStatement, type ServerTableShape } from "./server-statements.ts";
import { serverText } from "./server-values.ts";
import type { Columns } from "./statements.ts";

/** One row that is to be changed: its key, the transaction that wrote it last, and what is written; without that it goes. */
export type ServerChange = {
  readonly key: readonly Literal[];
  readonly version: string;
  readonly written: Columns | undefined;
  /** Another machine's row, which its server calls stale: undefined where it is this machine's. */
  readonly isStale?: true;
};

/** What more is read beside the rows that are to be changed, and what has to be so of them there. */
export type Beside = { readonly from: string; readonly condition: string };

const typeOf = ({ server }: ServerTableShape, column: string): string => server.types[column] ?? "text";

/** A name of a column in the list of what is changed; it can meet none of the table's. */
const slot = (kind: "k" | "w", nth: number): string => `sessreap_${kind}${nth}`;

/** Rows that are to be changed as a list `v` in a statement, and what has to be so of a row `r` that is one of them. */
function listOf(
  shape: ServerTableShape,
  changes: readonly (Pick<ServerChange, "key" | "version"> & Partial<ServerChange>)[],
  { add }: Given,
): { readonly sql: string; readonly condition: string } {
  const written = Object.keys(changes[0]?.written ?? {});
  const keys = shape.key.map((column, nth) => ({ column, values: changes.map(({ key }) => key[nth] as Literal) }));
  const values = written.map((column) => ({ column, values: changes.map((one) => one.written?.[column] ?? "NULL") }));
  const arrayOf = (one: { readonly column: string; readonly values: readonly Literal[] }): string =>
    `${add(one.values.map(serverText))}::${typeOf(shape, one.column)}[]`;
  const versions = `${add(changes.map(({ version }) => version))}::text[]`;
  const names = [...keys.map((_, nth) => slot("k", nth)), "sessreap_version", ...values.map((_, nth) => slot("w", nth)), "sessreap_place"];
  const sql = `unnest(${[...keys.map(arrayOf), versions, ...values.map(arrayOf)].join(", ")}) WITH ORDINALITY AS v(${names.join(", ")})`;
  const isSame = shape.key.map((column, nth) => `r.${quoteName(column)} = v.${slot("k", nth)}`);
  return { sql, condition: [...isSame, `${versionOf} = v.sessreap_version`].join(" AND ") };
}

/**
 * Writes a release into rows, or takes them out, in one statement: each only while the transaction that wrote it last is
 * still the one that wrote what was judged. Gives the place in the list of each that it changed, and whether what was written
 * is there. They are this machine's, unless `besideOf` says which others.
 */
export function changeRows(
  shape: ServerTableShape,
  machine: string,
  changes: readonly ServerChange[],
  besideOf?: (all: Given) => Beside,
): ServerStatement {
  const all = given();
  const written = Object.keys(changes[0]?.written ?? {});
  const beside = besideOf?.(all);
  const isMeant = beside?.condition ?? `r.${quoteName(shape.server.machine)} = ${all.add(machine)}`;
  const list = listOf(shape, changes, all);
  const isOpen = shape.server.open === undefined ? [] : [`r.${quoteName(shape.server.open)} IS NULL`];
  const condition = [isMeant, list.condition, ...isOpen].join(" AND ");
  const from = beside === undefined ? list.sql : `${list.sql}, ${beside.from}`;
  const set = written.map((column, nth) => `${quoteName(column)} = v.${slot("w", nth)}`).join(", ");
  const isThere = written.map((column) => `r.${quoteName(column)} IS NOT NULL`).join(" AND ");
  const place = "RETURNING v.sessreap_place::text AS place";
  const sql =
    written.length === 0
      ? `DELETE FROM ${tableName(shape)} AS r USING ${from} WHERE ${condition} ${place}, 'true' AS kept`
      : `UPDATE ${tableName(shape)} AS r SET ${set} FROM ${from} WHERE ${condition} ${place}, (${isThere})::text AS kept`;
  return { sql, values: all.values };
}

/** Finds of this machine's rows that were to be changed those that are still as they were judged: the places of these in their list. */
export function findUnchanged(
  shape: ServerTableShape,
  machine: string,
  changes: readonly Pick<ServerChange, "key" | "version">[],
): ServerStatement {
  const all = given();
  const isOwn = `r.${quoteName(shape.server.machine)} = ${all.add(machine)}`;
  const list = listOf(shape, changes, all);
  return {
    sql: `SELECT v.sessreap_place::text AS place FROM ${tableName(shape)} AS r, ${list.sql} WHERE ${isOwn} AND ${list.condition}`,
    values: all.values,
  };
}

/** Puts a row back. It never replaces another one. */
export function insertRow(shape: ServerTableShape, columns: Columns): ServerStatement {
  const all = given();
  const places = Object.values(columns).map((literal) => all.add(serverText(literal)));
  const names = Object.keys(columns).map(quoteName).join(", ");
  return { sql: `INSERT INTO ${tableName(shape)} (${names}) OVERRIDING SYSTEM VALUE VALUES (${places.join(", ")})`, values: all.values };
}

/** A row by its key and machine whose every given column says the very same. */
function sameRow(shape: ServerTableShape, columns: Columns, but: readonly string[], { add }: Given): string {
  const at = [...shape.key, shape.server.machine].map((column) => `r.${quoteName(column)} = ${add(serverText(columns[column] ?? "NULL"))}`);
  const others = Object.entries(columns).filter(([column]) => !but.includes(column));
  return [
    ...at,
    ...others.map(([column, literal]) => `r.${quoteName(column)}::text IS NOT DISTINCT FROM ${add(serverText(literal))}`),
  ].join(" AND ");
}

/** Counts the rows in the place of one that say exactly what it says. */
export function countExact(shape: ServerTableShape, columns: Columns): ServerStatement {
  const all = given();
  const condition = sameRow(shape, columns, [], all);
  return { sql: `SELECT count(*) AS same FROM ${tableName(shape)} AS r WHERE ${condition}`, values: all.values };
}

/** Counts the rows that have a row's key. */
export function countAt(shape: ServerTableShape, columns: Columns): ServerStatement {
  const all = given();
  const at = shape.key.map((column) => `r.${quoteName(column)} = ${all.add(serverText(columns[column] ?? "NULL"))}`);
  return { sql: `SELECT count(*) AS same FROM ${tableName(shape)} AS r WHERE ${at.join(" AND ")}`, values: all.values };
}

/** Gives the columns that were written what they said before, where the row is still as it was left. */
export function unwriteRow(shape: ServerTableShape, columns: Columns, written: Columns): ServerStatement {
  const all = given();
  const names = Object.keys(written);
  const set = names.map((column) => `${quoteName(column)} = ${all.add(serverText(columns[column] ?? "NULL"))}`).join(", ");
  // A column that keeps no part of a second keeps none of what was written.
  const asKept = (column: string): string =>
    `${all.add(serverText(written[column] ?? "NULL"))}::${shape.server.exactTypes[column] ?? "text"}`;
  const left = names.map((column) => `r.${quoteName(column)} IS NOT DISTINCT FROM ${asKept(column)}`);
  const condition = [sameRow(shape, columns, names, all), ...left].join(" AND ");
  return { sql: `UPDATE ${tableName(shape)} AS r SET ${set} WHERE ${condition}`, values: all.values };
}

/** Every row that this transaction has inserted, changed or deleted, by a trigger or a foreign key, too. */
export const countChanges = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) AS total FROM pg_stat_xact_user_tables";
