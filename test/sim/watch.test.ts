import { expect, test } from "vitest";
import { hour } from "./machine.ts";
import { WatchedDay } from "./watched-day.ts";

/** A whole day: `SESSREAP_WATCH_HOURS=24 SESSREAP_WATCH_EVENTS=100000 npx vitest run --project sim test/sim/watch.test.ts`. */
const hours = Number(process.env["SESSREAP_WATCH_HOURS"] ?? "1");
const events = Number(process.env["SESSREAP_WATCH_EVENTS"] ?? "500");
const given = process.env["SESSREAP_SIM_SEED"];

/** The same days in every run; others by hand. */
const days: readonly (readonly [what: string, seed: number])[] =
  given === undefined
    ? [
        ["whatever happens beside it", 20261127],
        ["an old holder ends some seconds after a step of the clock, which made its row young", 769463989],
      ]
    : [["whatever happens beside it", Number(given)]];

test.each(days)(
  "under a watch no live row goes, and what it saw end is gone within a second: %s",
  async (_, seed) => {
    const day = await new WatchedDay(seed).run(hours * hour, events).catch((error: unknown) => {
      throw new Error(`SESSREAP_SIM_SEED=${seed}: ${String(error)}`, { cause: error });
    });
    if (hours > 1) process.stderr.write(`${JSON.stringify(day)}\n`);
    // What it keeps in mind does not grow with what has happened.
    const [first, last] = [day.heapMb.slice(0, 2), day.heapMb.slice(-2)];
    expect(Math.max(...last)).toBeLessThan(Math.max(...first) + 10);
    expect(day.events).toBeGreaterThanOrEqual(events);
    // A law about what goes says nothing of a day on which nothing does.
    expect(day.gone).toBeGreaterThan(events / 5);
    expect(day.doubtful).toBeLessThan(day.gone / 5);
  },
  120_000 + events * 100,
);
