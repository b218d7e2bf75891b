import { array, assert, asyncProperty, constant, nat, oneof, record, subarray } from "fast-check";
import { expect, test } from "vitest";
import { decodeTombstones, encodeHeader } from "../../../src/core/tombstone.ts";
import { cutsFor, firstKept } from "../../../src/registries/json/json-cuts.ts";
import { keepMembers, keptMember } from "../../../src/sweep/apply/member-tombstones.ts";
import { tombstoneLine } from "../../../src/sweep/apply/tombstone-batch.ts";
import { examine } from "../../../src/sweep/examine.ts";
import { startPass } from "../../../src/sweep/pass.ts";
import { tombstoneWriter } from "../../../src/sweep/tombstone-writer.ts";
import { plainSweep } from "../../sweep-options.ts";
import { agentsOf } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { hostWith } from "../described.ts";

/** Members with values of these lengths, and spaces before the first. */
async function membersOf(lengths: readonly number[], indent: number) {
  const stage = simulatedStage();
  const target = agentsOf(stage);
  const members = lengths.map((length, index) => `"k${index}" : "${"x".repeat(length)}"`).join(" ,\n ");
  stage.writeOld(target.path, `{"agents":{${" ".repeat(indent)}${members}\n}}`);
  const options = { ...plainSweep, targets: [target] };
  const [examined] = (await examine(startPass(stage.host, options), options)).registries;
  if (examined?.loaded.kind !== "members") throw new Error("the file was not read");
  return { stage, loaded: examined.loaded, judgedAt: examined.entries.at };
}

/** The tombstones that are written of members, in so much room, when some of them are to go. */
async function writtenFor(lengths: readonly number[], going: readonly number[], room: number, indent = 1) {
  const { stage, loaded, judgedAt } = await membersOf(lengths, indent);
  let written = "";
  const writeTombstones = (_: string, lines: Iterable<string>): void => void (written = [...lines].join(""));
  const host = hostWith(stage, { store: { writeTombstones, tombstoneRoom: () => room } });
  const judged: number[] = [];
  const batch = keepMembers(tombstoneWriter(host, { sweepId: "s", at: "", nowMs: () => 0 }), loaded, going, {
    placeOf: (member) => member,
    judgedAt: (member) => {
      judged.push(member);
      return judgedAt(member);
    },
    firstStaying: firstKept(lengths.length, going),
    kept: (member, firstStaying) => keptMember(loaded, member, firstStaying, undefined),
  });
  const kept = decodeTombstones(written).map((tombstone) => {
    if (tombstone.kept.layout !== "members") throw new Error("the tombstone of a member was expected");
    return { ...tombstone, kept: tombstone.kept };
  });
  const header = { sweepId: "s", at: "", registry: loaded.target.path, format: loaded.target.format.name, layout: "members" } as const;
  const sizeOf = (member: number, firstStaying: number): number =>
    Buffer.byteLength(tombstoneLine(judgedAt(member), keptMember(loaded, member, firstStaying, undefined)));
  return { loaded, batch, kept, judged, sizeOf, roomForLines: room - Buffer.byteLength(encodeHeader({ ...header, first: 0 })) };
}

type Room = { readonly sizeOf: (member: number, firstStaying: number) => number; readonly roomForLines: number };

/** Goes through members one by one, and finds those for whose tombstones there is room. */
function fitting(room: Room, going: readonly number[], firstStaying: number): readonly number[] {
  const fit: number[] = [];
  let [left, first] = [room.roomForLines, firstStaying];
  for (const member of going) {
    const size = room.sizeOf(member, first);
    if (size <= left) {
      left -= size;
      fit.push(member);
    } else if (first < 0 && member > 0) {
      // It stays, which changes what is cut with those before it.
      const others = going.filter((other) => other !== member);
      return fitting(room, others, member);
    } else if (first < 0 || member < first) first = member;
  }
  return fit;
}

const scene = array(nat(400), { minLength: 1, maxLength: 8 }).chain((lengths) =>
  record({
    lengths: constant(lengths),
    going: oneof(constant(lengths.map((_, index) => index)), subarray(lengths.map((_, index) => index))),
    room: nat(4000),
    indent: oneof(constant(1), nat(1500)),
  }),
);

test("tombstones keep the very cuts that are made, and are written of all for which there is room", async () => {
  await assert(
    asyncProperty(scene, async ({ lengths, going, room, indent }) => {
      const { loaded, batch, kept, ...of } = await writtenFor(lengths, going, room, indent);
      const { entries, ids } = batch;
      const cuts = cutsFor(loaded.container, entries);
      const isCut = cuts.map(({ start, end, form }) => [form, loaded.file.bytes.toString("base64", start, end)]);
      expect(kept.map((tombstone) => [tombstone.kept.form, tombstone.kept.cut])).toEqual(isCut);
      expect(kept.map(({ id, key }) => [id, key])).toEqual(entries.map((index, nth) => [ids[nth], `k${index}`]));
      expect(entries).toEqual(fitting(of, going, firstKept(lengths.length, going)));
    }),
    { numRuns: 2000 },
  );
});

const formsOf = ({ kept }: Awaited<ReturnType<typeof writtenFor>>) => kept.map((tombstone) => [tombstone.key, tombstone.kept.form]);

test("where all are to go and one has no room, what is kept of those before it is made up anew", async () => {
  const written = await writtenFor([10, 10, 4000, 10], [0, 1, 2, 3], 2000);
  expect(formsOf(written)).toEqual([
    ["k0", "before"],
    ["k1", "before"],
    ["k3", "after"],
  ]);
  expect(written.batch.ids).toEqual(["s/0", "s/1", "s/2"]);
});

test("one that had no room stays, though there is room for it once what goes before it is made up anew", async () => {
  const written = await writtenFor([400, 400], [0, 1], 5200, 3000);
  expect(written.batch.entries).toEqual([0]);
  expect(formsOf(written)).toEqual([["k0", "before"]]);
});

test("one that is larger than all the room there is, is not judged again", async () => {
  expect((await writtenFor([10, 3000, 10, 10], [0, 1, 2], 2000)).judged).toEqual([0, 2]);
});

test("of a member that stays with another value the tombstone keeps both, whatever is cut beside it", async () => {
  const { loaded } = await membersOf([3, 3], 1);
  const value = Buffer.from("7");
  const stamped = { layout: "members", entries: "/agents", form: "only", member: { start: 0, end: 12 } };
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  expect([0, 1].map((member) => keptMember(loaded, member, 0, value))).toEqual([
    { ...stamped, after: undefined, cut: base64('"k0" : "xxx"'), replacedBy: base64('"k0" : 7') },
    { ...stamped, after: "k0", cut: base64('"k1" : "xxx"'), replacedBy: base64('"k1" : 7') },
  ]);
});

test("what goes wrong while a tombstone is made is not taken for want of room", async () => {
  const { stage, loaded, judgedAt } = await membersOf([10, 10], 1);
  let made = 0;
  const keep = (): unknown =>
    keepMembers(tombstoneWriter(stage.host, { sweepId: "s", at: "", nowMs: () => 0 }), loaded, [0, 1], {
      placeOf: (member) => member,
      judgedAt,
      firstStaying: -1,
      kept: () => {
        made += 1;
        throw new Error("provoked");
      },
    });
  expect(keep).toThrow("provoked");
  expect(made).toBe(1);
});
