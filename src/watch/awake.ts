import type { LookingHost } from "../host/looking-host.ts";

/** By the awake clock, in ms; undefined where that cannot be read. */
export function awakeOf(host: LookingHost): number | undefined {
  const { awakeMs } = host.clock();
  return awakeMs.seen ? awakeMs.value : undefined;
}
