import { quoteName } from "./names.ts";

/** A value as a statement takes it. */
export type Bound = string | number | bigint | null | Uint8Array;

/** A value of a table as SQLite writes it in SQL: `NULL`, `17`, `2.5`, `'text'`, `X'00ff'`, and text that holds a NUL as a cast of its bytes. */
export type Literal = string;

const castText = /^CAST\((X'[0-9A-Fa-f]*') AS TEXT\)$/;
const blob = /^X'[0-9A-Fa-f]*'$/;
const integer = /^-?\d{1,19}$/;
const real = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

/** The digits of a blob's literal; undefined where it is none. */
function digitsOf(literal: Literal): string | undefined {
  const digits = blob.test(literal) ? literal.slice(2, -1) : undefined;
  return digits === undefined || digits.length % 2 === 1 ? undefined : digits;
}

function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let nth = 0; nth < bytes.length; nth += 1) bytes[nth] = Number.parseInt(hex.slice(2 * nth, 2 * nth + 2), 16);
  return bytes;
}

/** The text of a literal; undefined where it is none. A value can be longer than what a pattern with alternatives gets through. */
function textIn(literal: Literal): string | undefined {
  if (literal.length < 2 || !literal.startsWith("'") || !literal.endsWith("'")) return undefined;
  const inner = literal.slice(1, -1);
  return inner.replaceAll("''", "").includes("'") ? undefined : inner.replaceAll("''", "'");
}

/** The value of a literal, to be bound; undefined where it is none. Text that is a cast is bound as its bytes; see `placeFor`. */
export function boundOf(literal: Literal): Bound | undefined {
  if (literal === "NULL") return null;
  const said = textIn(literal);
  if (said !== undefined) return said;
  const hex = digitsOf(castText.exec(literal)?.[1] ?? literal);
  if (hex !== undefined) return bytesOf(hex);
  if (integer.test(literal)) return BigInt(literal);
  return real.test(literal) ? Number(literal) : undefined;
}

/** Where a value of this literal is bound in a statement. */
export function placeFor(literal: Literal): string {
  return castText.test(literal) ? "CAST(? AS TEXT)" : "?";
}

/** What a literal says, for the readers of fields. An integer that JavaScript cannot hold is its digits, bytes are an object that no field takes. */
export function valueOf(literal: Literal): unknown {
  const blobDigits = digitsOf(literal);
  if (blobDigits !== undefined) return { blob: blobDigits.toLowerCase() };
  const bound = boundOf(literal);
  if (bound instanceof Uint8Array) return textOf(bound);
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
