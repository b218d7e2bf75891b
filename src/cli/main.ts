import { isJournal } from "../host/programs/journal-stream.ts";
import { journalLine } from "../report/journal.ts";
import { outputSchema } from "../report/model.ts";
import { exitCodes } from "../report/exit-code.ts";
import { visible } from "../report/visible.ts";
import { runSweep } from "./commands/sweep.ts";
import type { ProcessContext } from "./context.ts";
import { Failure } from "./failure.ts";
import { stderr, stdout, write } from "./output.ts";
import { isBelowNpm, plainSweepOptions } from "./fast-args.ts";

/** What a script sees of a failed run: one line a problem, or one JSON document. */
async function report(error: unknown, words: readonly string[]): Promise<number> {
  const isExpected = error instanceof Failure;
  const exitCode = isExpected ? error.exitCode : exitCodes.fault;
  const message = error instanceof Error ? error.message : String(error);
  const said = isExpected ? message : `a fault in sessreap: ${message} (please report it)`;
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  if (own.includes("--json")) {
    const code = isExpected ? error.code : "fault";
    await write(stdout, `${JSON.stringify({ schema: outputSchema, error: { code, message: said }, exitCode })}\n`);
  } else {
    const isBusy = isExpected && error.code === "busy";
    const prefix = isJournal(2, process.env) ? journalLine(isBusy ? 5 : 3, "") : "";
    await write(
      stderr,
      said
        .split("\n")
        .map(
          (line) => `${prefix}sessreap: ${visible(line, Number.POSITIVE_INFINITY)}
`,
        )
        .join(""),
    );
  }
  return exitCode;
}

/** Timers ask for a sweep in plain words; it does not wait for the parser of command lines. */
async function run(words: readonly string[], version: string): Promise<number> {
  const context: ProcessContext = { env: process.env, stdout, stderr, version };
  const options = isBelowNpm(process.env) ? undefined : plainSweepOptions(words);
  if (options !== undefined) return runSweep({ ...context, words: [], options });
  const { runProgram } = await import("./program.ts");
  return runProgram(words, context);
}

/** The one place where an exit code is set; `process.exit` would cut what a slow pipe has not taken yet. */
export async function main(words: readonly string[], version: string): Promise<void> {
  try {
    process.exitCode = await run(words, version);
  } catch (error) {
    process.exitCode = await report(error, words);
  }
}
