import { expect, test } from "vitest";
import type { Host } from "../../../src/host/host.ts";
import type { KeptMember } from "../../../src/core/tombstone.ts";
import { tombstoneWriter } from "../../../src/sweep/tombstone-writer.ts";
import { tombstoneLine, unwritten } from "../../../src/sweep/apply/tombstone-batch.ts";
import type { ExaminedEntry } from "../../../src/sweep/judge/examined.ts";
import type { ReadRegistry } from "../../../src/sweep/load/loaded.ts";

const registry = { kind: "members", target: { path: "/r.json", format: { name: "keyed-json" } } } as unknown as ReadRegistry;
const ghost = (key: string): ExaminedEntry =>
  ({ entry: { key, claim: { ok: false } }, judgement: { reason: "pid-gone", detail: "" } }) as unknown as ExaminedEntry;
const kept = ({ entry }: ExaminedEntry): KeptMember => {
  return {
    layout: "members",
    entries: "",
    form: "only",
    after: undefined,
    cut: "x".repeat(Number(entry.key)),
    member: { start: 0, end: 1 },
  };
};

/** A writer with so much room, and the text of each batch that it wrote. */
function writerWith(room: number) {
  const batches: string[] = [];
  const store = {
    writeTombstones: (_: string, lines: Iterable<string>) => void batches.push([...lines].join("")),
    tombstoneRoom: () => room,
  };
  const writer = tombstoneWriter({ store } as unknown as Host, { sweepId: "s", at: "", nowMs: () => 0 });
  const write = (keys: readonly string[]) => writer.write(registry, keys.map(ghost), { makeLine: (one) => tombstoneLine(one, kept(one)) });
  return { write, batches };
}

test("a ghost too large for any tombstone waits, and those behind it do not", () => {
  const { write, batches } = writerWith(2000);
  const batch = write(["10", "5000", "20"]);
  expect(batch.entries.map(({ entry }) => entry.key)).toEqual(["10", "20"]);
  expect(batch.ids).toEqual(["s/0", "s/1"]);
  const condemned = ["1", "2", "3"].map(ghost);
  expect(unwritten(condemned, { entries: condemned.slice(1), ids: [] }).map(({ entry }) => entry.key)).toEqual(["1"]);
  expect(batches.map((text) => text.trimEnd().split("\n").length)).toEqual([3]);
});

test("a tombstone that takes all of the room is written, and one byte more is not", () => {
  const roomy = writerWith(100_000);
  roomy.write(["10"]);
  const size = Buffer.byteLength(roomy.batches.join(""));
  const exact = writerWith(size);
  expect(exact.write(["10"]).ids).toEqual(["s/0"]);
  expect(exact.write(["10"]).ids).toEqual([]);
  expect(exact.batches).toHaveLength(1);
  const short = writerWith(size - 1);
  expect(short.write(["10"]).ids).toEqual([]);
  expect(short.batches).toEqual([]);
});

test("ids go on counting from batch to batch, and no batch is written for no entry", () => {
  const { write, batches } = writerWith(100_000);
  expect(write(["10"]).ids).toEqual(["s/0"]);
  expect(write(["10", "20"]).ids).toEqual(["s/1", "s/2"]);
  expect(write([]).ids).toEqual([]);
  expect(batches).toHaveLength(2);
});
