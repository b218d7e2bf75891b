import { basename } from "node:path";
import { expect, test } from "vitest";
import type { Claim, FilesFormat } from "../../src/registries/format.ts";
import { scan } from "../../src/registries/json/json-bytes.ts";
import { entryName, matchSegment, parsePattern, type Segment } from "../../src/registries/pattern.ts";
import { filesOf, tearable, type Fixture } from "./fixtures.ts";

function contentOf({ folder, at, key, format }: Fixture): Buffer {
  const text = filesOf(folder).get(format.layout === "files" ? `${at}/${key}` : at);
  if (text === undefined) throw new Error(`${folder} holds no ${key}`);
  return Buffer.from(text);
}

function nameOf({ patterns }: FilesFormat, key: string) {
  const found = patterns.flatMap((pattern) => matchSegment(parsePattern(pattern).at(-1) as Segment, basename(key)) ?? []);
  return entryName(key, found[0] ?? {});
}

/** A torn text may say less than the whole one, and never anything else. */
function saysNothingElse(torn: Claim, whole: Claim): boolean {
  if (!torn.ok || !whole.ok) return !torn.ok;
  return Object.entries(torn.registration).every(([field, value]) => {
    const meant = whole.registration[field as keyof typeof whole.registration];
    return value === undefined || value === meant || JSON.stringify(value) === JSON.stringify(meant) || field === "sessionId";
  });
}

function isRight({ format, key }: Fixture, whole: Buffer, length: number): boolean {
  const bytes = whole.subarray(0, length);
  if (format.layout === "files") {
    const name = nameOf(format, key);
    return saysNothingElse(format.claim(name, bytes.toString("utf8")), format.claim(name, whole.toString("utf8")));
  }
  if (format.layout === "rows") throw new TypeError("a table is no file that can be torn");
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const isWhole = whole.subarray(length).toString("utf8").trim() === "";
  return scan(source, format.entries).ok === isWhole;
}

test.each(tearable)("$folder: no prefix of it claims what the whole does not, and none is a crash", (fixture) => {
  const whole = contentOf(fixture);
  const wrong = Array.from({ length: whole.length }, (_, length) => length).filter((length) => !isRight(fixture, whole, length));
  expect(wrong).toEqual([]);
});
