import * as v from "valibot";
import { cause, posture } from "./guards.ts";
import { described, flag, integer, list, object, text, time } from "./schema.ts";
import { summary } from "./sweep.ts";

const registryRun = object({
  format: text,
  path: text,
  posture,
  cause,
  machines: v.exactOptional(
    described(
      "Only of a table that several machines sweep: how many do, and how many have fallen silent.",
      object({ sweeping: integer, silent: integer }),
    ),
  ),
  verdicts: described("How many entries were judged how.", object({ live: integer, ghost: integer, undecided: integer })),
});

/** What is kept of the last sweep, because systemd forgets it with the unit and with the boot. */
export const lastRun = described(
  "The record of the last sweep of this state directory.",
  object({
    schema: v.literal(1),
    version: described("The version of sessreap that swept.", text),
    sweepId: described("Null while it runs, and if it ended in a fault.", v.nullable(text)),
    pid: integer,
    startTicks: described("When that process started, in clock ticks since boot; null where that cannot be read.", v.nullable(text)),
    invocationId: described("systemd's name for this run of the service; null for a sweep that systemd did not start.", v.nullable(text)),
    started: time,
    finished: described("Null while it runs, and for ever if it was killed.", v.nullable(time)),
    durationMs: described("In milliseconds; null as long as it is not known.", v.nullable(integer)),
    ok: described("Nothing failed; null as long as that is not known.", v.nullable(flag)),
    exitCode: described("Null as long as it is not known.", v.nullable(integer)),
    lastOk: described("When a sweep last finished and nothing failed; null if none has.", v.nullable(time)),
    lastWholeOk: described(
      "The same, of a sweep of all configured registries or one that systemd started: only these say that the guard works.",
      v.nullable(time),
    ),
    lastUnitOk: v.exactOptional(
      described(
        "The same, of a sweep that systemd started, or without a systemd what starts one with --timer: it says that the timer works. Not there before there was one.",
        time,
      ),
    ),
    counts: described("What the sweep counted; null as long as that is not known.", v.nullable(summary)),
    reapedTotal: described("Everything that sweeps of this state directory have reaped.", integer),
    posture,
    problems: list(text),
    registries: list(registryRun),
    said: described("States that have been said in the journal, so that they are said once.", list(text)),
  }),
);

export type LastRun = v.InferOutput<typeof lastRun>;
export type RegistryRun = v.InferOutput<typeof registryRun>;
