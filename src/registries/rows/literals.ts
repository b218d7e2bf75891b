import { quoteName } from "./names.ts";

/** A value as a statement takes it. */
export type Bound = string | number | bigint | null | Uint8Array;

/** A value of a table as SQLite writes it in SQL: `NULL`, `17`, `2.5`, `'text'`, `X'00ff'`, and text that holds a NUL as a cast of its bytes. */
export type Literal = string;

const castText = /^CAST\(X'((?:[0-9A-Fa-f]{2})*)' AS TEXT\)$/;
const blob = /^X'((?:[0-9A-Fa-f]{2})*)'$/;
const text = /^'((?:[^']|'')*)'$/s;
const integer = /^-?\d{1,19}$/;
const real = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** The value of a literal, to be bound; undefined where it is none. Text that is a cast is bound as its bytes; see `placeFor`. */
export function boundOf(literal: Literal): Bound | undefined {
  if (literal === "NULL") return null;
  const hex = (castText.exec(literal) ?? blob.exec(literal))?.[1];
  if (hex !== undefined) return bytesOf(hex);
  const said = text.exec(literal)?.[1];
  if (said !== undefined) return said.replaceAll("''", "'");
  if (integer.test(literal)) return BigInt(literal);
  return real.test(literal) ? Number(literal) : undefined;
}

/** Where a value of this literal is bound in a statement. */
export function placeFor(literal: Literal): string {
  return castText.test(literal) ? "CAST(? AS TEXT)" : "?";
}

/** What a literal says, for the readers of fields. An integer that JavaScript cannot hold is its digits, bytes are an object that no field takes. */
export function valueOf(literal: Literal): unknown {
  const cast = castText.exec(literal)?.[1];
  if (cast !== undefined) return textOf(bytesOf(cast));
  const bound = boundOf(literal);
  if (bound instanceof Uint8Array) return { blob: literal.slice(2, -1).toLowerCase() };
  if (typeof bound !== "bigint") return bound ?? null;
  return bound >= BigInt(Number.MIN_SAFE_INTEGER) && bound <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bound) : String(bound);
}

/** Bytes as text, one character a byte above ASCII: only text that holds a NUL comes here. */
function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCodePoint(byte)).join("");
}

/** The literal of a text or a number that we write. */
export function literalOf(value: string | number): Literal {
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** SQL that gives the literal of a column. `quote` ends a text at its first NUL. */
export function literalSql(column: string): string {
  const name = quoteName(column);
  return `CASE WHEN typeof(${name}) = 'text' AND instr(${name}, char(0)) > 0 THEN 'CAST(' || quote(CAST(${name} AS BLOB)) || ' AS TEXT)' ELSE quote(${name}) END`;
}
