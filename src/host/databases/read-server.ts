import { closest } from "fastest-levenshtein";
import { columns, tables } from "../../registries/rows/catalog-statements.ts";
import { isTimeType, serverLiteral } from "../../registries/rows/server-values.ts";
import { measureRows, readReleased, readRows, settings, type ServerTableShape } from "../../registries/rows/server-statements.ts";
import type { Row } from "../../registries/rows/table.ts";
import { ownHost } from "./own-host.ts";
import { countFleet, nobodySilent, silenceIn, silentBeside } from "./silent.ts";
import { problemOf, withConnection, type Answer, type Connection, type ServerProblem } from "./server.ts";
import type { DatabaseQuestion, ServerTable } from "./server-read.ts";
import { unreadable, type TableRead } from "./table-read.ts";

const usualLimit = 512 * 1024 * 1024;

const kinds: Readonly<Record<string, string>> = { v: "view", m: "materialized view", f: "foreign table" };

/** `schema.table`, or a table that is found without a schema. */
function nameOf(table: string): { readonly schema: string | undefined; readonly name: string } {
  const at = table.indexOf(".");
  return at < 0 ? { schema: undefined, name: table } : { schema: table.slice(0, at), name: table.slice(at + 1) };
}

const isTrue = (text: string | null | undefined): boolean => text === "true";

function nearest(problem: string, wanted: string, names: readonly string[]): TableRead {
  const near = names.length === 0 ? "" : `; the nearest is "${closest(wanted, [...names])}"`;
  return unreadable(`${problem}${near}`, "correct the configuration");
}

type Found = { readonly shape: ServerTableShape; readonly obstacle: string | undefined; readonly isStandby: boolean };

function obstacleIn(question: DatabaseQuestion, listed: Answer["rows"], table: Answer["rows"][number]): string | undefined {
  const { onGhost, released } = question;
  if (isTrue(table["standby"])) return "its server is a standby, which takes no changes";
  if (table["encoding"] === "SQL_ASCII") return "its database says no encoding (SQL_ASCII), so a value could not be kept as it is";
  const wanted = onGhost === "release" && released !== undefined ? [released.at, released.reason] : [];
  const denied = wanted.find((name) => !listed.some((one) => one["name"] === name && isTrue(one["writes"])));
  if (denied !== undefined)
    return `the role may not write its column "${denied}" (GRANT UPDATE ("${wanted.join('", "')}") ON ${question.table})`;
  return onGhost === "reap" && !isTrue(table["deletes"])
    ? `the role may not delete from it (GRANT DELETE ON ${question.table})`
    : undefined;
}

/** The table that is meant, or why its rows are none that can be told apart. */
export async function findTable({ ask }: Connection, question: DatabaseQuestion): Promise<Found | TableRead> {
  const { schema, name } = nameOf(question.table);
  const all = (await ask({ sql: tables, values: [schema ?? null] })).rows.filter((one) => schema === undefined || one["schema"] === schema);
  const table = all.find((one) => one["name"] === name);
  if (table === undefined)
    return nearest(
      `has no table "${question.table}"`,
      name,
      all.map((one) => one["name"] ?? ""),
    );
  const kind = kinds[table["kind"] ?? ""];
  if (kind !== undefined) return unreadable(`has "${question.table}" as a ${kind} and not as a table`, "name the table itself");
  const listed = (await ask({ sql: columns, values: [table["oid"] ?? ""] })).rows;
  const names = listed.map((one) => one["name"] ?? "");
  const missing = [...question.columns, question.machineColumn].find((column) => !names.includes(column));
  if (missing !== undefined) return nearest(`has no column "${missing}" in its table "${question.table}"`, missing, names);
  const key = listed.filter((one) => one["place"] !== null).toSorted((a, b) => Number(a["place"]) - Number(b["place"]));
  if (key.length === 0)
    return unreadable(`has no primary key in its table "${question.table}", so its rows cannot be told apart`, "give it one");
  const typesBy = (what: "type" | "exact"): Readonly<Record<string, string>> =>
    Object.fromEntries(listed.map((one) => [one["name"] ?? "", one[what] ?? ""]));
  const types = typesBy("type");
  const at = question.released?.at;
  const isGenerated = (one: Answer["rows"][number]): boolean => isTrue(one["generated"]);
  const shape: ServerTableShape = {
    name,
    columns: listed.filter((one) => !isGenerated(one)).map((one) => one["name"] ?? ""),
    generated: listed.filter(isGenerated).map((one) => one["name"] ?? ""),
    key: key.map((one) => one["name"] ?? ""),
    rowid: undefined,
    server: {
      schema: table["schema"] ?? "",
      types,
      exactTypes: typesBy("exact"),
      machine: question.machineColumn,
      open: at !== undefined && isTimeType(types[at]) ? at : undefined,
    },
  };
  return { shape, obstacle: obstacleIn(question, listed, table), isStandby: isTrue(table["standby"]) };
}

