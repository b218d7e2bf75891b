import type { Action } from "../../core/plan/actions.ts";

/** What each action in a report means, with the words that a table has for it. */
export const actionMeanings = {
  kept: "Nothing is done: the entry is live, or in doubt (a `kept` one with the mark `?`), or it was not chosen.",
  "would-reap": "would reap: it is a ghost, and the next sweep reaps it. Only dry runs and reports say so.",
  reaped: "reaped: a tombstone of it was written, then it was taken out. `sessreap restore` puts it back.",
  released: "let go: it was stamped as released in its place, or its owner took it out by the `release` command.",
  "would-release": "would let go: the next sweep does that.",
  "would-heal": "would heal: the next sweep takes over the lock, which this machine wrote under an older name.",
  healed: "healed: the lock was taken over, so that its program can start again.",
  pending: "waits: it is a ghost by absence alone, and a second look comes first.",
  withheld: "held back: it is a ghost, but what keeps the registry is up, or the registry is only reported on.",
  busy: "in use: a process writes to the file or has it locked. The next sweep tries again.",
  skipped: "changed: it was written again, or a sign of life was seen, between the judgement and the last look.",
  failed: "FAILED: it could not be taken out; the detail says why, and the sweep ends with 3.",
} as const satisfies Readonly<Record<Action, string>>;
