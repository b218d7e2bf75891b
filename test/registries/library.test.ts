import { expect, test } from "vitest";
import { builtInFormat, readMembers } from "../../src/library.ts";

test("keys that differ by a byte order mark alone are two keys to those who import the library", () => {
  const format = builtInFormat("llmmsg-bridge");
  if (format?.layout !== "members") throw new Error("the bridge keeps many entries in one file");
  const read = readMembers(format, new TextEncoder().encode('{"\ufeffa":{"threadId":"t"},"a":{"threadId":"u"}}'));
  expect(read).toMatchObject({ ok: true, claims: [{ key: "\ufeffa" }, { key: "a" }] });
});
