import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendHistory, readHistory } from "../../../src/host/state/history.ts";
import { encodeHeader, encodeLine } from "../../../src/core/tombstone.ts";
import { writeTombstones, readTombstones } from "../../../src/host/state/tombstones.ts";
import { scratchDirectory } from "../scratch.ts";

const strange = [
  "null",
  "7",
  '"void"',
  "[]",
  "{}",
  '{"plot":null}',
  '{"plot":{"sweepId":"a"}}',
  '{"void":7}',
  '{"sweepId":"a","entries":[null]}',
  "{",
];

const header = { sweepId: "s", at: "2026-11-20T15:00:00Z", registry: "/r", format: "claude-sessions", layout: "files", first: 0 } as const;
const kept = { layout: "files", content: "e30=", mode: 33_188, uid: 0, gid: 0, modifiedAt: 0 } as const;
const tombstone = { key: "a", sessionId: undefined, identity: undefined, pid: undefined, reason: "pid-gone", detail: "", kept } as const;

test("lines in the state directory that no sweep wrote are passed over", () => {
  const state = scratchDirectory();
  mkdirSync(join(state, "tombstones"));
  const line = { sweepId: "s", at: header.at, command: "sweep", entries: [] };
  writeFileSync(join(state, "tombstones", "s.jsonl"), `${strange.join("\n")}\n${encodeHeader(header)}${encodeLine(tombstone)}`);
  writeFileSync(join(state, "history.jsonl"), [...strange, JSON.stringify(line), ""].join("\n"));
  expect(readTombstones(state)).toMatchObject([{ id: "s/0", registry: "/r", key: "a", kept }]);
  expect(readHistory(state)).toEqual([line]);
});

test("tombstones that follow one whose writing failed half way keep their own registry", () => {
  const state = scratchDirectory();
  mkdirSync(join(state, "tombstones"));
  writeFileSync(join(state, "tombstones", "s.jsonl"), encodeHeader({ ...header, registry: "/other" }) + encodeLine(tombstone).slice(0, 20));
  writeTombstones(state, "s", [encodeHeader({ ...header, first: 1 }), encodeLine(tombstone)]);
  expect(readTombstones(state)).toMatchObject([{ id: "s/1", registry: "/r", key: "a" }]);
});

test("a line of the history that a power cut tore takes no other with it", () => {
  const state = scratchDirectory();
  const line = { sweepId: "s", at: "2026-11-20T15:00:00Z", command: "sweep", entries: [] };
  writeFileSync(join(state, "history.jsonl"), `${JSON.stringify(line)}\n${JSON.stringify(line).slice(0, 20)}`);
  appendHistory(state, line);
  appendHistory(state, line);
  expect(readHistory(state)).toEqual([line, line, line]);
});
