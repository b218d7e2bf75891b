import { array, assert, constant, nat, oneof, property, record, subarray } from "fast-check";
import { expect, test } from "vitest";
import type { Host } from "../../../src/host/host.ts";
import { decodeTombstones, type KeptMember } from "../../../src/core/tombstone.ts";
import { scan } from "../../../src/registries/json/json-bytes.ts";
import { cutsFor } from "../../../src/registries/json/json-cuts.ts";
import { tombstoneWriter } from "../../../src/sweep/tombstone-writer.ts";
import { writeMemberTombstones } from "../../../src/sweep/apply/member-tombstones.ts";
import type { ExaminedEntry } from "../../../src/sweep/judge/examined.ts";
import type { MembersRegistry } from "../../../src/sweep/load/loaded.ts";

const json = { name: "keyed-json", layout: "members", entries: "" };

function registryOf(text: string): MembersRegistry {
  const bytes = Buffer.from(text);
  const found = scan({ bytes, text: (start, end) => bytes.toString("utf8", start, end) }, "");
  if (!found.ok) throw new Error(found.problem);
  const entries = { keyAt: (index: number) => `k${index}` };
  return { kind: "members", target: { path: "/r.json", format: json }, file: { bytes }, container: found.container, entries } as never;
}

const ghostAt = (index: number): ExaminedEntry =>
  ({ entry: { key: `k${index}`, claim: { ok: false } }, judgement: { reason: "pid-gone", detail: "" } }) as unknown as ExaminedEntry;

/** Values of these lengths, those that go, so much room for their tombstones, and spaces before the first. */
function writtenFor(lengths: readonly number[], going: readonly number[], room: number, indent = 1) {
  const text = `{${" ".repeat(indent)}${lengths.map((length, index) => `"k${index}" : "${"x".repeat(length)}"`).join(" ,\n ")}\n}`;
  const registry = registryOf(text);
  let written = "";
  const writeTombstones = (_: string, lines: Iterable<string>): void => void (written = [...lines].join(""));
  const host = { store: { writeTombstones, tombstoneRoom: () => room } } as unknown as Host;
  const writer = tombstoneWriter(host, { sweepId: "s", at: "", startedMs: 0 });
  const judged: number[] = [];
  const batch = writeMemberTombstones(writer, registry, going, (index) => {
    judged.push(index);
    return ghostAt(index);
  });
  return { registry, batch, written, judged, tombstones: decodeTombstones(written) };
}

const scene = array(nat(400), { minLength: 1, maxLength: 8 }).chain((lengths) =>
  record({
    lengths: constant(lengths),
    going: oneof(constant(lengths.map((_, index) => index)), subarray(lengths.map((_, index) => index))),
    room: nat(4000),
    indent: oneof(constant(1), nat(1500)),
  }),
);

test("whoever is buried, the tombstones keep the very cuts that are made, and whoever is not had no room", () => {
  assert(
    property(scene, ({ lengths, going, room, indent }) => {
      const { registry, batch, written, tombstones } = writtenFor(lengths, going, room, indent);
      const { entries, ids } = batch;
      const cuts = cutsFor(registry.container, entries);
      const isCut = cuts.map(({ start, end, form }) => [form, registry.file.bytes.toString("base64", start, end)]);
      expect(tombstones.map(({ kept }) => [(kept as KeptMember).form, (kept as KeptMember).cut])).toEqual(isCut);
      expect(tombstones.map(({ id, key }) => [id, key])).toEqual(entries.map((index, nth) => [ids[nth], `k${index}`]));
      const roomLeft = room - Buffer.byteLength(written);
      expect(roomLeft).toBeGreaterThanOrEqual(0);
      const left = going.filter((index) => !entries.includes(index));
      // One line says 100 bytes beside what it keeps, and its plot as many.
      const most = (index: number): number => (lengths[index] as number) * 1.5 + 500;
      // One that stays since the first attempt may have lacked only what others took that stay since the second.
      const wanted = left.length === 0 ? Number.POSITIVE_INFINITY : left.reduce((all, index) => all + most(index), 0);
      expect(wanted).toBeGreaterThan(roomLeft - indent * 1.5);
    }),
    { numRuns: 2000 },
  );
});

test("where all are to go and one has no room, what is kept of those before it is made up anew", () => {
  const { tombstones, batch } = writtenFor([10, 10, 4000, 10], [0, 1, 2, 3], 2000);
  expect(tombstones.map(({ key, kept }) => [key, (kept as KeptMember).form])).toEqual([
    ["k0", "before"],
    ["k1", "before"],
    ["k3", "after"],
  ]);
  expect(batch.ids).toEqual(["s/0", "s/1", "s/2"]);
});

test("one that had no room stays, though there is room for it once what goes before it is made up anew", () => {
  const { tombstones, batch } = writtenFor([400, 400], [0, 1], 4800, 3000);
  expect(batch.entries).toEqual([0]);
  expect(tombstones.map(({ key, kept }) => [key, (kept as KeptMember).form])).toEqual([["k0", "before"]]);
});

test("one that is larger than all the room there is, is not judged again", () => {
  expect(writtenFor([10, 3000, 10, 10], [0, 1, 2], 2000).judged).toEqual([0, 2]);
});
