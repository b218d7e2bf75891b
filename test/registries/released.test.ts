import * as fc from "fast-check";
import { expect, test } from "vitest";
import { stampLike, withMembers } from "../../src/registries/released.ts";

function written(text: string): string | undefined {
  const bytes = Buffer.from(text);
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const pieces = withMembers(source, [
    ["releasedAt", 5],
    ["releaseReason", "why"],
  ]);
  return pieces?.map((piece) => (typeof piece === "string" ? piece : bytes.toString("utf8", piece.start, piece.end))).join("");
}

test.each([
  ['{"a":1}', '{"a":1,"releasedAt":5,"releaseReason":"why"}'],
  ['{ "a": 1 }', '{ "a": 1, "releasedAt": 5, "releaseReason": "why" }'],
  ['{\n  "a": 1,\n  "b": 2\n}', '{\n  "a": 1,\n  "b": 2,\n  "releasedAt": 5,\n  "releaseReason": "why"\n}'],
  ['{"a":1,"releasedAt":null,"b":2}', '{"a":1,"releasedAt":5,"b":2,"releaseReason":"why"}'],
  ['{"releaseReason": "", "releasedAt": null}', '{"releaseReason": "why", "releasedAt": 5}'],
  ['{"a":12345678901234567890,"releasedAt":false}', '{"a":12345678901234567890,"releasedAt":5,"releaseReason":"why"}'],
  ['{"a":{"releasedAt":1}}', '{"a":{"releasedAt":1},"releasedAt":5,"releaseReason":"why"}'],
])("%j becomes %j", (before, after) => {
  expect(written(before)).toBe(after);
});

test.each(["{}", "[1]", "5", "", '{"releasedAt":1,"releasedAt":2}', '{"a":1'])("%j is left alone", (text) => {
  expect(written(text)).toBeUndefined();
});

test("whatever an entry says besides stays, in its order and to the byte", () => {
  const entry = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(entry, fc.constantFrom(0, 1, 2, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const after = written(text);
      expect(after === undefined ? undefined : JSON.parse(after)).toEqual({ ...JSON.parse(text), releasedAt: 5, releaseReason: "why" });
    }),
  );
});

test.each([
  ["an ISO time", { since: "2026-11-20T15:00:00Z" }, "2026-11-21T00:00:00.500Z"],
  ["epoch ms", { since: 1_795_186_883_304 }, 1_795_219_200_500],
  ["epoch seconds", { since: 1_795_186_883 }, 1_795_219_200],
  ["no time", {}, "2026-11-21T00:00:00.500Z"],
])("where an entry has %s it is released in that form", (_what, entry, stamp) => {
  expect(stampLike(entry, "since", "2026-11-21T00:00:00.500Z")).toBe(stamp);
});
