import { expect, test } from "vitest";
import { putBack, type CutMember } from "../../../src/registries/json/put-back.ts";

/** A member as it was cut: `cut` holds its separator, and between two bars the member itself. */
function cutOf(key: string, form: CutMember["form"], after: string | undefined, cut: string): CutMember {
  const [before = "", own = "", behind = ""] = cut.split("|");
  return { key, form, after, cut: Buffer.from(before + own + behind), member: { start: before.length, end: before.length + own.length } };
}

/** A text of members `"a":1`, each of whose names is one letter, with cut ones put back. */
function restored(text: string, ...cut: readonly CutMember[]): string {
  const bytes = Buffer.from(text);
  const members = [...text.matchAll(/"(\w)": ?\d/g)].map(([member, key = ""], index, all) => {
    const start = all[index]?.index ?? 0;
    return { key, start, end: start + member.length };
  });
  const parts = putBack(bytes, { inside: { start: 1, end: text.length - 1 }, members }, cut);
  return parts.map((part) => ("byteLength" in part ? Buffer.from(part).toString() : text.slice(part.start, part.end))).join("");
}

test.each<[string, string, readonly CutMember[], string]>([
  ["the only one", "{}", [cutOf("a", "only", undefined, '|"a":1|')], '{"a":1}'],
  ["the first", '{"b":2}', [cutOf("a", "before", undefined, '|"a":1|,')], '{"a":1,"b":2}'],
  ["the first, before white space", '{ "b":2 }', [cutOf("a", "before", undefined, '|"a":1|, ')], '{ "a":1, "b":2 }'],
  ["the last", '{"a":1}', [cutOf("b", "after", "a", ',|"b":2|')], '{"a":1,"b":2}'],
  ["one between two", '{"a":1,"c":3}', [cutOf("b", "after", "a", ',|"b":2|')], '{"a":1,"b":2,"c":3}'],
  [
    "the last that was left, and the first that went before it",
    "{}",
    [cutOf("b", "only", undefined, '|"b":2|'), cutOf("a", "before", undefined, '|"a":1|,')],
    '{"a":1,"b":2}',
  ],
  [
    "the first two",
    '{ "c":3 }',
    [cutOf("a", "before", undefined, '|"a":1|, '), cutOf("b", "before", "a", '|"b":2|, ')],
    '{ "a":1, "b":2, "c":3 }',
  ],
])("%s comes back to the place that it left", (_, text, cut, whole) => {
  expect(restored(text, ...cut)).toBe(whole);
});

test.each<[string, string, CutMember, string]>([
  ["whose neighbour has gone, too", '{"a":1}', cutOf("c", "after", "b", ',|"c":3|'), '{"a":1,"c":3}'],
  ["that was the only one, among newcomers", '{"a": 1, "b": 2}', cutOf("c", "only", undefined, '|"c":3|'), '{"a": 1, "b": 2, "c":3}'],
  ["that had a neighbour, in an empty registry", "{}", cutOf("c", "after", "b", ',|"c":3|'), '{"c":3}'],
  ["that was the first, in an empty registry", "{}", cutOf("c", "before", undefined, '|"c":3|,'), '{"c":3}'],
])("one %s comes last", (_, text, cut, whole) => {
  expect(restored(text, cut)).toBe(whole);
});
