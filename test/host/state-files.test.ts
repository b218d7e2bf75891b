import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendHistory, readHistory } from "../../src/host/history.ts";
import { encodePlot, encodeStone } from "../../src/host/tombstone-lines.ts";
import { buryAll, readTombstones } from "../../src/host/tombstones.ts";
import { scratchDirectory } from "./scratch.ts";

const strange = [
  "null",
  "7",
  '"plot"',
  "[]",
  "{}",
  '{"plot":null}',
  '{"plot":{"sweepId":"a"}}',
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
  const { at, registry, format, key, reason, detail } = tombstone;
  const { layout, ...file } = kept;
  const told = [{ plot: { sweepId: "s", at, registry, format, layout, first: 0 } }, { key, reason, detail, ...file }].map((one) =>
    JSON.stringify(one),
  );
  const line = { sweepId: "s", at, command: "sweep", entries: [] };
  writeFileSync(join(state, "tombstones", "s.jsonl"), [...strange, ...told, ""].join("\n"));
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

test("tombstones behind one that a full disk cut off stand in their own registry", () => {
  const state = scratchDirectory();
  const plot = (registry: string): Buffer =>
    encodePlot({ sweepId: "s", at: "2026-11-20T15:00:00Z", registry, format: "claude-sessions", layout: "files", first: 0 });
  const kept = { layout: "files", content: "e30=", mode: 33_188, uid: 0, gid: 0, modifiedAt: 0 } as const;
  const stone = encodeStone({ key: "a", sessionId: undefined, reason: "pid-gone", detail: "", kept });
  buryAll(state, "s", [plot("/first"), stone, stone.subarray(0, 10)]);
  buryAll(state, "s", [plot("/second"), stone]);
  expect(readTombstones(state).map(({ id, registry }) => [id, registry])).toEqual([
    ["s/0", "/first"],
    ["s/0", "/second"],
  ]);
});
