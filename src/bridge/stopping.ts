import type { Stop } from "../sweep/pass.ts";

/** A pass that hears these signals: it is stopped when all who wait for it have been aborted. */
export function stoppedBy(signals: readonly (AbortSignal | undefined)[]): { readonly stop: Stop; readonly leave: () => void } {
  const stop: Stop = { signal: undefined };
  const hear = (): void => {
    if (signals.every((signal) => signal?.aborted === true)) stop.signal = "SIGTERM";
  };
  for (const signal of signals) signal?.addEventListener("abort", hear);
  hear();
  return { stop, leave: () => signals.forEach((signal) => signal?.removeEventListener("abort", hear)) };
}
