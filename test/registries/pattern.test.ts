import * as fc from "fast-check";
import { expect, test } from "vitest";
import { entryName, matchSegment, parsePattern, type Captures, type Segment } from "../../src/registries/pattern.ts";
import { runs } from "../core/worlds.ts";

const segment = (pattern: string): Segment => parsePattern(pattern)[0] as Segment;

const rows: readonly (readonly [string, string, Captures | undefined])[] = [
  ["<pid>.json", "77.json", { pid: "77" }],
  ["<pid>.json", "77.json.bak", undefined],
  ["<pid>.json", "x77.json", undefined],
  ["<pid>.json", ".json", undefined],
  ["<pid>.json", "12345678901.json", undefined],
  ["<pid>.json", "1234567890.json", { pid: "1234567890" }],
  ["a-<pid>", "a-07", { pid: "07" }],
  ["a-long-prefix-<pid>", "a-long-prefix-77", { pid: "77" }],
  ["*<pid>", "a-77", { pid: "77" }],
  ["*<pid>", "77", { pid: "77" }],
  ["<port>.lock", "40123.lock", { port: "40123" }],
  ["<sessionId>-<pid>", "a-b-77", { sessionId: "a-b", pid: "77" }],
  ["<sessionId>-<pid>", "-77", undefined],
  ["<sessionId>", "", undefined],
  ["*", "", {}],
  ["*.lock", ".lock", {}],
  ["*.lock", "a.lock", {}],
  ["*.lock", "a.lock.lock", {}],
  ["a*b*c", "a--b--b--c", {}],
  ["a*b*c", "a--c--b", undefined],
  ["*a*b", "axb", {}],
  ["session.json", "session.json", {}],
  ["session.json", "sessionXjson", undefined],
  ["<pid><port>", "77", undefined],
];

test.each(rows)("%s says of %s: %j", (pattern, name, said) => {
  expect(matchSegment(segment(pattern), name)).toEqual(said);
});

test("a pattern is taken apart at its slashes, and only a whole ** is for any depth", () => {
  expect(parsePattern("**/.in_use/<pid>").map((step) => (step === "deep" ? step : step.map(({ kind }) => kind).join("+")))).toEqual([
    "deep",
    "text",
    "number",
  ]);
  expect(parsePattern("a**/*")).toHaveLength(2);
  expect(parsePattern("a**/*")[0]).not.toBe("deep");
});

/** The same by a regular expression, which is safe here because the texts are short. */
function byExpression(pattern: string, name: string): Captures | undefined {
  const source = pattern
    .split(/(\*|<pid>|<sessionId>)/)
    .map((part) => {
      if (part === "*") return ".*";
      if (part === "<pid>") return String.raw`(?<!\d)(?<pid>\d{1,10})(?!\d)`;
      return part === "<sessionId>" ? "(?<sessionId>.+)" : part.replaceAll(/[.\\+?()[\]{}|^$]/g, String.raw`\$&`);
    })
    .join("");
  const found = new RegExp(`^${source}$`, "s").exec(name);
  return found === null ? undefined : { ...found.groups };
}

test("a pattern says of a name what the regular expression of the same meaning says", () => {
  const text = fc.stringMatching(/^[ab.7-]{0,3}$/);
  const pattern = fc
    .tuple(text, fc.constantFrom("*", "<pid>", ""), text, fc.constantFrom("*", "<sessionId>", ""), text)
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, fc.stringMatching(/^[ab.7-]{0,9}$/), (shape, name) => {
      fc.pre(shape !== "**");
      expect(matchSegment(segment(shape), name)).toEqual(byExpression(shape, name));
    }),
    runs(5000),
  );
});

test("a pattern with many stars takes no exponential time, neither to fit nor to fail", () => {
  const stars = segment("*a".repeat(40));
  expect(matchSegment(stars, "a".repeat(200))).toEqual({});
  expect(matchSegment(stars, `${"a".repeat(200)}b`)).toBeUndefined();
});

test("numbers in a name are a pid's and a port's, and one that is spelt with a zero before it is another file's", () => {
  expect(entryName("k", { pid: "77", port: "40123", sessionId: "s" })).toEqual({ key: "k", pid: 77, port: 40_123, sessionId: "s" });
  expect(entryName("k", { pid: "077", port: "0" })).toEqual({ key: "k", pid: undefined, port: 0, sessionId: undefined });
  expect(entryName("k", {})).toEqual({ key: "k", pid: undefined, port: undefined, sessionId: undefined });
});
