import { expect, test } from "vitest";
import { newFlood } from "../../../../src/watch/pace/flood.ts";

/** At which of these readings, in seconds, a flood is seen. `-` behind one: it was not overrun. */
function floodIn(readings: string): readonly string[] {
  const flood = newFlood();
  return readings.split(" ").filter((reading) => flood(!reading.endsWith("-"), Number.parseFloat(reading) * 1000));
}

test.each([
  ["changes that come one by one", "1- 2- 5- 30-", []],
  ["a burst of some seconds", "1 2 3 9 9.9-", []],
  ["bursts with a reading between them that is not overrun", "1 5 9 10- 11 15 19 20-", []],
  ["ten seconds of it", "1 5 9 11 12", ["11", "12"]],
  ["a pause within a flood", "1 5 9 11 12- 13 14", ["11", "12-", "13", "14"]],
  ["a flood that is over, and another", "1 9 11 12- 22- 23 31 33", ["11", "12-", "33"]],
])("%s", (_, readings, expected) => {
  expect(floodIn(readings)).toEqual(expected);
});
