import { existsSync } from "node:fs";
import { readHints, writeHints } from "../../host/state/hints.ts";
import { command, type Part } from "../../report/screen/wrap.ts";
import type { Message } from "../messages.ts";

/** What is said of something that can be done, and need not be. */
const hints = {
  "nothing-sweeps": (): readonly Part[] =>
    existsSync("/run/systemd/system")
      ? ["nothing sweeps by itself yet: ", command("sessreap units install")]
      : ["nothing sweeps by itself yet, and this machine runs no systemd: ", command("sessreap units print --cron")],
  folded: (): readonly Part[] => [command("-v"), " shows each of them"],
  "no-registry": (): readonly Part[] => ["a registry of your own: ", command("man sessreap-config")],
} as const satisfies Record<string, () => readonly Part[]>;

export type Hint = keyof typeof hints;

/** A hint that a sweep has said is not said again before. */
const quietMs = 30 * 86_400_000;

/**
 * The hints that are due, as they are said. A sweep remembers what it says; a command that never writes says a hint for as
 * long as no sweep has.
 */
export function dueHints(
  wanted: readonly Hint[],
  stateDir: string,
  { remember, nowMs }: { remember: boolean; nowMs: number },
): readonly Message[] {
  if (wanted.length === 0) return [];
  const said = readHints(stateDir);
  // By a clock that was set since, the difference can be of either sign.
  const due = wanted.filter((name) => !(Math.abs(nowMs - (said.get(name) ?? Number.NEGATIVE_INFINITY)) < quietMs));
  if (remember && due.length > 0) {
    try {
      writeHints(stateDir, new Map([...said, ...due.map((name) => [name, nowMs] as const)]));
    } catch {
      // A hint is said once more then; what is wrong with the directory is said by what matters.
    }
  }
  return due.map((name) => ({ label: "hint", text: hints[name]() }));
}
