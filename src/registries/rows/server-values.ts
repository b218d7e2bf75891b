import { boundOf, type Literal } from "./literals.ts";

/** The type of a column as PostgreSQL calls it, without its length. */
export type ColumnType = string;

const integers: ReadonlySet<ColumnType> = new Set(["smallint", "integer", "bigint", "oid"]);
const reals: ReadonlySet<ColumnType> = new Set(["real", "double precision", "numeric"]);

/** Whether a column holds moments: where such a one is null, nothing has happened yet. */
export function isTimeType(type: ColumnType | undefined): boolean {
  return type === "timestamp with time zone" || type === "timestamp without time zone" || type === "date";
}

const moment = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)\+00$/;

/** The literal of a value that the server gave as text. */
export function serverLiteral(text: string | null): Literal {
  return text === null ? "NULL" : `'${text.replaceAll("'", "''")}'`;
}

/** The text of a literal as the server takes it for a column of any type. */
export function serverText(literal: Literal): string | null {
  const bound = boundOf(literal);
  if (bound === undefined || bound instanceof Uint8Array) throw new TypeError("not a value of a server's table");
  return bound === null ? null : String(bound);
}

/** What a literal says, for the readers of fields. Times are read where the session's zone is UTC. */
export function serverValueOf(literal: Literal, type: ColumnType | undefined): unknown {
  const text = serverText(literal);
  if (text === null || type === undefined) return text;
  if (type === "boolean") return text === "true";
  if (type === "timestamp with time zone") {
    const [, day, time] = moment.exec(text) ?? [];
    return day === undefined ? text : `${day}T${time}Z`;
  }
  if (integers.has(type)) return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  return reals.has(type) && Number.isFinite(Number(text)) ? Number(text) : text;
}
