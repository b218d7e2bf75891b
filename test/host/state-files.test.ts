import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendHistory, readHistory } from "../../src/host/history.ts";
import { readTombstones } from "../../src/host/tombstones.ts";
import { scratchDirectory } from "./scratch.ts";

const strange = [
  "null",
  "7",
  '"tombstone"',
  "[]",
  "{}",
  '{"tombstone":null}',
  '{"tombstone":{"id":"a"}}',
  '{"void":7}',
  '{"sweepId":"a","entries":[null]}',
  "{",
];

test("lines in the state directory that no sweep wrote are passed over", () => {
  const state = scratchDirectory();
  mkdirSync(join(state, "tombstones"));
  const kept = { layout: "files", content: "e30=", mode: 33_188, uid: 0, gid: 0, modifiedAt: 0 };
  const tombstone = {
    id: "s/0",
    at: "2026-11-20T15:00:00Z",
    registry: "/r",
    format: "claude-sessions",
    key: "a",
    reason: "pid-gone",
    detail: "",
    kept,
  };
  const line = { sweepId: "s", at: tombstone.at, command: "sweep", entries: [] };
  writeFileSync(join(state, "tombstones", "s.jsonl"), [...strange, JSON.stringify({ tombstone }), ""].join("\n"));
  writeFileSync(join(state, "history.jsonl"), [...strange, JSON.stringify(line), ""].join("\n"));
  expect(readTombstones(state)).toEqual([tombstone]);
  expect(readHistory(state)).toEqual([line]);
});

test("a line of the history that a power cut tore takes no other with it", () => {
  const state = scratchDirectory();
  const line = { sweepId: "s", at: "2026-11-20T15:00:00Z", command: "sweep", entries: [] };
  writeFileSync(join(state, "history.jsonl"), `${JSON.stringify(line)}\n${JSON.stringify(line).slice(0, 20)}`);
  appendHistory(state, line);
  appendHistory(state, line);
  expect(readHistory(state)).toEqual([line, line, line]);
});
