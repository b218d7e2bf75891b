import { ownHome } from "../../host/files/homes.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { foreignPlaceProblem } from "../../host/state/state-directory.ts";
import { tombstoneLimits } from "../../host/state/tombstones.ts";
import { sweepText } from "../../report/listing/sweep-text.ts";
import { command, wrap, type Part } from "../../report/screen/wrap.ts";
import { countActions } from "../../report/tally.ts";
import { dryRun, type SweepOptions } from "../../sweep/sweep.ts";
import { confirmed } from "../confirm.ts";
import type { Invocation, OutputOptions } from "../context.ts";
import { writeMessages } from "../messages.ts";
import { paletteFor, writeLines } from "../output.ts";
import { screenFor } from "../screen.ts";

const dayMs = 86_400_000;

/** What is asked of so many entries; those that are to be reaped are the usual ones. */
function question(reaped: number, all: number): string {
  if (reaped < all) return all === 1 ? "Change this one?" : `Change these ${all}?`;
  return all === 1 ? "Reap this one?" : `Reap these ${all}?`;
}

/**
 * Shows a person on stderr what the first sweep here would do, and asks whether it may. The answer is a yes where nothing would
 * be done, and where no person can be asked. What is done is judged anew afterwards, by a sweep like any other.
 */
export async function mayBegin(
  { options, stderr, env }: Invocation<OutputOptions>,
  host: LookingHost,
  stateDir: string,
  given: Omit<SweepOptions, "dryRun">,
): Promise<boolean> {
  // Where no state may be kept the sweep ends with a reason of its own.
  if (foreignPlaceProblem(stateDir) !== undefined) return true;
  const report = await dryRun(host, given);
  const reaped = countActions(report.tallies, "would-reap");
  const all = reaped + countActions(report.tallies, "would-release") + countActions(report.tallies, "would-heal");
  if (report.refusal !== null || all === 0) return true;
  const [screen, palette] = [await screenFor(stderr, env), await paletteFor(stderr, options.color ?? "auto")];
  const { lines } = sweepText(report, { screen, palette, home: ownHome(), verbose: options.verbose === true });
  const days = tombstoneLimits.ageMs / dayMs;
  const said: readonly Part[] = [
    `This is the first sweep here. What it reaps can be put back for ${days} days (`,
    command("sessreap restore"),
    ").",
  ];
  await writeLines(stderr, [...lines, ...wrap(said, { first: 0, hang: 0 }, screen, palette)]);
  const answer = await confirmed({ stderr }, question(reaped, all));
  if (answer === false) await writeMessages(stderr, [{ label: "note", text: "nothing was touched" }], options.color);
  return answer !== false;
}
