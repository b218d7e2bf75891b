import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonArray } from "../../src/registries/declared/json-array.ts";
import { plainNames } from "../../src/registries/entry-shape.ts";
import type { FieldMap } from "../../src/registries/fields.ts";
import type { Claim, Format, MembersFormat } from "../../src/registries/format.ts";
import { memberKey, memberValue, scan } from "../../src/registries/json/json-bytes.ts";
import { keyedJson } from "../../src/registries/declared/keyed-json.ts";
import { builtInFormat } from "../../src/registries/known.ts";
import { plainClaim } from "../../src/registries/plain-claim.ts";
import { runs } from "../core/worlds.ts";
import { fields } from "../fields.ts";
import { sourceOf } from "./documents.ts";

/** Claims are read from bytes where that is sure: the parser must say the same wherever they are. */

const every: FieldMap = {
  ...fields,
  identity: "name",
  master: "master",
  cwd: "cwd",
  releasedAt: "released",
  releaseReason: "why",
  automatic: "auto",
  subprocessId: "child",
};
const declared = { entries: "", pattern: "", presence: "either" } as const;

function members(format: Format | undefined): MembersFormat {
  if (format === undefined || format.layout !== "members") throw new Error("it has a file for each entry");
  return format;
}

const keyed = members(keyedJson({ ...declared, fields: every }));
const formats: readonly MembersFormat[] = [
  keyed,
  members(jsonArray({ ...declared, fields: every })),
  members(builtInFormat("llmmsg-bridge")),
];

type Both = { readonly plain: Claim | undefined; readonly parsed: Claim };

/** Every entry of a text as it is read from its bytes, if it is, and as it is parsed; undefined where the text is no registry. */
function bothWays(format: MembersFormat, bytes: Buffer): readonly Both[] | undefined {
  const source = sourceOf(bytes);
  const result = scan(source, format.entries, plainNames(format.shape));
  if (!result.ok || result.container.kind !== format.container || format.shape === undefined) return undefined;
  const { container } = result;
  const { shape } = format;
  return Array.from({ length: container.members.length }, (_, index) => {
    const key = memberKey(source, container, index);
    const plain = plainClaim(key, source, container, index, shape);
    return { plain, parsed: format.claim(key, memberValue(source, container, index)) };
  });
}

const described = (claim: Claim): unknown =>
  claim.ok ? { registration: claim.registration, identityText: claim.identityText(), torn: claim.torn } : { problem: claim.problem };

function agree({ plain, parsed }: Both): void {
  expect(described(plain ?? parsed)).toEqual(described(parsed));
}

const one = (text: string, format = keyed): Both | undefined => bothWays(format, Buffer.from(`{"mars":${text}}`))?.[0];
const isPlain = (text: string, format = keyed): boolean => one(text, format)?.plain !== undefined;

describe("an entry is read without being parsed", () => {
  test.each([
    ["of a bridge", '{"threadId":"t-1","registeredAt":"2026-11-20T15:00:01.250Z","cwd":"/w","suspended":false}', "llmmsg-bridge"],
    ["a bridge's that names no thread", '{"registeredAt":"2026-11-20T15:00:01.250Z"}', "llmmsg-bridge"],
    ["with numbers and words", '{"id":"a","pid":77,"start":"0070","since":1795186801250,"master":true,"beat":null}', undefined],
    ["with numbers that end at a brace, a blank and a line", '{"pid":77 ,"start":70\n,"since":1795186801}', undefined],
    ["with a longest number", '{"start":123456789012345}', undefined],
    ["with other members of any kind", '{"x":{"id":"\\u0061","pid":[1]},"y":"\\"ü","id":"a","z":1e5}', undefined],
    ["with a time that is none", '{"since":"session 5","active":"2026-02-30T00:00:00.000Z"}', undefined],
    ["that says nothing", "{ }", undefined],
    ["of other members alone", '{"other":1,"":2}', undefined],
    ["with a delete character in another member", '{"x":"\u007f","id":"a"}', undefined],
    ["with a time of another length between quotes", '{"since":"2026-11-20T15:00:01.250Z0"}', undefined],
  ])("%s", (_, text, name) => {
    const format = name === undefined ? keyed : members(builtInFormat(name));
    const read = one(text, format);
    expect(read?.plain).toBeDefined();
    if (read !== undefined) agree(read);
  });
});