function rowOf(line: Answer["rows"][number], width: number): Row {
  const literals = Array.from({ length: width }, (_, nth) => serverLiteral(line[`c${nth}`] ?? null));
  return { rowid: undefined, literals, version: line["version"] ?? "" };
}

const keyText = ({ columns: names, generated, key }: ServerTableShape, row: Answer["rows"][number]): string =>
  JSON.stringify(key.map((name) => row[`c${[...names, ...generated].indexOf(name)}`]));

/** A row of a silent machine, with what its server says of that. */
function staleRowOf(line: Answer["rows"][number], width: number): Row {
  const silence = { machineMs: Number(line["host_ago"]), heartMs: Number(line["beat_ago"]), at: line["at"] ?? "" };
  return { ...rowOf(line, width), silence };
}

/** Rows that were released of late, where one name has several that are not: only there a row can supersede another. */
async function releasedBeside(
  { ask }: Connection,
  question: DatabaseQuestion,
  shape: ServerTableShape,
  open: Answer["rows"],
): Promise<Answer["rows"]> {
  const { identityColumn, machine, named } = question;
  if (identityColumn === undefined || shape.server.open === undefined || named !== undefined) return [];
  const at = `c${[...shape.columns, ...shape.generated].indexOf(identityColumn)}`;
  const once = new Set<string>();
  const several = new Set(open.flatMap((row) => (once.size === once.add(row[at] ?? "").size ? [row[at] ?? ""] : [])));
  return several.size === 0 ? [] : (await ask(readReleased(shape, machine, identityColumn, [...several]))).rows;
}

async function read(connection: Connection, question: DatabaseQuestion, maxSize: number): Promise<TableRead> {
  await connection.run(settings("look"));
  const found = await findTable(connection, question);
  if ("kind" in found) return found;
  const { shape, obstacle, isStandby } = found;
  const { machine, where, named } = question;
  const measured = await connection.ask(measureRows(shape, machine, where, named));
  if (Number(measured.rows[0]?.["bytes"]) > maxSize)
    return unreadable(`has more than ${maxSize} bytes in the rows of this machine`, "release what is over, or raise --max-size");
  const open = (await connection.ask(readRows(shape, machine, where, named))).rows;
  const said = await ownHost(connection, shape.server.schema, machine);
  const silence = said.hasHosts ? silenceIn(question, shape) : undefined;
  const silent = silence === undefined ? nobodySilent : await silentBeside(connection, shape, machine, silence);
  const fleet = await countFleet(connection, question, shape, { ...said, silence });
  // A person may have named one of them.
  const stale = new Set(silent.rows.map((row) => keyText(shape, row)));
  const others = named === undefined || stale.size === 0 ? open : open.filter((row) => !stale.has(keyText(shape, row)));
  const rows = [...others, ...(await releasedBeside(connection, question, shape, others))];
  await connection.run("COMMIT");
  const now = Date.now();
  const file: ServerTable = {
    realPath: question.url,
    stat: undefined,
    address: question.address,
    machine,
    user: process.getuid?.() ?? -1,
    modifiedMs: now,
    changedMs: now,
    obstacle,
    isStandby,
    schema: shape.server.schema,
    ...said,
    silence,
    heartbeatTtlMs: question.heartbeatTtlMs,
    isPassDue: silent.isPassDue,
    withheld: silent.withheld,
    fleet,
  };
  const width = shape.columns.length + shape.generated.length;
  return {
    kind: "read",
    file,
    table: shape,
    rows: [...rows.map((line) => rowOf(line, width)), ...silent.rows.map((line) => staleRowOf(line, width))],
  };
}

/** What a problem makes of a table that was to be read. */
export function unreadOf({ kind, problem, cure }: ServerProblem): TableRead {
  switch (kind) {
    case "busy":
      return { kind: "busy", problem: "another session holds it locked" };
    case "unreachable":
      return unreadable(`cannot be reached: ${problem}`, cure);
    case "refused":
      return unreadable(`does not let this user in: ${problem}`, cure);
    case "denied":
    case "taken":
    case "constraint":
    case "other":
      return unreadable(`cannot be read: ${problem}`, cure);
  }
}

/** Reads this machine's rows of one table, in a transaction that cannot write. What cannot be looked at is reported, not thrown. */
export async function readServerTable(question: DatabaseQuestion, maxSize = usualLimit): Promise<TableRead> {
  try {
    return await withConnection(question.address, (connection) => read(connection, question, maxSize));
  } catch (error) {
    return unreadOf(problemOf(error));
  }
}
