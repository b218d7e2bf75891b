import { defaultPolicy } from "../src/core/policy.ts";
import type { SweepOptions } from "../src/sweep/sweep.ts";

/** What a sweep is told that was started without a word. */
export const plainSweep = {
  command: "sweep",
  policy: defaultPolicy,
  lookAnyway: false,
  dryRun: false,
  failOnGhosts: false,
  stop: { signal: undefined },
} as const satisfies Omit<SweepOptions, "targets">;
