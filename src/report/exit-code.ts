import type { SweepReport } from "./model/sweep.ts";

/** What a script may rely on (sysexits.h for 75). */
export const exitCodes = {
  done: 0,
  fault: 1,
  usage: 2,
  partial: 3,
  refused: 4,
  found: 10,
  busy: 75,
  interrupted: 130,
  terminated: 143,
} as const;

type Swept = Pick<SweepReport, "registries" | "summary" | "refusal">;

/** What an operator must look after beside what the report itself says. */
export type Troubles = {
  /** Paths of registries that are unreadable, or not there although named. */
  readonly faults: ReadonlySet<string>;
  /** Ghosts have waited for days for room for their tombstones. */
  readonly isRoomless: boolean;
};

export function sweepExitCode({ registries, summary, refusal }: Swept, { faults, isRoomless }: Troubles, isFound: boolean): number {
  if (refusal !== null) return exitCodes.refused;
  const read = registries.filter(({ state }) => state !== "missing" && state !== "unreadable" && state !== "malformed");
  if (faults.size > 0 && read.length === 0) return exitCodes.fault;
  if (faults.size > 0 || summary.failed > 0 || isRoomless) return exitCodes.partial;
  return isFound ? exitCodes.found : exitCodes.done;
}
