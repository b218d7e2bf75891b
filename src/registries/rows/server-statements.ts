import type { Literal } from "./literals.ts";
import { quoteName } from "./names.ts";
import { serverText } from "./server-values.ts";
import type { Columns } from "./statements.ts";
import type { ServerShape, TableShape, Where } from "./table.ts";

/** SQL with its values beside it, numbered. An array stands for one value a row. */
export type ServerStatement = { readonly sql: string; readonly values: readonly (string | null | readonly (string | null)[])[] };

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
  return `SELECT ${["r.xmin::text AS version", ...texts, ...more].join(", ")} FROM ${places.join(", ")}`;
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

const typeOf = ({ server }: ServerTableShape, column: string): string => server.types[column] ?? "text";

/** A name of a column in the list of what is changed; it can meet none of the table's. */
const slot = (kind: "k" | "w", nth: number): string => `sessreap_${kind}${nth}`;

/**
 * Writes a release into rows, or takes them out, in one statement: each only while the transaction that wrote it last is
 * still the one that wrote what was judged. Gives the place in the list of each that it changed. They are this machine's,
 * unless `besideOf` says which others.
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
  const keys = shape.key.map(
    (column, nth) => `${all.add(changes.map(({ key }) => serverText(key[nth] as Literal)))}::${typeOf(shape, column)}[]`,
  );
  const versions = `${all.add(changes.map(({ version }) => version))}::xid[]`;
  const values = written.map(
    (column) => `${all.add(changes.map((one) => serverText(one.written?.[column] ?? "NULL")))}::${typeOf(shape, column)}[]`,
  );
  const names = [
    ...shape.key.map((_, nth) => slot("k", nth)),
    "sessreap_version",
    ...written.map((_, nth) => slot("w", nth)),
    "sessreap_place",
  ];
  const list = `unnest(${[...keys, versions, ...values].join(", ")}) WITH ORDINALITY AS v(${names.join(", ")})`;
  const condition = [
    isMeant,
    ...shape.key.map((column, nth) => `r.${quoteName(column)} = v.${slot("k", nth)}`),
    "r.xmin = v.sessreap_version",
    ...(shape.server.open === undefined ? [] : [`r.${quoteName(shape.server.open)} IS NULL`]),
  ].join(" AND ");
  const from = beside === undefined ? list : `${list}, ${beside.from}`;
  const set = written.map((column, nth) => `${quoteName(column)} = v.${slot("w", nth)}`).join(", ");
  const sql =
    written.length === 0
      ? `DELETE FROM ${tableName(shape)} AS r USING ${from} WHERE ${condition} RETURNING v.sessreap_place::text AS place`
      : `UPDATE ${tableName(shape)} AS r SET ${set} FROM ${from} WHERE ${condition} RETURNING v.sessreap_place::text AS place`;
  return { sql, values: all.values };
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
  const left = names.map((column) => `r.${quoteName(column)} IS NOT DISTINCT FROM ${all.add(serverText(written[column] ?? "NULL"))}`);
  const condition = [sameRow(shape, columns, names, all), ...left].join(" AND ");
  return { sql: `UPDATE ${tableName(shape)} AS r SET ${set} WHERE ${condition}`, values: all.values };
}

/** Every row that this transaction has inserted, changed or deleted, by a trigger or a foreign key, too. */
export const countChanges = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) AS total FROM pg_stat_xact_user_tables";
