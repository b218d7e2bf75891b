import type { SweepReport } from "../model/sweep.ts";
import { countActions, countChanges } from "../tally.ts";
import { plural } from "./view.ts";

/** What was done with ghosts, and with what is none but was changed, too. */
function doneWith({ tallies, summary }: SweepReport): readonly string[] {
  const letGo = summary.superseded + tallies.reduce((sum, { marked }) => sum + marked, 0);
  const counts = [
    [summary.reaped, "reaped", "reaped"],
    [countActions(tallies, "would-reap"), "would be reaped", "would be reaped"],
    [summary.healed, "healed", "healed"],
    [countActions(tallies, "would-heal"), "would be healed", "would be healed"],
    [letGo, "let go", "let go"],
    [countActions(tallies, "would-release"), "would be let go", "would be let go"],
    [summary.pending, "waits", "wait"],
    [summary.withheld, "held back", "held back"],
    [summary.busy, "in use", "in use"],
    [summary.skipped, "changed", "changed"],
    [summary.failed, "failed", "failed"],
  ] as const;
  return counts.flatMap(([count, one, many]) => (count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]));
}

/** The last line of a report: how many entries there are, of which verdict, and what was done with the ghosts. */
export function countLine(report: SweepReport): string {
  const { ghost, undecided, live, noClaim } = report.summary;
  const total = ghost + undecided + live + noClaim;
  const chosen = report.chosenGhosts === undefined ? "" : `; ${report.chosenGhosts} of ${ghost} chosen`;
  const dry = report.dryRun && report.command !== "list" ? `${chosen} (dry run)` : chosen;
  const all = plural(total, "registration");
  if (total === 0) return `${all}${dry}`;
  if (live === total) return `${all}, ${live === 1 ? "live" : "all live"}${dry}`;
  const done = doneWith(report);
  const parts = [
    ...(ghost === 0 ? [] : [`${plural(ghost, "ghost")}${done.length === 0 ? "" : ` (${done.join(", ")})`}`]),
    ...(undecided === 0 ? [] : [`${undecided} undecided`]),
    ...(live === 0 ? [] : [`${live} live`]),
    ...(noClaim === 0 ? [] : [`${noClaim} without a claim`]),
  ];
  return `${all}: ${parts.join(", ")}${ghost === 0 && done.length > 0 ? `; ${done.join(", ")}` : ""}${dry}`;
}

/** For `-q`: nothing where nothing was done and nothing is wrong, so that a crontab's line mails only what matters. */
export function quietLines(report: SweepReport): readonly string[] {
  const isQuiet = report.exitCode === 0 && countChanges(report.tallies) === 0;
  return isQuiet || report.refusal !== null ? [] : [countLine(report)];
}
