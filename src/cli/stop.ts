import type { Stop } from "../sweep/outcome.ts";

/**
 * The first signal lets a sweep finish what it has in hand; a second one ends it as usual. The listener stays after the
 * first: libraries that clean up after themselves raise a signal again when nobody but they listens to it.
 */
export function listenForStop(): Stop {
  const stop: Stop = { signal: undefined };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const onSignal = (): void => {
      if (stop.signal === undefined) {
        stop.signal = signal;
        return;
      }
      process.removeListener(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
  return stop;
}
