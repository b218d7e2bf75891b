import { expect, test } from "vitest";
import { identityIsSession, type DeclaredShape } from "../../../src/registries/declared/declared.ts";
import { jsonArray } from "../../../src/registries/declared/json-array.ts";
import { jsonFile } from "../../../src/registries/declared/json-file.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";

const shape = (fields: DeclaredShape["fields"], pattern = "*.json"): DeclaredShape => ({ entries: "", pattern, fields, about: "session" });

test.each<[string, DeclaredShape, boolean]>([
  ["the key and a pid", shape({ identity: "<key>", pid: "pid" }), true],
  ["a member and no session", shape({ identity: "agent" }), true],
  ["a member beside a session", shape({ identity: "agent", sessionId: "id" }), false],
  ["a member beside a session in the file's name", shape({ identity: "agent" }, "<sessionId>.json"), false],
  ["a member beside a pid in the file's name", shape({ identity: "agent" }, "<pid>.json"), true],
  ["nothing", shape({ pid: "pid" }), false],
])("a registry that is declared to name agents by %s: their name is looked for: %s", (_, declared, looked) => {
  expect(identityIsSession(declared)).toBe(looked);
  for (const format of [keyedJson, jsonArray, jsonFile]) expect(format(declared).identityIsSession).toBe(looked);
});
