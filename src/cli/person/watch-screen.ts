import { writeSync } from "node:fs";
import { formatDuration } from "../../core/duration.ts";
import { ownHome } from "../../host/files/homes.ts";
import type { SweepReport } from "../../report/model/sweep.ts";
import { plainLine, sweepWarnings, type Remark } from "../../report/listing/beside.ts";
import { shortSweepId } from "../../report/listing/sweep-names.ts";
import { plural, type View } from "../../report/listing/view.ts";
import { cutMiddle } from "../../report/screen/cut.ts";
import { command, wrap } from "../../report/screen/wrap.ts";
import { countActions } from "../../report/tally.ts";
import { eventText, timeCells } from "../../report/text.ts";
import { visible } from "../../report/visible.ts";
import { tombstonedSweeps } from "../../host/state/tombstones.ts";
import type { Invocation, OutputOptions } from "../context.ts";
import { writeMessages, type Message } from "../messages.ts";
import { paletteFor, writeLines } from "../output.ts";
import { screenFor } from "../screen.ts";
import { clockTimes } from "./times.ts";

/** What a person sees of a watch: a line an event, a line when it begins and ends, and what cannot be seen otherwise. */
export type WatchScreen = {
  readonly report: (report: SweepReport, notes: readonly string[], isWhole: boolean) => Promise<void>;
  readonly notice: (words: string) => Promise<void>;
  readonly warn: (words: string) => Promise<void>;
  readonly end: () => Promise<void>;
};

const longestNote = 1000;
const hourMs = 3_600_000;
const erase = "\r\u001b[2K";

/** How what a watch took can be put back: one sweep by its name, several by the time since when. */
function undoOf(reaping: readonly string[], stateDir: string, tookMs: number): readonly Remark[] {
  const [only] = reaping;
  if (only === undefined) return [];
  const line =
    reaping.length === 1
      ? `sessreap restore --sweep ${shortSweepId(only, tombstonedSweeps(stateDir))}`
      : `sessreap history --since ${Math.floor(tookMs / hourMs) + 1}h`;
  return [{ label: "undo", text: [command(line)] }];
}

export async function watchScreen(
  { options, env, stdout, stderr }: Invocation<OutputOptions>,
  { named, stateDir, isTimerOn }: { readonly named: ReadonlySet<string>; readonly stateDir: string; readonly isTimerOn: boolean },
): Promise<WatchScreen> {
  const { color = "auto" } = options;
  const startedMs = Date.now();
  const view: View = { screen: await screenFor(stdout, env), palette: await paletteFor(stdout, color), home: ownHome(), verbose: false };
  const beside = { screen: await screenFor(stderr, env), palette: await paletteFor(stderr, color) };
  const isQuietShown = stderr.isTTY && env["TERM"] !== "dumb";
  let [said, quietSinceMs, isDrawn] = ["", startedMs, false];
  let registrations = 0;
  const done = { reaped: 0, failed: 0 };
  const reaping: string[] = [];

  const draw = (text: string): void => {
    try {
      writeSync(stderr.fd, text);
    } catch {
      // A terminal that is full or gone misses no event for it.
    }
  };
  /** Takes the quiet line away, for what else is to be written there. */
  const clear = (): void => {
    if (isDrawn) draw(erase);
    isDrawn = false;
  };
  const drawQuiet = (isFine: boolean): void => {
    if (!isQuietShown) return;
    const { time } = clockTimes;
    const text = `${time(Date.now())} quiet since ${time(quietSinceMs)}; ${registrations} registrations${isFine ? ", nothing wrong" : ""}`;
    // In the last column some terminals begin a new line.
    draw(`${erase}${cutMiddle(text, (beside.screen.columns ?? 80) - 1, beside.screen)}`);
    isDrawn = true;
  };
  const stamp = (words: string): Promise<void> => {
    clear();
    const lines = wrap([visible(words, longestNote)], { first: timeCells, hang: timeCells }, beside.screen, beside.palette);
    return writeLines(
      stderr,
      lines.map((line, index) => (index === 0 ? `${clockTimes.time(Date.now())} ${line}` : line)),
    );
  };
  const write = (messages: readonly Message[]): Promise<void> => {
    clear();
    return writeMessages(stderr, messages, color);
  };

  return {
    report: async (report, notes, isWhole) => {
      const lines = options.json === true ? [] : eventText(report, clockTimes.time(Date.now()), view);
      if (lines.length > 0) {
        clear();
        await writeLines(stdout, lines);
        quietSinceMs = Date.now();
      }
      done.reaped += report.summary.reaped;
      done.failed += countActions(report.tallies, "failed");
      if ([...report.notable].some(({ tombstone }) => tombstone !== null)) reaping.push(report.sweepId);
      // Of a sweep of some registries the warnings of the others are missing.
      if (!isWhole) return;
      registrations = report.registries.reduce((sum, one) => sum + one.registrations, 0);
      const warnings: readonly Message[] = [
        ...sweepWarnings(report, named),
        ...notes.map((line): Message => ({ label: "warning", text: visible(line, longestNote) })),
      ];
      const text = [...sweepWarnings(report, named).map(plainLine), ...notes].join("\n");
      if (text !== said) await write(warnings);
      said = text;
      drawQuiet(warnings.length === 0);
    },
    notice: async (words) => {
      const isStart = words.startsWith("watching ");
      await stamp(isStart ? `${words} (${plural(registrations, "registration")}).${stderr.isTTY ? " Ctrl-C ends it." : ""}` : words);
      if (isStart && isTimerOn) await write([{ label: "note", text: "sessreap.timer sweeps here, too; they take turns" }]);
    },
    warn: (words) => write([{ label: "warning", text: visible(words, longestNote) }]),
    end: async () => {
      const tookMs = Date.now() - startedMs;
      const failed = done.failed === 0 ? "nothing failed" : `${done.failed} failed`;
      await stamp(`watched for ${formatDuration(tookMs)}: ${done.reaped} reaped, ${failed}`);
      await write(undoOf(reaping, stateDir, tookMs));
    },
  };
}
