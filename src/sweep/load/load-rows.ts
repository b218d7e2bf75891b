import type { LookingHost } from "../../host/looking-host.ts";
import type { FormatBasics, RowsFormat } from "../../registries/format.ts";
import { valueOf } from "../../registries/rows/literals.ts";
import type { Row, TableShape } from "../../registries/rows/table.ts";
import { keptAtMost, missing, type Entries, type Entry, type Loaded } from "./loaded.ts";
import { mayBeElsewhere, pidsOf } from "./pids.ts";
import type { Target } from "./target.ts";

/** What a row says, by the names of its columns. */
export function valuesOfRow({ columns, generated }: TableShape, { literals }: Row): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...columns, ...generated].map((name, nth) => [name, valueOf(literals[nth] as string)]));
}

/** What a row is called: its primary key, or SQLite's own number of it. */
function keyOf({ columns, key }: TableShape, { rowid, literals }: Row): string {
  if (key.length === 0) return `row ${rowid}`;
  return key
    .map((name) => {
      const literal = literals[columns.indexOf(name)] as string;
      const value = valueOf(literal);
      return typeof value === "string" || typeof value === "number" ? String(value) : literal;
    })
    .join("/");
}

function repeated(keys: readonly string[]): ReadonlySet<string> {
  const once = new Set<string>();
  return new Set(keys.filter((key) => once.size === once.add(key).size));
}

type RowFormat = RowsFormat & Pick<FormatBasics, "fields">;

/** Rows as entries. What a row says is read again each time it is asked for in a large table. */
function rowEntries(table: TableShape, rows: readonly Row[], format: RowFormat): Entries {
  const keys = rows.map((row) => keyOf(table, row));
  const twice = repeated(keys);
  const beat = [...table.columns, ...table.generated].indexOf(format.fields.lastHeartbeatAt ?? "");
  const read = (index: number): Entry => {
    const [key, row] = [keys[index] as string, rows[index] as Row];
    const claim = format.claim(key, valuesOfRow(table, row));
    // All literals but that of its heartbeat.
    const identityText = (): string => JSON.stringify(row.literals.filter((_, nth) => nth !== beat));
    return {
      key,
      claim: claim.ok ? { ...claim, identityText } : claim,
      duplicate: twice.size > 0 && twice.has(key),
      place: { kind: "row", index },
    };
  };
  const kept: (Entry | undefined)[] = [];
  const at = (index: number): Entry => {
    if (!(index >= 0 && index < rows.length)) throw new RangeError(`there is no entry ${index}`);
    return rows.length > keptAtMost ? read(index) : (kept[index] ??= read(index));
  };
  function* all(): Generator<Entry, undefined> {
    for (let index = 0; index < rows.length; index += 1) yield at(index);
  }
  return { length: rows.length, at, keyAt: (index) => keys[index] as string, elements: undefined, [Symbol.iterator]: all };
}

/** Reads the rows of one table that are claims. */
export async function loadRows(host: LookingHost, target: Target, format: RowFormat): Promise<Loaded> {
  const { table, where, columns } = format;
  const read = host.readTable(target.path, { table, where, columns }, target.maxSize);
  switch (read.kind) {
    case "missing":
      return missing(target);
    case "unreadable":
      return { state: "unreadable", target, problem: `${read.problem}; ${read.cure}` };
    case "malformed":
    case "busy":
      return { state: read.kind, target, problem: read.problem };
    case "read": {
      const entries = rowEntries(read.table, read.rows, format);
      const here = host.here();
      const hasPids = format.fields.pid !== undefined;
      return {
        state: "read",
        kind: "rows",
        target,
        file: read.file,
        table: read.table,
        rows: read.rows,
        entries,
        pids: hasPids ? pidsOf(entries, here) : new Set(),
        elsewhere: hasPids && [...entries].some(({ claim }) => claim.ok && mayBeElsewhere(claim.registration, here)),
      };
    }
  }
}
