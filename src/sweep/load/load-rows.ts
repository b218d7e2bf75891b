import { formatDuration } from "../../core/duration.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { DatabaseQuestion } from "../../host/databases/server-read.ts";
import type { TableRead } from "../../host/databases/table-read.ts";
import type { Claim, FormatBasics, RowsFormat } from "../../registries/format.ts";
import { valueOf } from "../../registries/rows/literals.ts";
import type { Named } from "../../registries/rows/server-statements.ts";
import { serverText, serverValueOf } from "../../registries/rows/server-values.ts";
import type { Row, TableShape } from "../../registries/rows/table.ts";
import { keptAtMost, missing, type Entries, type Entry, type Loaded } from "./loaded.ts";
import { mayBeElsewhere, pidsOf } from "./pids.ts";
import type { Target } from "./target.ts";

/** What a row says, by the names of its columns. */
export function valuesOfRow({ columns, generated, server }: TableShape, { literals }: Row): Readonly<Record<string, unknown>> {
  const read = (name: string, literal: string): unknown =>
    server === undefined ? valueOf(literal) : serverValueOf(literal, server.types[name]);
  return Object.fromEntries([...columns, ...generated].map((name, nth) => [name, read(name, literals[nth] as string)]));
}

/**
 * A claim as this machine sees it. The name under which its rows stand is its own, also where its host is called otherwise; of another
 * machine's row nothing is kept by which a process here could be meant.
 */
function seenFrom(machine: string, ours: string, name: unknown, claim: Claim, silence: Row["silence"]): Claim {
  if (!claim.ok) return claim;
  if (name === machine) return { ...claim, registration: { ...claim.registration, host: ours } };
  const { registration, otherHolder: _, ...rest } = claim;
  const nowhere = { pid: undefined, startTicks: undefined, bootId: undefined, pidNamespace: undefined };
  const place = { tmuxSession: undefined, tmuxPane: undefined, tmuxSocket: undefined, cwd: undefined };
  const seen = { ...registration, ...nowhere, ...place, machineId: String(name), host: String(name) };
  if (silence === undefined) return { ...rest, registration: seen };
  const [machineFor, heartFor] = [formatDuration(silence.machineMs), formatDuration(silence.heartMs)];
  const said = `${String(name)} has not swept for ${machineFor}, and its heart has not beaten for ${heartFor}, by the server's clock`;
  return { ...rest, registration: { ...seen, silence: said } };
}

/** What a row is called: its primary key, or SQLite's own number of it. */
function keyOf({ columns, key, server }: TableShape, { rowid, literals }: Row): string {
  if (key.length === 0) return `row ${rowid}`;
  return key
    .map((name) => {
      const literal = literals[columns.indexOf(name)] as string;
      if (server !== undefined) return String(serverText(literal));
      const value = valueOf(literal);
      return typeof value === "string" || typeof value === "number" ? String(value) : literal;
    })
    .join("/");
}

function repeated(keys: readonly string[]): ReadonlySet<string> {
  const once = new Set<string>();
  return new Set(keys.filter((key) => once.size === once.add(key).size));
}

type RowFormat = RowsFormat & Pick<FormatBasics, "fields" | "releases">;

/** Rows as entries. What a row says is read again each time it is asked for in a large table. */
function rowEntries(table: TableShape, rows: readonly Row[], format: RowFormat, see: (claim: Claim, row: Row) => Claim): Entries {
  const keys = rows.map((row) => keyOf(table, row));
  const twice = repeated(keys);
  const beat = [...table.columns, ...table.generated].indexOf(format.fields.lastHeartbeatAt ?? "");
  const read = (index: number): Entry => {
    const [key, row] = [keys[index] as string, rows[index] as Row];
    const claim = see(format.claim(key, valuesOfRow(table, row)), row);
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

/** How the claims of a table are seen from here: those of a file are what they say. */
function seenIn({ table }: Extract<TableRead, { kind: "read" }>, { server }: Target, ours: string): (claim: Claim, row: Row) => Claim {
  const { server: shape } = table;
  if (server === undefined || shape === undefined) return (claim) => claim;
  return (claim, row) => seenFrom(server.machine, ours, valuesOfRow(table, row)[shape.machine], claim, row.silence);
}

/** The columns by which a person can name a row. */
const namesOf = ({ fields }: RowFormat, of: "any-name" | "identity"): readonly string[] =>
  [fields.identity, ...(of === "any-name" ? [fields.sessionId] : [])].filter((name) => name !== undefined && name !== "<key>") as string[];

function namedIn(format: RowFormat, { alsoRows }: Target): Named | undefined {
  if (alsoRows === undefined) return undefined;
  const { text, of } = alsoRows;
  return { text, columns: namesOf(format, of), byKey: of === "any-name", alsoReleased: of === "any-name" };
}

/** What a server is asked for one table by this machine. */
export function questionFor(target: Target, server: NonNullable<Target["server"]>, format: RowFormat): DatabaseQuestion {
  const { table, where, columns, fields, releases } = format;
  const { path, onGhost = "report" } = target;
  const at = { url: path, address: server.address, machine: server.machine, machineColumn: fields.host ?? "" };
  const { lastHeartbeatAt: heartbeat, registeredAt: registered } = fields;
  const isLookedFor = onGhost !== "reap" && releases !== undefined && heartbeat !== undefined && server.heartbeatTtlMs !== undefined;
  const silence = isLookedFor ? { heartbeat, ttlMs: server.heartbeatTtlMs, registered } : undefined;
  const wanted = {
    onGhost,
    silence,
    heartbeatTtlMs: server.heartbeatTtlMs,
    ...(target.countsForeign === true && { countsForeign: true as const }),
    identityColumn: fields.identity === "<key>" ? undefined : fields.identity,
    named: namedIn(format, target),
  };
  const released = releases === undefined ? undefined : { at: releases.at, reason: releases.reason };
  return { table, where, columns, ...at, released, ...wanted };
}

async function readFrom(host: LookingHost, target: Target, format: RowFormat): Promise<TableRead> {
  const { table, where, columns } = format;
  const { path, server, maxSize } = target;
  if (format.store === "file" || server === undefined) return host.readTable(path, { table, where, columns }, maxSize);
  return host.readServerTable(questionFor(target, server, format), maxSize);
}

/** Reads the rows of one table that are claims. */
export async function loadRows(host: LookingHost, target: Target, format: RowFormat): Promise<Loaded> {
  const read = await readFrom(host, target, format);
  switch (read.kind) {
    case "missing":
      return missing(target);
    case "unreadable":
      return { state: "unreadable", target, problem: `${read.problem}; ${read.cure}` };
    case "malformed":
    case "busy":
      return { state: read.kind, target, problem: read.problem };
    case "read": {
      const here = host.here();
      const see = seenIn(read, target, here.hostname);
      const entries = rowEntries(read.table, read.rows, format, see);
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
