import * as v from "valibot";
import type { RetiredProcess } from "../../core/harnesses/retirement.ts";
import { described, document, flag, integer, list, object, text } from "./schema.ts";

const processEntries = {
  pid: integer,
  startTicks: described("When it started, in clock ticks since boot, as decimal digits.", text),
  agent: text,
  ageMs: described("For how long it has run, in milliseconds; null if that cannot be known.", v.nullable(integer)),
  terminal: described("Its terminal, as a path below /dev: pts/3; null if it has none.", v.nullable(text)),
  memoryBytes: described("Its resident memory; null if that may not be read.", v.nullable(integer)),
  cwd: described("Its working directory; null if that may not be read.", v.nullable(text)),
} as const;

/** What a process was started with is left out: it can hold a prompt or a secret. */
export const processReport = described("A live process. Its argv is not shown: it can hold a secret.", object(processEntries));

export const harnessReport = described(
  "The processes that run one session together.",
  object({
    agent: text,
    possible: described(
      "Why it may run another session by now, so that only --retire PID ends it; null where that is not so.",
      v.nullable(text),
    ),
    processes: described("The oldest first: a shim and its native child are one harness.", list(processReport)),
    hosts: described(
      "What launched them and what the session is registered by, above them; these are not counted, and left alone.",
      list(processReport),
    ),
    signs: described("What shows that it runs the session, a sentence each.", list(text)),
    children: described(
      "Agents that it runs in the background; they are ended with it where they are proven to be its own.",
      list(
        object({
          ...processEntries,
          via: described("How they hang together, in a sentence.", text),
          stays: described("Why it is left alone, in a sentence; null where it is ended with the harness.", v.nullable(text)),
        }),
      ),
    ),
    helpers: described("Pids of other processes below it; these are left alone.", list(integer)),
    doubts: described("Why it would not be ended, a sentence each.", list(text)),
  }),
);

export const retiredProcess = described(
  "A process that was ended, or that hung under one that was.",
  object({
    sessionId: text,
    role: v.picklist(["harness", "host", "child", "helper"] satisfies RetiredProcess["role"][]),
    pid: integer,
    startTicks: text,
    agent: text,
    signal: described(
      "The last signal that it was sent; null for none.",
      v.nullable(v.picklist(["SIGTERM", "SIGKILL"] satisfies RetiredProcess["signal"][])),
    ),
    via: v.exactOptional(
      described(
        "How it was sent: through a pidfd, or by the pid right after a look at its start. Older histories do not say.",
        v.nullable(v.picklist(["pidfd", "pid"] satisfies RetiredProcess["via"][])),
      ),
    ),
    became: described(
      "ended, adopted (left alone, and lives on) or lost (would not end, or may not be looked at any more).",
      v.picklist(["ended", "adopted", "lost"] satisfies RetiredProcess["became"][]),
    ),
  }),
);

export const ownersDocument = document("Which live processes run which session.", {
  command: v.literal("owners"),
  sessions: described(
    "Sessions with two or more harnesses first.",
    list(object({ sessionId: text, duplicate: described("It has more than one harness.", flag), harnesses: list(harnessReport) })),
  ),
  unattributed: described(
    "Agents of which the session is not known.",
    list(object({ process: processReport, why: described("In a sentence.", text) })),
  ),
  retired: described("What --retire has ended.", list(retiredProcess)),
  summary: object({
    sessions: integer,
    harnesses: integer,
    duplicates: described("Sessions with two or more harnesses.", integer),
  }),
  warnings: list(text),
});

export type ProcessReport = v.InferOutput<typeof processReport>;
export type HarnessReport = v.InferOutput<typeof harnessReport>;
export type OwnersDocument = v.InferOutput<typeof ownersDocument>;
export type OwnersReport = Omit<OwnersDocument, "schema">;
