import * as v from "valibot";
import { hostLockKinds } from "../../core/revisions/renamed-host.ts";
import { revisionNames } from "../../core/revisions/revisions.ts";
import { rungNames } from "../../core/ladder.ts";
import { described, document, flag, integer, list, object, text } from "../../report/model/schema.ts";
import { entryMembers, reason } from "../../report/model/sweep.ts";

const epochMs = v.optional(described("In milliseconds since the epoch.", integer));

const claim = object({
  key: text,
  sessionId: v.optional(text),
  identity: v.optional(described("The agent's name.", text)),
  pid: v.optional(integer),
  startTicks: v.optional(described("When the holder started, in clock ticks since boot, as decimal digits.", text)),
  bootId: v.optional(text),
  host: v.optional(text),
  machineId: v.optional(text),
  pidNamespace: v.optional(described("The inode of the pid namespace that the pid is of, as decimal digits.", text)),
  registeredAt: epochMs,
  lastActivityAt: epochMs,
  lastHeartbeatAt: epochMs,
  hasUnreadTime: v.optional(described("One of these times is written in a way that is no time; not there otherwise.", flag)),
  master: described("It leads among the entries of its identity.", flag),
  cwd: v.optional(text),
  endpoint: v.optional(
    described(
      "Where the holder said it listens: a TCP port of the loopback interface, or a unix socket.",
      v.variant("kind", [object({ kind: v.literal("tcp"), port: integer }), object({ kind: v.literal("unix"), path: text })]),
    ),
  ),
  releasedAt: v.optional(described("In milliseconds since the epoch; null for a time that cannot be read.", v.nullable(integer))),
  releaseReason: v.optional(text),
  silence: v.optional(described("Only of another machine's row that its server calls stale: for how long neither was heard.", text)),
  automatic: v.optional(described("It was registered again without anything having been started.", flag)),
  subprocessId: v.optional(described("An id of the holder's subprocess that stays the same while it lives.", text)),
  tmuxSession: v.optional(text),
  tmuxPane: v.optional(text),
  tmuxSocket: v.optional(text),
});

const answer = v.variant("kind", [
  object({ kind: v.picklist(["live", "unknown"]), reason, detail: text }),
  object({ kind: v.literal("dead"), reason, detail: text, certain: described("It is proven, and does not rest on absence alone.", flag) }),
  object({ kind: v.literal("not-applicable"), detail: text }),
]);

const span = (what: string) => v.nullable(described(`${what}, in ms of awake time; null for none.`, integer));

const remembered = object({
  seenForMs: span("For how long sweeps have seen these very bytes, as far as they remember it"),
  absentForMs: span("For how long every sweep has found it dead by absence"),
  secondLookInMs: span("After how long a look that finds it absent again is acted on"),
  longestGapMs: span("The longest time between two of its heartbeats"),
  stillForMs: span("How long ago its heartbeat was last seen to change"),
  clockStepped: described("The clock was stepped since it was written, or may have been.", flag),
  holders: described(
    "Processes that were seen to show it, of an entry that records none.",
    list(object({ pid: integer, startTicks: text, program: text })),
  ),
  startTokensProven: described("Start tokens of its registry count: its writer is known, or one has matched its process.", flag),
});

export const explainDocument = document("Every rung's answer for the entries that a key names.", {
  command: v.literal("explain"),
  entries: list(
    object({
      ...entryMembers,
      claim: v.optional(described("What the entry claims; not there if it cannot be understood.", claim)),
      hostLock: described(
        "Of a lock that names a host: whether this machine may take it over; null of every other entry.",
        v.nullable(v.picklist(hostLockKinds)),
      ),
      remembered: described("What sweeps remember of it; null if it cannot be understood.", v.nullable(remembered)),
      rungs: described(
        "Every rung in the order of the ladder; empty if the entry cannot be understood.",
        list(object({ name: v.picklist(rungNames), rule: text, answer })),
      ),
      revisions: described(
        "What revised the verdict of the ladder, in the order in which it did; empty for most entries.",
        list(object({ name: v.picklist(revisionNames), rule: text, detail: text })),
      ),
    }),
  ),
  refusal: described("Why a sweep would not trust what was seen; null if it would.", v.nullable(text)),
});
