import type { SweepReport } from "../report/model/sweep.ts";
import type { SweepOptions } from "../sweep/sweep.ts";

/** Hears how one sweep of the watch ended. */
export type SweepListener = {
  readonly report: (report: SweepReport) => Promise<void>;
  readonly fault: (error: unknown) => Promise<void>;
};

export type Places = Pick<SweepOptions, "targets" | "witnesses">;

export type WatchOptions = Omit<SweepOptions, "command" | "dryRun" | "failOnGhosts" | "endings"> & {
  /** Looks anew where registries are, before each sweep of all: an agent may have begun to write elsewhere. */
  readonly findPlaces: () => Places;
  /** A sweep begins: of all registries, or of those alone in which something was seen to end. */
  readonly onSweep: (isWhole: boolean) => Promise<SweepListener>;
  readonly onTurnedAway: () => Promise<void>;
  /** Hears what is watched, and what stands in the way; the same is not said twice. */
  readonly onNotice: (notice: string) => Promise<void>;
};

/** What a watch has seen and done until it was stopped. */
export type WatchSummary = { readonly sweeps: number; readonly exits: number; readonly closings: number; readonly gone: number };
