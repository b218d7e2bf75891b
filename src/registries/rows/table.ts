import type { Literal } from "./literals.ts";

/** Which rows of a table are claims: each of these columns has this value. */
export type Where = Readonly<Record<string, string | number | boolean | null>>;

/** What is asked of a database: one table, which of its rows, and the columns that it has to have. */
export type TableQuestion = { readonly table: string; readonly where: Where; readonly columns: readonly string[] };

/** A table, as far as its rows are told apart and put back. */
export type TableShape = {
  readonly name: string;
  /** Every column that is stored, in the table's order. */
  readonly columns: readonly string[];
  /** Columns that are made of others: they can be read, and never written. */
  readonly generated: readonly string[];
  /** The columns of its primary key, in the key's order; empty where none is declared. */
  readonly key: readonly string[];
  /** Under which name SQLite's own number of a row is found; undefined where rows have none. */
  readonly rowid: string | undefined;
  /** Only a table of a server has it. */
  readonly server?: ServerShape;
};

/** What is known of a table of a PostgreSQL server beside that. */
export type ServerShape = {
  readonly schema: string;
  /** The types of its columns, by their names. */
  readonly types: Readonly<Record<string, string>>;
  /** The same with their lengths: as a value becomes that is written there. */
  readonly exactTypes: Readonly<Record<string, string>>;
  /** The column that names the machine whose row it is. */
  readonly machine: string;
  /** The column that is null until a row is released, where it is one of times: only such rows are read. */
  readonly open: string | undefined;
};

/** One row: its number, and the literals of the stored columns and of the generated ones behind them. */
export type Row = {
  readonly rowid: Literal | undefined;
  readonly literals: readonly Literal[];
  /** Of a server's row: its own table, and the transaction that wrote it last. */
  readonly version?: string;
  /** Only of a silent machine's row: for how long nothing was heard, in ms, and what the time was, all by the server's clock. */
  readonly silence?: { readonly machineMs: number; readonly heartMs: number; readonly at: string };
};

/** A line of `pragma table_list`, and one of `pragma table_xinfo`. */
export type ListedTable = { readonly name: string; readonly type: string; readonly wr: number };
export type ListedColumn = { readonly name: string; readonly pk: number; readonly hidden: number };

/** What is missing, and which names there are in its place. */
export type Missing = { readonly problem: string; readonly name: string; readonly names: readonly string[] };

const rowidNames = ["rowid", "_rowid_", "oid"];

/** A table by its listing, or why its rows are none that can be told apart. */
export function tableShape(
  tables: readonly ListedTable[],
  question: TableQuestion,
  columnsOf: (name: string) => readonly ListedColumn[],
): TableShape | Missing {
  const named = tables.find(({ name }) => name === question.table);
  const own = tables.filter(({ name, type }) => type === "table" && !name.startsWith("sqlite_")).map(({ name }) => name);
  const none = { name: question.table, names: own };
  if (named === undefined) return { problem: `has no table "${question.table}"`, ...none };
  if (named.type !== "table") return { problem: `has "${named.name}" as a ${named.type} and not as a table`, ...none, names: [] };
  if (named.name.startsWith("sqlite_")) return { problem: `has "${named.name}" as a table of SQLite's own`, ...none, names: [] };
  const listed = columnsOf(named.name);
  const columns = listed.filter(({ hidden }) => hidden === 0).map(({ name }) => name);
  const generated = listed.filter(({ hidden }) => hidden === 2 || hidden === 3).map(({ name }) => name);
  const all = [...columns, ...generated];
  const missing = question.columns.find((name) => !all.includes(name));
  if (missing !== undefined) return { problem: `has no column "${missing}" in its table "${named.name}"`, name: missing, names: all };
  const key = listed
    .filter(({ pk }) => pk > 0)
    .toSorted((a, b) => a.pk - b.pk)
    .map(({ name }) => name);
  const taken = new Set(all.map((name) => name.toLowerCase()));
  const rowid = named.wr === 0 ? rowidNames.find((name) => !taken.has(name)) : undefined;
  if (rowid === undefined && key.length === 0)
    return { problem: `has nothing by which the rows of its table "${named.name}" can be told apart`, ...none, names: [] };
  return { name: named.name, columns, generated, key, rowid };
}