describe("the parser has the word", () => {
  test.each([
    ["where an entry is no object", '["id"]'],
    ["where it is a text", '"id"'],
    ["where a name has an escape", '{"\\u0069d":"a"}'],
    ["where another name has one", '{"id":"a","\\u0078":1}'],
    ["where a member occurs twice", '{"id":"a","id":"b"}'],
    ["where the first of them occurs twice, others between", '{"id":"a","pid":7,"id":"b"}'],
    ["where one has an escape", '{"id":"a\\n"}'],
    ["where one has other letters", '{"id":"ä"}'],
    ["where a number has a fraction", '{"pid":7.0}'],
    ["where a number has an exponent", '{"pid":7e0}'],
    ["where a number is negative", '{"since":-1}'],
    ["where a number may be rounded", '{"start":1234567890123456}'],
    ["where a member is an object", '{"id":{}}'],
    ["where a member is a list", '{"id":[]}'],
    ["where a pid is none", '{"pid":1}'],
    ["where a name is empty", '{"id":""}'],
    ["where a member stands too far behind", `{"x":"${"x".repeat(70_000)}","id":"a"}`],
  ])("%s", (_, text) => {
    expect(one(text)).toBeDefined();
    expect(isPlain(text)).toBe(false);
  });

  test("where members are named by pointers, by other letters or alike, for all entries", () => {
    const names = (read: FieldMap) => plainNames(members(keyedJson({ ...declared, fields: read })).shape);
    expect(names({ sessionId: "id", pid: "pid" })).toEqual(["id", "pid"]);
    for (const name of ["/deep/id", "ïd", 'i"d', "i\\d", "i\nd", "\u007f"]) expect(names({ pid: "pid", sessionId: name })).toEqual([]);
    expect(names({ sessionId: "id", identity: "id" })).toEqual([]);
    expect(names({ sessionId: "an id ~!#[]/" })).toEqual(["an id ~!#[]/"]);
    expect(plainNames(undefined)).toEqual([]);
  });
});

test("so is each of many, wherever its members stand", () => {
  const texts = Array.from({ length: 100 }, (_, index) => {
    const parts = [`"id":"a-${index}"`, `"pid": ${index + 2}`, `"x":"${"x".repeat(index)}"`, `"since":"2026-11-20T15:00:01.250Z"`];
    const first = index % parts.length;
    return `"agent-${index}":{${[...parts.slice(first), ...parts.slice(0, first)].slice(0, 1 + (index % 4)).join(",")}}`;
  });
  const read = bothWays(keyed, Buffer.from(`{${texts.join(",")}}`)) ?? [];
  expect(read.filter(({ plain }) => plain !== undefined)).toHaveLength(100);
  for (const both of read) agree(both);
});

test("a member without a name names nobody", () => {
  const read = bothWays(members(builtInFormat("llmmsg-bridge")), Buffer.from('{"":{"threadId":"t"}}')) ?? [];
  expect(read.map(({ plain }) => plain)).toMatchObject([{ ok: true, registration: { key: "", identity: undefined } }]);
  for (const both of read) agree(both);
});

test("no text is made of a time, and one of each name that is read", () => {
  const bytes = Buffer.from(
    '{"mars":{"since":"2026-11-20T15:00:01.250Z","id":"a","active":"2026-11-21T15:00:01.250Z","x":"y","cwd":"/w"}}',
  );
  const result = scan(sourceOf(bytes), "", plainNames(keyed.shape));
  if (!result.ok || keyed.shape === undefined) throw new Error("it is no registry");
  const made: string[] = [];
  const text = (start: number, end: number): string => {
    made.push(bytes.toString("latin1", start, end));
    return made.at(-1) ?? "";
  };
  expect(plainClaim("mars", { bytes, text }, result.container, 0, keyed.shape)).toMatchObject({ ok: true });
  expect(made).toEqual(["a", "/w"]);
});

test("an entry as far behind as can be noted is read like any other", () => {
  const padded = (length: number): string => `{"x":"${"x".repeat(length)}","id":"a"}`;
  const offset = padded(0).indexOf('"a"');
  expect(isPlain(padded(65_535 - offset))).toBe(true);
  expect(isPlain(padded(65_536 - offset))).toBe(false);
});

