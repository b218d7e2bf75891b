import type { Stop } from "../sweep/outcome.ts";

/** The first signal lets a sweep finish what it has in hand; a second one ends it as usual. */
export function listenForStop(): Stop {
  const stop: Stop = { signal: undefined };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (stop.signal = signal));
  return stop;
}
