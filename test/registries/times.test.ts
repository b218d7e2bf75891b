import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTime } from "../../src/registries/times.ts";
import { runs } from "../core/worlds.ts";

const at = Date.UTC(2026, 10, 20, 15, 0, 1, 250);
const [earliest, latest] = [new Date("2001-09-10T00:00:00Z"), new Date("2286-11-20T00:00:00Z")];

describe("a time", () => {
  test.each([
    ["2026-11-20T15:00:01.250Z", at],
    ["2026-11-20T16:00:01.250+01:00", at],
    ["2026-11-20T10:00:01.250-0500", at],
    ["2026-11-20T15:00:01.250999999Z", at],
    ["2026-11-20T15:00Z", at - 1250],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    [at, at],
    [at / 1000, at],
    [at * 1000, at],
    [at * 1000 + 999, at],
  ])("%j", (value, expected) => {
    expect(parseTime(value)).toBe(expected);
  });

  test.each([
    "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00",
    "2026-01-01",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+00:60",
    "0999-01-01T00:00:00Z",
    "session 5",
    "",
    "1795186801",
    0,
    5,
    -1,
    at * 1_000_000,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    true,
    {},
  ])("%j is none", (value) => {
    expect(parseTime(value)).toBeUndefined();
  });

  test("is the one that Date wrote, and the one that epoch seconds and milliseconds count", () => {
    fc.assert(
      fc.property(fc.date({ min: earliest, max: latest, noInvalidDate: true }), (date) => {
        const ms = date.getTime();
        expect(parseTime(date.toISOString())).toBe(ms);
        expect(parseTime(ms)).toBe(ms);
        expect(parseTime(Math.floor(ms / 1000))).toBe(Math.floor(ms / 1000) * 1000);
      }),
      runs(1000),
    );
  });

  test("is the same moment in every zone", () => {
    const zone = fc.tuple(fc.constantFrom("+", "-"), fc.integer({ min: 0, max: 14 }), fc.constantFrom(0, 15, 30, 45));
    fc.assert(
      fc.property(fc.date({ min: earliest, max: latest, noInvalidDate: true }), zone, (date, [sign, hours, minutes]) => {
        const offset = (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
        const there = new Date(date.getTime() + offset).toISOString();
        const shown = `${sign}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
        expect(parseTime(there.replace("Z", shown))).toBe(date.getTime());
      }),
      runs(1000),
    );
  });

  test("never comes of a text that Date itself refuses", () => {
    const almost = fc.tuple(fc.nat(9999), fc.nat(15), fc.nat(35), fc.nat(26), fc.nat(65), fc.nat(65)).map((parts) => {
      const [year, ...rest] = parts.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, "0"));
      return `${year}-${rest[0]}-${rest[1]}T${rest[2]}:${rest[3]}:${rest[4]}Z`;
    });
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), (text) => {
        const [found, date] = [parseTime(text), new Date(text).getTime()];
        expect(found === undefined || found === date).toBe(true);
      }),
      runs(2000),
    );
  });

  test("with one character changed is what Date makes of it, if it is a time at all", () => {
    const text = fc.date({ min: earliest, max: latest, noInvalidDate: true }).map((date) => date.toISOString());
    const other = fc.oneof(fc.constantFrom(..."0123456789-:.TZ+ /".split("")), fc.string({ minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(text, fc.nat(23), other, (whole, place, character) => {
        const changed = whole.slice(0, place) + character + whole.slice(place + 1);
        const isTime = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(changed) && !Number.isNaN(Date.parse(changed));
        // Date takes Feb 30 for Mar 2, and 24:00 for the next day.
        const expected = isTime && new Date(changed).toISOString() === changed ? Date.parse(changed) : undefined;
        // A zone in the place of the fraction makes another time of it.
        fc.pre(isTime || changed.length !== 24 || !/[+-]/.test(changed.slice(19)));
        expect(parseTime(changed)).toBe(expected);
      }),
      runs(4000),
    );
  });

  test.each([4, 7, 10, 13, 16, 19, 23])("has its signs where they belong, such as at %i", (place) => {
    const text = "2026-11-20T15:00:01.250Z";
    expect(parseTime(`${text.slice(0, place)}x${text.slice(place + 1)}`)).toBeUndefined();
  });

  test.each([
    ["1000-01-01T00:00:00Z", Date.UTC(1000, 0, 1)],
    ["1000-01-01T00:00:00.000Z", Date.UTC(1000, 0, 1)],
    ["9999-12-31T23:59:59.999Z", Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
    ["2026-12-28T23:59:59.000Z", Date.UTC(2026, 11, 28, 23, 59, 59)],
    ["2026-12-29T23:59:59.000Z", Date.UTC(2026, 11, 29, 23, 59, 59)],
    ["2026-11-20T15:00:00+23:59", Date.UTC(2026, 10, 19, 15, 1)],
    [1e9, 1e12],
    [1e12, 1e12],
    [1e13 - 1, 1e13 - 1],
    [1e15, 1e12],
    [1e16 - 2, 1e13 - 1],
    [1e10 - 1, (1e10 - 1) * 1000],
    [1_795_186_800.2509, 1_795_186_800_250],
    [1_795_186_800_250.9, 1_795_186_800_250],
  ])("%j is at the edge of what is one", (value, expected) => {
    expect(parseTime(value)).toBe(expected);
  });

  test.each([
    1e9 - 1,
    1e10,
    1e12 - 1,
    1e13,
    1e15 - 1,
    1e16,
    "1e12",
    "2026-13-01T00:00:00.000Z",
    "2026-02-00T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "0999-01-01T00:00:00.000Z",
    "2026-00-10T00:00:00.000Z",
    "2026-02-30T00:00:00.000Z",
    "2026-01-01T00:60:00.000Z",
    "2026-01-01T00:00:60.000Z",
    [1.7e12],
  ])("%j is beyond it", (value) => {
    expect(parseTime(value)).toBeUndefined();
  });
});

describe("a time as Date writes it", () => {
  test.each([
    "1000-01-01T00:00:00.000Z",
    "9999-12-28T23:59:59.999Z",
    "2026-02-10T20:20:20.200Z",
    "2024-03-01T09:09:09.909Z",
    "1969-12-28T10:01:02.003Z",
    "2024-02-29T23:59:59.999Z",
    "2026-01-31T19:29:39.000Z",
  ])("%s is read, and without its zone is none", (text) => {
    expect(parseTime(text)).toBe(Date.parse(text));
    expect(parseTime(text.slice(0, -1))).toBeUndefined();
    expect(parseTime(`${text}\n`)).toBeUndefined();
    expect(parseTime(`1${text}`)).toBeUndefined();
    expect(parseTime(`1${text.replace("Z", "+00:00")}`)).toBeUndefined();
  });

  test("anything but a digit where a digit stands, or another letter between, is none", () => {
    const text = "2026-11-20T15:16:17.189Z";
    for (let place = 0; place < text.length; place += 1) {
      for (const letter of /\d/.test(text[place] ?? "") ? ["/", ":", " ", "a"] : ["0", "9", "z", "\\"]) {
        expect(parseTime(`${text.slice(0, place)}${letter}${text.slice(place + 1)}`)).toBeUndefined();
      }
    }
  });

  test("is the moment that Date wrote, in any year of four digits", () => {
    const any = fc.date({ min: new Date("1000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
    fc.assert(
      fc.property(any, (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime());
      }),
      runs(500),
    );
  });
});

test("a text with letters that no byte holds is no time, though their last bytes are one", () => {
  const text = "2026-11-20T15:00:01.250Z";
  expect(parseTime(text.replace("2", String.fromCharCode(0x100 + 0x32)))).toBeUndefined();
  expect(parseTime(text.replaceAll(/./g, (letter) => String.fromCharCode(0x100 + letter.charCodeAt(0))))).toBeUndefined();
});
