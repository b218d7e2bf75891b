import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../../core/worlds.ts";
import { cutOut, documents, membersOf, mustRead, named, read, restored, withoutMark } from "../documents.ts";

const many = runs(1000);
const few = runs(150);

/** A share of the members, by a mask that goes round. */
const masks = fc.array(fc.boolean(), { minLength: 1, maxLength: 9 });
const chosenBy = (mask: readonly boolean[], count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index).filter((index) => mask[index % mask.length]);

const sorted = (texts: readonly string[]): readonly string[] => texts.toSorted();

describe("cutting members out of a text", () => {
  test("leaves every other byte as it was, in a text that is still JSON", () => {
    fc.assert(
      fc.property(documents({ unique: false }), masks, ({ text, pointer }, mask) => {
        const bytes = Buffer.from(text);
        const container = mustRead(bytes, pointer);
        const chosen = chosenBy(mask, container.members.length);
        const { kept, cuts } = cutOut(bytes, container, chosen);
        JSON.parse(withoutMark(kept));
        const left = membersOf(bytes, container).filter((_, index) => !chosen.includes(index));
        expect(membersOf(kept, mustRead(kept, pointer))).toEqual(left);
        for (const [at, { start, end }] of cuts.entries()) {
          const gone = named(bytes, container)[chosen[at] ?? -1];
          expect(start).toBeGreaterThanOrEqual(container.inside.start);
          expect(end).toBeLessThanOrEqual(container.inside.end);
          const around = bytes.toString("utf8", start, gone?.start) + bytes.toString("utf8", gone?.end, end);
          expect(around).toMatch(/^[\s]*,?[\s]*$/);
        }
      }),
      many,
    );
  });

  test("means what the text meant without them", () => {
    fc.assert(
      fc.property(documents({ unique: true }), masks, ({ text }, mask) => {
        const bytes = Buffer.from(text);
        const whole: unknown = JSON.parse(withoutMark(bytes));
        const container = mustRead(bytes, "");
        const chosen = chosenBy(mask, container.members.length);
        const { kept } = cutOut(bytes, container, chosen);
        const entries = Object.entries(whole as object);
        const members = named(bytes, container);
        const names = new Set(chosen.map((index) => members[index]?.key));
        const expected = Array.isArray(whole)
          ? whole.filter((_, index) => !chosen.includes(index))
          : Object.fromEntries(entries.filter(([key]) => !names.has(key)));
        expect(JSON.parse(withoutMark(kept))).toEqual(expected);
      }),
      many,
    );
  });
});

describe("putting members back", () => {
  test("in the order in which they stood gives the very bytes from which they were cut", () => {
    fc.assert(
      fc.property(documents({ unique: true }), masks, ({ text, pointer }, mask) => {
        const bytes = Buffer.from(text);
        const container = mustRead(bytes, pointer);
        if (container.kind === "array") return;
        const { kept, cutMembers } = cutOut(bytes, container, chosenBy(mask, container.members.length));
        expect(restored(kept, pointer, cutMembers).toString()).toBe(text);
      }),
      many,
    );
  });

  test("some of them, in any order, loses nothing and gives JSON", () => {
    fc.assert(
      fc.property(documents({ unique: false }), masks, masks, fc.infiniteStream(fc.nat(97)), ({ text, pointer }, mask, back, order) => {
        const bytes = Buffer.from(text);
        const container = mustRead(bytes, pointer);
        const { kept, cutMembers } = cutOut(bytes, container, chosenBy(mask, container.members.length));
        const shuffled = cutMembers
          .map((cut) => ({ cut, rank: order.next().value as number }))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ cut }) => cut);
        const wanted = chosenBy(back, shuffled.length).flatMap((index) => shuffled[index] ?? []);
        const after = restored(kept, pointer, wanted);
        JSON.parse(withoutMark(after));
        const gone = wanted.map(
          ({ cut, member }) => `${container.kind}: ${Buffer.from(cut.subarray(member.start, member.end)).toString()}`,
        );
        const [before, now] = [membersOf(kept, mustRead(kept, pointer)), membersOf(after, mustRead(after, pointer))];
        expect(sorted(now)).toEqual(sorted([...before, ...gone]));
      }),
      many,
    );
  });

  test("one at a time, after several sweeps and into another text, loses nothing and gives JSON", () => {
    fc.assert(
      fc.property(documents({ unique: true }), documents({ unique: true }), masks, masks, (first, second, one, two) => {
        const bytes = Buffer.from(first.text);
        const container = mustRead(bytes, first.pointer);
        const sweep1 = cutOut(bytes, container, chosenBy(one, container.members.length));
        const left = mustRead(sweep1.kept, first.pointer);
        const sweep2 = cutOut(sweep1.kept, left, chosenBy(two, left.members.length));
        for (const { text, pointer } of [{ text: sweep2.kept.toString(), pointer: first.pointer }, second]) {
          let now: Buffer = Buffer.from(text);
          if (mustRead(now, pointer).kind !== container.kind) continue;
          const before = membersOf(now, mustRead(now, pointer));
          const back = [...sweep1.cutMembers, ...sweep2.cutMembers];
          for (const cutMember of back) now = restored(now, pointer, [cutMember]);
          JSON.parse(withoutMark(now));
          const gone = back.map(
            ({ cut, member }) => `${container.kind}: ${Buffer.from(cut.subarray(member.start, member.end)).toString()}`,
          );
          expect(sorted(membersOf(now, mustRead(now, pointer)))).toEqual(sorted([...before, ...gone]));
        }
      }),
      many,
    );
  });
});

