import * as v from "valibot";
import { actionNames } from "../../core/plan/actions.ts";
import { reasons } from "../../core/reasons.ts";
import { rungNames, verdicts } from "../../core/ladder.ts";
import { hostLockKinds, type HostLockVerdict } from "../../core/revisions/renamed-host.ts";
import type { Tally } from "../tally.ts";
import { described, document, flag, integer, list, object, text, time } from "./schema.ts";

export const verdict = v.picklist(verdicts);
export const reason = described("Why the entry was kept or condemned.", v.picklist(reasons));
export const action = described("What became of the entry, or would become of it.", v.picklist(actionNames));
export const rung = described("The rung that settled the verdict; null if none was asked.", v.nullable(v.picklist(rungNames)));
export const phantomOf = described(
  "Another session under which the same process is registered, by a registry that its holder writes itself; null if there is none.",
  v.nullable(text),
);

const ofOtherHosts = hostLockKinds.filter((kind): kind is Exclude<HostLockVerdict["kind"], "own"> => kind !== "own");

export const registryReport = described(
  "A registry that was looked at.",
  object({
    format: text,
    path: described("Its absolute path.", text),
    state: v.picklist(["swept", "report-only", "missing", "unreadable", "malformed", "changed", "busy", "failed"]),
    owner: described(
      "The daemon that rewrites the registry while it is up.",
      object({
        up: flag,
        pids: described("Its processes, where they are known.", list(integer)),
        unknownUnit: described("The unit for which it counts as up although no service manager knows it; else null.", v.nullable(text)),
      }),
    ),
    registrations: described("How many entries it has.", integer),
    problem: described("What stands in the way there; null if nothing does.", v.nullable(text)),
    fleet: v.exactOptional(
      described(
        "Only of a table of a server: the machines that share it.",
        object({
          machine: described("The name under which this machine's rows stand there.", text),
          machines: described("How many have ever swept it; null without the table that `fleet init` makes.", v.nullable(integer)),
          silent: described("How many of those have not swept for three of their periods; null as before.", v.nullable(integer)),
          foreign: v.exactOptional(described("Only where nothing is written: how many rows of other machines are not released.", integer)),
        }),
      ),
    ),
    busyForMs: v.exactOptional(described("For how long a ghost of it has been busy, in milliseconds; only where one is.", integer)),
    passedOver: v.exactOptional(
      described(
        "How many files have the name of an entry and are none: links, what is no regular file, names that are no UTF-8; only where there are any.",
        integer,
      ),
    ),
    absentFields: v.exactOptional(
      described(
        "Only where nothing is written: the members that its configuration names and no entry has, each with its field.",
        list(text),
      ),
    ),
  }),
);

/** The members of an entry that each screen of entries has. */
export const entryMembers = {
  registry: described("The path of its registry.", text),
  registryIndex: v.exactOptional(
    described("Which of `registries` it is of, counted from 0; where no registries are listed it is left out.", integer),
  ),
  format: text,
  key: described("Its name in the registry: a member's name, an element's index, or a file's path below the registry.", text),
  sessionId: described("The session that it claims; null if it names none.", v.nullable(text)),
  identity: described("The agent's name; null if it states none.", v.nullable(text)),
  pid: described("Its holder's process id; null if it records none.", v.nullable(integer)),
  cwd: described("The directory that it says its holder works in; null if it states none.", v.nullable(text)),
  registeredAt: described(
    "When it says that it was made, in milliseconds since the epoch; null if it states no time.",
    v.nullable(integer),
  ),
  lastActivityAt: described(
    "When it says that it was last used, in milliseconds since the epoch; null if it states no time.",
    v.nullable(integer),
  ),
  body: v.exactOptional(
    described(
      "Only of an entry of which nothing but its file's name could be understood: what its file is.",
      v.picklist(["torn", "empty"]),
    ),
  ),
  verdict,
  rung,
  reason,
  detail: described("What was seen, in a sentence.", text),
  ageMs: described("How old it is, in milliseconds; null if that cannot be known.", v.nullable(integer)),
  action,
  note: v.exactOptional(described("Only where there is more to say of what was done: what stood in the way, or was done beside it.", text)),
  selected: described("It was among those to be acted on; false of one that `--only`, `--except` or `--older-than` left out.", flag),
  nextLookAt: described(
    "Of a ghost that waits: when a sweep may take it at the soonest, in milliseconds since the epoch; null of all others, and where no sweep has begun to wait.",
    v.nullable(integer),
  ),
  tombstone: described("The id under which it can be restored; null if it has no tombstone.", v.nullable(text)),
  phantomOf,
  usedBy: v.exactOptional(
    described(
      "Only of a busy entry: the process that has its file open for writing or has locked it, where it is known.",
      object({ pid: integer, name: described("Its name; null if it cannot be read.", v.nullable(text)) }),
    ),
  ),
  hostLock: v.exactOptional(
    described("Only of a lock under another host's name: whether this machine may take it over.", v.picklist(ofOtherHosts)),
  ),
} as const;