test("an entry is as deep with notes as without", () => {
  const nested = (levels: number): Buffer => Buffer.from(`{"mars":{"x":${"[".repeat(levels)}${"]".repeat(levels)}}}`);
  for (const levels of [510, 511, 512]) {
    const [plain, noted] = [scan(sourceOf(nested(levels)), ""), scan(sourceOf(nested(levels)), "", ["id"])];
    expect(noted.ok).toBe(plain.ok);
    expect(plain.ok).toBe(levels < 512);
  }
});

const space = fc.constantFrom("", "", " ", "\n    ", "\t", "\r\n");
const time = fc.date({ min: new Date("1969-01-01"), max: new Date("2290-01-01"), noInvalidDate: true }).map((date) => date.toISOString());
const digit = fc.integer({ min: 0x20, max: 0x7f }).map((code) => String.fromCharCode(code));
const mangledTime = fc.tuple(time, fc.nat(23), digit).map(([text, at, letter]) => text.slice(0, at) + letter + text.slice(at + 1));
const number = fc.oneof(
  fc.constantFrom("0", "-0", "1", "2", "7", "4194304", "4194305", "1795186801", "1795186801250", "1.5", "1e9", "1E12", "123456789012345"),
  fc.constantFrom("1234567890123456", "999999999999999", "9007199254740993", "1e999"),
  fc.maxSafeNat().map(String),
  fc.nat(4_194_305).map(String),
  fc.double().map((value) => JSON.stringify(value)),
);
const text = fc.oneof(
  fc.oneof(time, mangledTime).map((said) => JSON.stringify(said)),
  fc.constantFrom(
    '""',
    '"a"',
    '"0070"',
    '"/home/dev"',
    '"a\\nb"',
    '"\\u0061"',
    '"ü"',
    '"\u007f"',
    '"\\\\"',
    '"\\""',
    '"true"',
    '"}"',
    '","',
  ),
  fc.string({ unit: "binary-ascii" }).map((said) => JSON.stringify(said)),
  fc.string({ unit: "binary" }).map((said) => JSON.stringify(said)),
);
const value = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 3, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom("true", "false", "null") },
  { weight: 1, arbitrary: fc.constantFrom("{}", "[]", '{"id":"b","pid":9}', '[{"id":"b"},"pid",7]', '{"a":{"since":1}}') },
);
const wanted = [...new Set([...Object.values(every), "threadId", "registeredAt", "lastActivityAt"])];
const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...wanted).map((said) => JSON.stringify(said)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('"\\u0069d"', '"i\\u0064"', '"pi\\u0064"', '"ids"', '"i"', '""', '"Id"', '"x\\""', '"ï"', '"__proto__"'),
  },
  { weight: 1, arbitrary: fc.string().map((said) => JSON.stringify(said)) },
);
const member = fc.tuple(space, name, space, space, value, space).map(([a, key, b, c, said, d]) => `${a}${key}${b}:${c}${said}${d}`);
const entry = fc.oneof(
  { weight: 9, arbitrary: fc.uniqueArray(member, { maxLength: 7, selector: (said) => said.split(":")[0]?.trim() }) },
  { weight: 1, arbitrary: fc.array(member, { maxLength: 7 }) },
);
const entries = fc.array(
  fc.oneof({ weight: 12, arbitrary: entry.map((parts) => `{${parts.join(",")}}`) }, { weight: 1, arbitrary: value }),
  { minLength: 1, maxLength: 4 },
);
const textOf = (format: MembersFormat, values: readonly string[]): string =>
  format.container === "array" ? `[${values.join(",")}]` : `{${values.map((said, index) => `"agent-${index}":${said}`).join(",")}}`;

test("what is read from the bytes of an entry is what it says when it is parsed", () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.constantFrom(...formats), entries, (format, values) => {
      const read = bothWays(format, Buffer.from(textOf(format, values)));
      expect(read).toHaveLength(values.length);
      for (const both of read ?? []) {
        agree(both);
        if (both.plain?.ok === true) plain += 1;
      }
    }),
    runs(4000),
  );
  expect(plain).toBeGreaterThan(5);
});

test("the same holds for a text of which single bytes were changed, as long as it is JSON", () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\,:{}0.-etu \n')))), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.constantFrom(...formats), entries, changes, (format, values, places) => {
      const bytes = Buffer.from(textOf(format, values));
      for (const [place, byte] of places) bytes[place % bytes.length] = byte;
      for (const both of bothWays(format, bytes) ?? []) agree(both);
    }),
    runs(8000),
  );
});
