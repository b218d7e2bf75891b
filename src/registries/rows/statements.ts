import { boundOf, literalSql, placeFor, type Bound, type Literal } from "./literals.ts";
import { quoteName } from "./names.ts";
import type { Row, TableShape, Where } from "./table.ts";

/** SQL with its values beside it: no value stands in the text. */
export type Statement = { readonly sql: string; readonly values: readonly Bound[] };

/** Columns with their literals. */
export type Columns = Readonly<Record<string, Literal>>;

const allOf = ({ columns, generated }: TableShape): readonly string[] => [...columns, ...generated];

/** Part of a table whose rows have numbers: those behind one, up to another. */
export type Part = { readonly after: bigint | undefined; readonly upTo: bigint | undefined };

/** Finds the number of the last of so many rows behind a number; there is none where fewer are left. */
export function endOfPart({ name, rowid }: TableShape, after: bigint | undefined, rows: number): Statement {
  const behind = after === undefined ? "" : ` WHERE ${rowid} > ?`;
  return {
    sql: `SELECT quote(${rowid}) AS at FROM ${quoteName(name)}${behind} ORDER BY ${rowid} LIMIT 1 OFFSET ${rows - 1}`,
    values: after === undefined ? [] : [after],
  };
}

/** Reads the rows that are claims, of a part where rows have numbers. */
export function selectRows(shape: TableShape, where: Where, { after, upTo }: Part): Statement {
  const { name, rowid } = shape;
  const conditions = Object.entries(where).map(([column, value]) => `${quoteName(column)} ${value === null ? "IS NULL" : "= ?"}`);
  const given = Object.values(where).flatMap((value): readonly Bound[] => {
    if (value === null) return [];
    return [typeof value === "boolean" ? Number(value) : value];
  });
  const ends = rowid === undefined ? [] : [after, upTo].filter((end) => end !== undefined);
  const within = [after === undefined ? [] : [`${rowid} > ?`], upTo === undefined ? [] : [`${rowid} <= ?`]].flat();
  const all = [...conditions, ...(rowid === undefined ? [] : within)];
  const literals = allOf(shape).map((column, nth) => `${literalSql(column)} AS c${nth}`);
  const sql = [
    `SELECT ${[`${rowid === undefined ? "NULL" : `quote(${rowid})`} AS at`, ...literals].join(", ")} FROM ${quoteName(name)}`,
    ...(all.length > 0 ? [`WHERE ${all.join(" AND ")}`] : []),
    ...(rowid === undefined ? [] : [`ORDER BY ${rowid}`]),
  ].join(" ");
  return { sql, values: [...given, ...ends] };
}

/** The stored columns of a row by their names. */
export function columnsOf({ columns }: TableShape, { literals }: Pick<Row, "literals">): Columns {
  return Object.fromEntries(columns.map((name, nth) => [name, literals[nth] as Literal]));
}

/** A value that a tombstone keeps is held against what a literal is before it is bound. */
function bind(literal: Literal): Bound {
  const bound = boundOf(literal);
  if (bound === undefined) throw new TypeError("not a value of a table");
  return bound;
}

type Condition = { readonly sql: readonly string[]; readonly values: readonly Bound[] };

/** The one row that stands there: by its key, so that an index finds it, or by its number where it has none. */
function placeOf({ key, rowid: name }: TableShape, columns: Columns, rowid: Literal | undefined): Condition {
  const literals = key.map((column) => columns[column] ?? "NULL");
  if (key.length > 0 && !literals.includes("NULL"))
    return { sql: key.map((column, nth) => `${quoteName(column)} IS ${placeFor(literals[nth] as Literal)}`), values: literals.map(bind) };
  if (name === undefined || rowid === undefined) throw new TypeError("a row by its number was expected");
  return { sql: [`${name} IS ?`], values: [bind(rowid)] };
}

/** Every one of these columns still says the very same. */
function unchanged(columns: Columns): Condition {
  return { sql: Object.keys(columns).map((column) => `${literalSql(column)} = ?`), values: Object.values(columns) };
}

function condition(...parts: readonly Condition[]): Statement {
  return { sql: parts.flatMap(({ sql }) => sql).join(" AND "), values: parts.flatMap(({ values }) => values) };
}

/** Counts the rows that are still as one was judged: one or none. */
export function countUnchanged(shape: TableShape, columns: Columns, rowid: Literal | undefined): Statement {
  const { sql, values } = condition(placeOf(shape, columns, rowid), unchanged(columns));
  return { sql: `SELECT count(*) AS same FROM ${quoteName(shape.name)} WHERE ${sql}`, values };
}

/** Takes a row out that is still as it was judged. */
export function deleteRow(shape: TableShape, columns: Columns, rowid: Literal | undefined): Statement {
  const { sql, values } = condition(placeOf(shape, columns, rowid), unchanged(columns));
  return { sql: `DELETE FROM ${quoteName(shape.name)} WHERE ${sql}`, values };
}

const settings = (columns: Columns): Statement => ({
  sql: Object.entries(columns)
    .map(([column, literal]) => `${quoteName(column)} = ${placeFor(literal)}`)
    .join(", "),
  values: Object.values(columns).map(bind),
});

/** Writes some columns of a row that is still as it was judged, in the place of no other row, also where the table says so. */
export function writeRow(shape: TableShape, columns: Columns, rowid: Literal | undefined, written: Columns): Statement {
  const [set, at] = [settings(written), condition(placeOf(shape, columns, rowid), unchanged(columns))];
  return { sql: `UPDATE OR ABORT ${quoteName(shape.name)} SET ${set.sql} WHERE ${at.sql}`, values: [...set.values, ...at.values] };
}

/** Gives the columns that were written what they said before, where the row is still as it was left. */
export function unwriteRow(shape: TableShape, columns: Columns, rowid: Literal | undefined, written: Columns): Statement {
  const names = Object.keys(written);
  const others = Object.fromEntries(Object.entries(columns).filter(([name]) => !names.includes(name)));
  const before = Object.fromEntries(names.map((name) => [name, columns[name] ?? "NULL"]));
  // A column may keep a value in another form than the one it was given: it is compared as it is kept.
  const asLeft = {
    sql: names.map((name) => `${quoteName(name)} IS ${placeFor(written[name] as Literal)}`),
    values: Object.values(written).map(bind),
  };
  const [set, at] = [settings(before), condition(placeOf(shape, columns, rowid), unchanged(others), asLeft)];
  return { sql: `UPDATE OR ABORT ${quoteName(shape.name)} SET ${set.sql} WHERE ${at.sql}`, values: [...set.values, ...at.values] };
}

/** Puts a row back. It never replaces another one, also where the table says so. */
export function insertRow({ name }: TableShape, columns: Columns): Statement {
  const literals = Object.values(columns);
  return {
    sql: `INSERT OR ABORT INTO ${quoteName(name)} (${Object.keys(columns).map(quoteName).join(", ")}) VALUES (${literals.map(placeFor).join(", ")})`,
    values: literals.map(bind),
  };
}

/** Counts the rows in the place of one that say exactly what it says. */
export function countExact(shape: TableShape, columns: Columns, rowid: Literal): Statement {
  const { sql, values } = condition(placeOf(shape, columns, rowid), unchanged(columns));
  return { sql: `SELECT count(*) AS same FROM ${quoteName(shape.name)} WHERE ${sql}`, values };
}