/** What a text may be refused for although `JSON.parse` takes it. */
const limits = /^values are nested deeper|occurs twice$|^there is no ".*" in it$|holds neither an object nor an array$/s;

function agreesWithParser(bytes: Buffer, pointer: string): void {
  const found = read(bytes, pointer);
  let parses = true;
  try {
    JSON.parse(withoutMark(bytes));
  } catch {
    parses = false;
  }
  const agrees = typeof found === "string" ? !parses || limits.test(found) : parses;
  expect(
    agrees,
    `JSON.parse ${parses ? "takes" : "refuses"} it, and here it is ${typeof found === "string" ? `refused: ${found}` : "taken"}`,
  ).toBe(true);
}

describe("reading a text", () => {
  test("takes every document", () => {
    fc.assert(
      fc.property(documents({ unique: false }), ({ text, pointer }) => {
        const found = read(Buffer.from(text), pointer);
        expect(typeof found === "string" ? found : "occurs twice").toMatch(/occurs twice$/);
      }),
      many,
    );
  });

  test("refuses what JSON.parse refuses, at every byte at which a writer may have been cut off", () => {
    fc.assert(
      fc.property(documents({ unique: false }), ({ text, pointer }) => {
        const bytes = Buffer.from(text);
        for (let end = 0; end <= bytes.length; end += 1) agreesWithParser(bytes.subarray(0, end), pointer);
      }),
      few,
    );
  });

  test("agrees with JSON.parse on texts with a few bytes changed, dropped or doubled", () => {
    const damage = fc.array(
      fc.tuple(fc.nat(2000), fc.constantFrom("change", "drop", "double"), fc.constantFrom(...Buffer.from('{}[]",:\\0.e-+ \n\t\0x\u00ff'))),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(documents({ unique: false }), damage, ({ text, pointer }, changes) => {
        const bytes = [...Buffer.from(text)];
        for (const [place, kind, byte] of changes) {
          const at = place % bytes.length;
          bytes.splice(at, kind === "double" ? 0 : 1, ...(kind === "drop" ? [] : [byte]));
          if (bytes.length === 0) return;
        }
        agreesWithParser(Buffer.from(bytes), pointer);
      }),
      { numRuns: many.numRuns * 4 },
    );
  });

  test("agrees with JSON.parse on any text at all", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom("", "/a"), (bytes, pointer) => agreesWithParser(Buffer.from(bytes), pointer)),
      many,
    );
  });
});

test("members that are chosen out of order are not cut, for that would keep some bytes twice", () => {
  const bytes = Buffer.from('{"a":1,"b":2}');
  expect(() => cutOut(bytes, mustRead(bytes, ""), [1, 0])).toThrow(RangeError);
});
