import type { Stop } from "../sweep/pass.ts";

/**
 * The first signal lets a sweep finish what it has in hand; a second one ends it as usual. The listener stays after
 * the first: a library that cleans up on exit kills the process when it finds itself the only one that listens.
 */
export function listenForStop(onStop: () => void = () => undefined): Stop {
  const stop: Stop = { signal: undefined };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stop.signal !== undefined) {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
      stop.signal = signal;
      onStop();
    });
  }
  return stop;
}
