import { claimNothing } from "../core/registration.ts";
import type { EntryShape } from "./entry-shape.ts";
import { isRecord, readersOf, identityTextOf, time, type FieldName, type FieldReader, type Read } from "./fields.ts";
import type { Claim } from "./format.ts";
import { memberValue, type Container } from "./json/json-bytes.ts";
import { closeBrace, comma, quote } from "./json/json-grammar.ts";
import type { SourceText } from "./json/json-members.ts";
import { usualLength, usualTime } from "./times.ts";

/** It is there, but has to be parsed. */
const odd = Symbol("odd");

const [letterT, letterF, letterN] = [0x74, 0x66, 0x6e];

/** 1 for whatever stands for itself in a string and is one byte long. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte < 0x7f && byte !== quote && byte !== 0x5c ? 1 : 0));

/** So many digits are a number without rounding. */
const mostDigits = 15;

function plainText({ bytes, text }: SourceText, from: number): string | typeof odd {
  let i = from;
  while (isPlain[bytes[i] as number] === 1) i += 1;
  return bytes[i] === quote ? text(from, i) : odd;
}

/** A whole number without a sign. What else begins like one goes on with a point, an exponent or more digits. */
function plainNumber(bytes: Uint8Array, from: number): number | typeof odd {
  let value = 0;
  for (let i = from; i <= from + mostDigits; i += 1) {
    const byte = bytes[i] as number;
    if (byte === comma || byte === closeBrace || byte <= 0x20) return i === from ? odd : value;
    if (byte < 0x30 || byte > 0x39) return odd;
    value = value * 10 + (byte - 0x30);
  }
  return odd;
}

/** The value that begins at a place in a text known to be JSON, if nothing of it has to be interpreted. */
function plainValue(source: SourceText, at: number): string | number | boolean | null | typeof odd {
  const byte = source.bytes[at];
  if (byte === quote) return plainText(source, at + 1);
  if (byte === letterT || byte === letterF) return byte === letterT;
  return byte === letterN ? null : plainNumber(source.bytes, at);
}

/** What the value at a place says to a reader: as much as its parsed value would, null where it says nothing. */
function plainRead(source: SourceText, at: number, reader: FieldReader["reader"]): Read | null | typeof odd {
  const { bytes } = source;
  const isUsual = reader === time && bytes[at] === quote && bytes[at + 1 + usualLength] === quote;
  const ms = isUsual ? usualTime(bytes, at + 1) : undefined;
  if (ms !== undefined) return ms;
  const given = plainValue(source, at);
  if (given === odd || given === null) return given;
  const read = reader(given);
  return typeof read === "object" ? odd : read;
}

/**
 * What an entry claims, read from its bytes without parsing it. Undefined where that is not sure, and where the entry
 * cannot be understood: then the parser has the word.
 */
export function plainClaim(key: string, source: SourceText, container: Container, index: number, shape: EntryShape): Claim | undefined {
  const { members, notes } = container;
  if (!notes.isPlain(index)) return undefined;
  const start = members.valueStart(index);
  const claimed = claimNothing(key);
  const identity = shape.identity(key);
  claimed.identity = identity === "" ? undefined : identity;
  const readers = readersOf(shape.fields);
  for (let which = 0; which < readers.length; which += 1) {
    const offset = notes.offset(index, which);
    if (offset === 0) continue;
    const { field, reader } = readers[which] as FieldReader;
    const read = plainRead(source, start + offset, reader);
    if (read === odd) return undefined;
    if (read !== null) (claimed as Record<FieldName, Read>)[field] = read;
  }
  const identityText = (): string => {
    const value = memberValue(source, container, index);
    if (!isRecord(value)) throw new TypeError("a plain entry is an object");
    return identityTextOf(value, shape.fields.lastHeartbeatAt);
  };
  return shape.finish({ ok: true, registration: claimed, identityText, torn: false }, key);
}