export const entryReport = described("An entry of a registry, its verdict, and what was done with it.", object(entryMembers));

export const summary = described(
  "How many entries were judged how, and what was done with them.",
  object({
    live: integer,
    ghost: integer,
    undecided: integer,
    noClaim: described("Entries that claim nothing, for they were released, or are kept by what they say; no undecided ones.", integer),
    released: described("Ghosts that their owner removed, or into which their release was written; superseded ones, too.", integer),
    reaped: described("Reaped by this sweep, or released by the owner of their registry.", integer),
    healed: described("Locks of this machine's older name that were taken over.", integer),
    superseded: described("Rows that were released because of a newer start of the same process; they stay in their registry.", integer),
    pending: described("Ghosts that wait for a second look.", integer),
    withheld: described("Ghosts in a registry that may not be written.", integer),
    busy: described("Ghosts whose file another process has open for writing or has locked.", integer),
    skipped: described("Ghosts that changed, or came back to life, before they were reaped.", integer),
    failed: integer,
  }),
);

export const sweepDocument = document("A sweep, a dry run or a list. `watch` prints one of these a line, for each of its sweeps.", {
  command: v.picklist(["sweep", "list", "watch"]),
  dryRun: described("Nothing was written.", flag),
  sweepId: described("The name of the sweep, for `restore --sweep`; ids sort by time.", text),
  startedAt: time,
  durationMs: described("In milliseconds.", integer),
  host: object({
    hostname: text,
    bootId: described("The id of this boot of the machine; null if it cannot be read.", v.nullable(text)),
  }),
  registries: list(registryReport),
  flapping: v.exactOptional(
    described(
      "Identities that take a new session id every few seconds; nothing of them is superseded.",
      list(
        object({
          registry: text,
          identity: text,
          ids: described("How many ids it took.", integer),
          spanMs: described("In how many milliseconds.", integer),
        }),
      ),
    ),
  ),
  entries: described("Every entry, registry by registry.", list(entryReport)),
  summary,
  refusal: described("Why the sweep did not trust what it saw and reaped nothing; null if it did.", v.nullable(text)),
  looks: described("What was looked at, and what was seen there.", list(text)),
  warnings: described("What a person should know although nothing failed.", list(text)),
});

export type RegistryReport = v.InferOutput<typeof registryReport>;
export type EntryReport = v.InferOutput<typeof entryReport>;
export type Summary = v.InferOutput<typeof summary>;
export type SweepDocument = v.InferOutput<typeof sweepDocument>;

/** What a sweep found and did. `sweepJson` makes its document of it. */
export type SweepReport = Omit<SweepDocument, "schema" | "command" | "entries"> & {
  readonly command: string;
  /** Every entry, registry by registry. Made anew by each pass over it, so that lines that are not printed take no room. */
  readonly entries: Iterable<EntryReport>;
  /** The entries that were not simply kept: what was or would be done, what failed, and what waits. */
  readonly notable: Iterable<EntryReport>;
  /** What was counted in each of `registries`, in their order. */
  readonly tallies: readonly Tally[];
  /** How many ghosts were among those to be acted on; undefined where all are. */
  readonly chosenGhosts: number | undefined;
  /** What people call each of `registries`, in their order. */
  readonly titles: readonly RegistryTitle[];
};

export type RegistryTitle = {
  readonly title: string;
  /** Each of its entries is a file, so an entry is called by that file's name. */
  readonly isFiles: boolean;
};
