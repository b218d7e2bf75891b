import type { Action } from "../../core/plan/actions.ts";
import { reasonShort } from "../../core/reasons.ts";
import type { EntryReport } from "../model/sweep.ts";
import type { Palette } from "../visible.ts";

/** What was or would be done with an entry, in words of at most 12 letters, in the order in which a report shows it. */
const words = {
  failed: "FAILED",
  reaped: "reaped",
  "would-reap": "would reap",
  healed: "healed",
  "would-heal": "would heal",
  released: "let go",
  "would-release": "would let go",
  pending: "waits",
  withheld: "held back",
  busy: "in use",
  skipped: "changed",
  kept: "kept",
} as const satisfies Record<Action, string>;

const order = Object.keys(words) as readonly Action[];

export function rankOf(action: Action): number {
  return order.indexOf(action);
}

export function whatOf({ action, verdict }: EntryReport): string {
  return action === "kept" && verdict === "live" ? "live" : words[action];
}

export function roleOf({ action, verdict }: EntryReport): keyof Palette {
  return action === "failed" ? "problem" : verdict;
}

/** Why, in a few words; `isShort` leaves out what its file is. */
export function whyOf({ reason, body }: EntryReport, isShort: boolean): string {
  return `${reasonShort(reason)}${body === undefined || isShort ? "" : `, file ${body}`}`;
}

/** More than the few words, where a table would hide what a person has to know. */
export function mustSay({ action, note, phantomOf }: EntryReport): string | undefined {
  if (phantomOf !== null) return `another session of this process, which itself says ${phantomOf}`;
  return action === "failed" || action === "skipped" ? note : undefined;
}
