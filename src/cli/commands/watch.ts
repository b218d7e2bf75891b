import { exitCodes } from "../../report/exit-code.ts";
import { sweepJson } from "../../report/json.ts";
import { eventLines, sweepWarnings } from "../../report/text.ts";
import { watch } from "../../sweep/watch.ts";
import type { OutputOptions, Run } from "../context.ts";
import { paletteFor, writeLines, writePieces } from "../output.ts";
import { prepare } from "../prepare.ts";
import { lockState } from "../run-lock.ts";
import type { JudgingOptions } from "../settings.ts";
import { listenForStop } from "../stop.ts";

/** One line an event: a warning is said again only when it changes. */
export const runWatch: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { options, stdout, stderr } = invocation;
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const { host, settings, examine } = await prepare(invocation);
  // Taken once for its error: a state directory that cannot be used should end the watch, not every sweep of it.
  (await lockState(host, settings, "a sweep of this state directory is running")).release();
  const stop = listenForStop();
  const named = new Set(examine.targets.filter((target) => target.named).map(({ path }) => path));
  let said = "";
  await watch(
    host,
    {
      ...examine,
      stop,
      onReport: async (report) => {
        if (options.json === true) await writePieces(stdout, sweepJson(report));
        else await writeLines(stdout, eventLines(report, palette));
        const warnings = sweepWarnings(report, named).map((line) => `sessreap: ${line}`);
        if (warnings.join("\n") !== said) await writeLines(stderr, warnings);
        said = warnings.join("\n");
      },
    },
    stop,
  );
  return stop.signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
};
