import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Container } from "../../../src/registries/json/json-bytes.ts";
import { cutsFor, keptSpans } from "../../../src/registries/json/json-cuts.ts";
import { findMembers, readMember } from "../../../src/registries/json/json-lines.ts";
import { bareLine, putLinesBack } from "../../../src/registries/json/put-lines-back.ts";
import type { CutMember } from "../../../src/registries/json/put-back.ts";
import { sourceOf } from "../documents.ts";

function linesOf(bytes: Buffer): Container {
  const found = findMembers(sourceOf(bytes), { container: "lines", entries: "" });
  if (!found.ok) throw new Error(found.problem);
  return found.container;
}

const textAt = (bytes: Buffer, { members }: Container, index: number): string =>
  bareLine(bytes.toString("utf8", members.start(index), members.end(index)));

function cutOut(bytes: Buffer, chosen: readonly number[]) {
  const container = linesOf(bytes);
  const cuts = cutsFor(container, chosen);
  const cutMembers = cuts.map(({ start, end, form }, nth): CutMember => {
    const index = chosen[nth] as number;
    return {
      key: String(index),
      form,
      after: index === 0 ? undefined : textAt(bytes, container, index - 1),
      cut: bytes.subarray(start, end),
      member: { start: 0, end: end - start },
      line: { at: start, text: textAt(bytes, container, index) },
    };
  });
  return { cutMembers, kept: Buffer.concat(keptSpans(bytes.length, cuts).map(({ start, end }) => bytes.subarray(start, end))) };
}

function restored(bytes: Buffer, cutMembers: readonly CutMember[]): Buffer {
  const parts = putLinesBack(sourceOf(bytes), linesOf(bytes), cutMembers);
  return Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : bytes.subarray(part.start, part.end))));
}

const line = fc.constantFrom('{"a":1}', '{"a":2}', ' {"b":"ü"}\t', "[]", "7", "nonsense", '{"torn":', '"x"');
const ending = fc.constantFrom("\n", "\r\n", "\n\n", "\n \t\n");
const texts = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(line, ending), { maxLength: 8 }), fc.option(line, { nil: "" }))
  .map(([mark, lines, last]) => `${mark ? "\uFEFF" : ""}${lines.map((parts) => parts.join("")).join("")}${last}`);
const chosenOf = (bytes: Buffer, picks: readonly boolean[]): readonly number[] =>
  Array.from({ length: linesOf(bytes).members.length }, (_, index) => index).filter((index) => picks[index] === true);
const choices = fc.array(fc.boolean(), { minLength: 9, maxLength: 9 });

test("cutting lines and putting them back changes no byte", () => {
  fc.assert(
    fc.property(texts, choices, (text, picks) => {
      const bytes = Buffer.from(text);
      const { kept, cutMembers } = cutOut(bytes, chosenOf(bytes, picks));
      expect(restored(kept, cutMembers).toString()).toBe(text);
    }),
  );
});

test("every line that stays keeps its bytes, and lines that go back into a file that grew break no other", () => {
  fc.assert(
    fc.property(texts, choices, choices, texts, (text, picks, some, more) => {
      const bytes = Buffer.from(text);
      const { kept, cutMembers } = cutOut(bytes, chosenOf(bytes, picks));
      const grown = Buffer.concat([kept, Buffer.from(more.replace("\uFEFF", ""))]);
      const back = cutMembers.filter((_, index) => some[index] === true);
      const now = restored(grown, back);
      const all = (of: Buffer): readonly string[] =>
        Array.from({ length: linesOf(of).members.length }, (_, index) => textAt(of, linesOf(of), index));
      expect(all(now).toSorted()).toEqual([...all(grown), ...back.map(({ line: own }) => own?.text ?? "")].toSorted());
      expect(now.length - grown.length - back.reduce((sum, { cut }) => sum + cut.length, 0)).toBeLessThanOrEqual(2 * back.length);
    }),
  );
});

test.each<[string, readonly (readonly [boolean, unknown])[]]>([
  ["", []],
  ["\uFEFF", []],
  [" \n\t\r\n", []],
  ['{"a":1}', [[true, { a: 1 }]]],
  [
    '\uFEFF{"a":1}\r\n[]\r\n',
    [
      [true, { a: 1 }],
      [true, []],
    ],
  ],
  [
    '{"a":1}\n{"a":',
    [
      [true, { a: 1 }],
      [false, "is being written, or was left half written: its line has no end"],
    ],
  ],
  [
    '{"a":1}\n{"a":\n',
    [
      [true, { a: 1 }],
      [false, "is no JSON"],
    ],
  ],
  ["81", [[false, "is being written, or was left half written: its line has no end"]]],
  ["8119\n", [[true, 8119]]],
  [
    "# a remark\n7\n",
    [
      [false, "is no JSON"],
      [true, 7],
    ],
  ],
  [
    '{"a":1}\0\0\0\n7\n',
    [
      [false, "is no JSON"],
      [true, 7],
    ],
  ],
  ['{"a":1}{"a":2}\n', [[false, "is no JSON"]]],
  [
    '{"a":\n1}\n',
    [
      [false, "is no JSON"],
      [false, "is no JSON"],
    ],
  ],
  ["nul", [[false, "is being written, or was left half written: its line has no end"]]],
  [`${"[".repeat(9_000)}${"]".repeat(9_000)}\n`, [[false, "is nested too deeply"]]],
])("the lines of %j", (text, said) => {
  const source = sourceOf(Buffer.from(text));
  const container = linesOf(Buffer.from(text));
  const read = Array.from({ length: container.members.length }, (_, index) => readMember(source, container, index));
  expect(read.map((one) => [one.ok, one.ok ? one.value : one.problem])).toEqual(said);
});

test("text in UTF-16 and binary data are no lines", () => {
  const problemOf = (bytes: Buffer) => {
    const found = findMembers(sourceOf(bytes), { container: "lines", entries: "" });
    return found.ok ? undefined : found.problem;
  };
  expect(problemOf(Buffer.from('\uFEFF{"a":1}\n', "utf16le"))).toBe("the text is UTF-16 or binary, not UTF-8");
  expect(problemOf(Buffer.from("\0\0\0"))).toBe("the text is UTF-16 or binary, not UTF-8");
});
