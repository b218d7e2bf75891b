import { quoteName } from "./names.ts";
import type { ServerShape, TableShape, Where } from "./table.ts";

/** SQL with its values beside it, numbered. An array stands for one value a row. */
export type ServerStatement = { readonly sql: string; readonly values: readonly (string | null | readonly (string | null)[])[] };

/** Which rows are read beside this machine's own that are not released: those that a person asks for by a name. */
export type Named = {
  readonly text: string;
  readonly columns: readonly string[];
  /** The table's key names them, too. */
  readonly byKey: boolean;
  readonly alsoReleased: boolean;
};

export type ServerTableShape = TableShape & { readonly server: ServerShape };

/** A session in which values are given in one form, changes nothing, and waits for nothing for long. */
export const settings = (access: "look" | "change"): string =>
  [
    access === "look" ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "SET LOCAL statement_timeout = '5s'",
    "SET LOCAL lock_timeout = '250ms'",
    "SET LOCAL idle_in_transaction_session_timeout = '10s'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    // What a deferred trigger would do at the end is done, and counted, before it.
    ...(access === "look" ? [] : ["SET CONSTRAINTS ALL IMMEDIATE"]),
  ].join("; ");

export const tableName = ({ name, server }: ServerTableShape): string => `${quoteName(server.schema)}.${quoteName(name)}`;

const columnsIn = ({ columns, generated }: TableShape): readonly string[] => [...columns, ...generated];

/** The values of a statement, to which more can be added. */
export type Given = {
  readonly values: (string | null | readonly (string | null)[])[];
  readonly add: (value: string | null | readonly (string | null)[]) => string;
};

export function given(): Given {
  const values: (string | null | readonly (string | null)[])[] = [];
  return { values, add: (value) => `$${values.push(value)}` };
}

/** Rows of which this machine is the writer, and which are not released. */
function ownOpen({ server }: ServerTableShape, machine: string, where: Where, { add }: Given): string {
  const conditions = Object.entries(where).map(([column, value]) =>
    value === null ? `r.${quoteName(column)} IS NULL` : `r.${quoteName(column)} = ${add(String(value))}`,
  );
  const open = server.open === undefined ? [] : [`r.${quoteName(server.open)} IS NULL`];
  return [`r.${quoteName(server.machine)} = ${add(machine)}`, ...open, ...conditions].join(" AND ");
}

/** A name is held against columns of text, and against others only where it can be a value of theirs. */
function namedRows({ server, key }: ServerTableShape, { text, columns, byKey, alsoReleased }: Named, { add }: Given): string {
  const fits = (type: string | undefined): boolean =>
    type === "text" ||
    type === "character varying" ||
    (type === "uuid" && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) ||
    ((type === "bigint" || type === "integer") && /^[1-9]\d{0,8}$/.test(text));
  const all = [...columns, ...(byKey && key.length === 1 ? key : [])];
  const equal = all.filter((column) => fits(server.types[column])).map((column) => `r.${quoteName(column)} = ${add(text)}`);
  const open = alsoReleased || server.open === undefined ? [] : [`r.${quoteName(server.open)} IS NULL`];
  return [`(${equal.length === 0 ? "false" : equal.join(" OR ")})`, ...open].join(" AND ");
}

function scope(shape: ServerTableShape, machine: string, where: Where, named: Named | undefined, all: Given): string {
  const own = ownOpen(shape, machine, where, all);
  return named === undefined ? own : `(${own}) OR (${namedRows(shape, named, all)})`;
}

/** How many bytes the rows have that would be read. */
export function measureRows(shape: ServerTableShape, machine: string, where: Where, named: Named | undefined): ServerStatement {
  const all = given();
  const condition = scope(shape, machine, where, named, all);
  return {
    sql: `SELECT coalesce(sum(octet_length(r::text)), 0) AS bytes FROM ${tableName(shape)} AS r WHERE ${condition}`,
    values: all.values,
  };
}

/** How many rows of other machines are not released. */
export function countForeign(shape: ServerTableShape, machine: string): ServerStatement {
  const { server } = shape;
  const open = server.open === undefined ? "" : ` AND r.${quoteName(server.open)} IS NULL`;
  return {
    sql: `SELECT count(*)::text AS others FROM ${tableName(shape)} AS r WHERE r.${quoteName(server.machine)} IS DISTINCT FROM $1${open}`,
    values: [machine],
  };
}

/** Which row it is in its own table, which can be one that inherits from the table that is asked, and the transaction that wrote it last. */
export const versionOf = "(r.tableoid::text || ':' || r.xmin::text)";

/** Reads rows, each value as text, with the transaction that wrote it last. */
export function readRows(shape: ServerTableShape, machine: string, where: Where, named: Named | undefined): ServerStatement {
  const all = given();
  const condition = scope(shape, machine, where, named, all);
  return { sql: `${selected(shape)} WHERE ${condition} ORDER BY ${orderOf(shape)}`, values: all.values };
}

export const orderOf = ({ key }: TableShape): string => key.map((column) => `r.${quoteName(column)}`).join(", ");

export function selected(shape: ServerTableShape, more: readonly string[] = [], ...from: readonly string[]): string {
  const texts = columnsIn(shape).map((column, nth) => `r.${quoteName(column)}::text AS c${nth}`);
  const places = [`${tableName(shape)} AS r`, ...from];
  return `SELECT ${[`${versionOf} AS version`, ...texts, ...more].join(", ")} FROM ${places.join(", ")}`;
}

/**
 * This machine's rows of some names that were released of late: a loop that registers each released row again shows in them.
 * By the server's clock, which wrote none of the times that are held against each other.
 */
export function readReleased(shape: ServerTableShape, machine: string, identity: string, names: readonly string[]): ServerStatement {
  const { add, values } = given();
  const open = quoteName(shape.server.open ?? "");
  const condition = [
    `r.${quoteName(shape.server.machine)} = ${add(machine)}`,
    `r.${open} > now() - interval '1 hour'`,
    `r.${quoteName(identity)}::text = ANY (${add(names)}::text[])`,
  ].join(" AND ");
  return { sql: `${selected(shape)} WHERE ${condition} ORDER BY ${orderOf(shape)}`, values };
}
