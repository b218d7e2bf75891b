import { visible } from "../../report/visible.ts";
import { sweepText, sweepWarnings } from "../../report/text.ts";
import { sweep, type SweepOptions } from "../../sweep/sweep.ts";
import type { Invocation, OutputOptions, Run } from "../context.ts";
import { paletteFor, write, writeLines } from "../output.ts";
import { prepare } from "../prepare.ts";
import { lockState } from "../run-lock.ts";
import type { JudgingOptions } from "../settings.ts";
import { listenForStop } from "../stop.ts";

export type SweepCommandOptions = JudgingOptions & OutputOptions & { readonly dryRun?: boolean; readonly exitCode?: boolean };

async function judgeAndReport(
  invocation: Invocation<SweepCommandOptions>,
  as: Pick<SweepOptions, "command" | "dryRun" | "lookAnyway">,
): Promise<number> {
  const { options, stdout, stderr } = invocation;
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const { host, settings, examine } = await prepare(invocation);
  const stop = listenForStop();
  const lock = as.dryRun ? undefined : await lockState(host, settings, "another sweep of this state directory is running");
  try {
    const report = await sweep(host, { ...examine, ...as, stop, failOnGhosts: as.dryRun && options.exitCode === true });
    const named = new Set(examine.targets.filter((target) => target.named).map(({ path }) => path));
    if (options.json === true) await write(stdout, `${JSON.stringify(report)}\n`);
    else await writeLines(stdout, sweepText(report, palette, options.quiet === true));
    const said = [...(options.verbose === true ? report.looks.map(visible) : []), ...sweepWarnings(report, named)];
    await writeLines(
      stderr,
      said.map((line) => `sessreap: ${line}`),
    );
    return report.exitCode;
  } finally {
    lock?.release();
  }
}

export const runSweep: Run<SweepCommandOptions> = (invocation) => {
  return judgeAndReport(invocation, { command: "sweep", dryRun: invocation.options.dryRun === true, lookAnyway: false });
};

export const runList: Run<SweepCommandOptions> = (invocation) => {
  return judgeAndReport(invocation, { command: "list", dryRun: true, lookAnyway: true });
};
