import type { Senses } from "../../../src/host/senses/senses.ts";

type Timer = { readonly atMs: number; readonly act: () => void };

/** Timers that end when the test lets time pass. */
export function handTimers(): {
  readonly after: Senses["after"];
  readonly pass: (ms: number) => void;
  readonly next: () => number | undefined;
  readonly count: () => number;
} {
  let nowMs = 0;
  let timers: readonly Timer[] = [];
  const first = (): Timer | undefined =>
    timers.reduce<Timer | undefined>((before, one) => (before === undefined || one.atMs < before.atMs ? one : before), undefined);
  return {
    after: (ms, act) => {
      const timer = { atMs: nowMs + ms, act };
      timers = [...timers, timer];
      return () => void (timers = timers.filter((one) => one !== timer));
    },
    pass: (ms) => {
      const untilMs = nowMs + ms;
      for (let next = first(); next !== undefined && next.atMs <= untilMs; next = first()) {
        const due = next;
        nowMs = due.atMs;
        timers = timers.filter((one) => one !== due);
        due.act();
      }
      nowMs = untilMs;
    },
    next: () => {
      const next = first();
      return next === undefined ? undefined : next.atMs - nowMs;
    },
    count: () => timers.length,
  };
}
