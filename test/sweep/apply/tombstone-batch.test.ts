import { expect, test } from "vitest";
import type { Host } from "../../../src/host/host.ts";
import type { KeptMember } from "../../../src/core/tombstone.ts";
import { writeTombstones, tombstoneLine, unwritten } from "../../../src/sweep/apply/tombstone-batch.ts";
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

test("a ghost too large for any tombstone waits, and those behind it do not", () => {
  const written: string[] = [];
  const host = {
    store: { writeTombstones: (_: string, tombstones: Iterable<string>) => void written.push(...tombstones) },
  } as unknown as Host;
  const condemned = ["10", "5000", "20"].map(ghost);
  const batch = writeTombstones(host, { sweepId: "s", at: "", count: 0, room: 2000 }, registry, condemned, (one) =>
    tombstoneLine(one, kept(one)),
  );
  expect(batch.entries.map(({ entry }) => entry.key)).toEqual(["10", "20"]);
  expect(batch.ids).toEqual(["s/0", "s/1"]);
  expect(unwritten(condemned, batch).map(({ entry }) => entry.key)).toEqual(["5000"]);
  expect(written).toHaveLength(3);
});

test("a tombstone that takes all of the room is buried, one byte more is not, and then nobody is", () => {
  const calls: number[] = [];
  const host = {
    store: { writeTombstones: (_: string, tombstones: Iterable<string>) => void calls.push([...tombstones].join("").length) },
  } as unknown as Host;
  const tombstoneWriter = { sweepId: "s", at: "", count: 4, room: 100_000 };
  const writeSome = (keys: readonly string[]) =>
    writeTombstones(host, tombstoneWriter, registry, keys.map(ghost), (one) => tombstoneLine(one, kept(one))).ids;
  expect(writeSome(["10"])).toEqual(["s/4"]);
  const [size] = calls as [number];
  expect(tombstoneWriter).toMatchObject({ count: 5, room: 100_000 - size });
  tombstoneWriter.room = size - 1;
  expect(writeSome(["10"])).toEqual([]);
  expect([calls, tombstoneWriter]).toMatchObject([[size], { count: 5, room: size - 1 }]);
  tombstoneWriter.room = size;
  expect(writeSome(["10"])).toEqual(["s/5"]);
  expect([calls, tombstoneWriter]).toMatchObject([[size, size], { count: 6, room: 0 }]);
  expect(writeSome([])).toEqual([]);
  expect(calls).toHaveLength(2);
});
