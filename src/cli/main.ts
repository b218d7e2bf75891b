import { isJournal } from "../host/programs/journal-stream.ts";
import { journalLine } from "../report/journal.ts";
import { exitCodes } from "../report/exit-code.ts";
import { visible } from "../report/visible.ts";
import { runSweep } from "./commands/sweep.ts";
import type { ProcessContext } from "./context.ts";
import { Failure, stackOf } from "./failure.ts";
import { stderr, stdout, write, writeDocument } from "./output.ts";
import { isBelowNpm, plainSweepOptions } from "./fast-args.ts";

/** Did the user ask for the stack of a fault? */
function wantsStack(words: readonly string[]): boolean {
  return process.env["SESSREAP_DEBUG"] === "1" || words.some((word) => /^(?:-\w*v\w*|--verbose)$/.test(word));
}

/** What a script sees of a failed run: one line a problem, or one JSON document. The stack of a fault goes to stderr. */
async function report(error: unknown, words: readonly string[]): Promise<number> {
  const isExpected = error instanceof Failure;
  const exitCode = isExpected ? error.exitCode : exitCodes.fault;
  const message = error instanceof Error ? error.message : String(error);
  const said = isExpected ? message : `a fault in sessreap: ${message} (please report it)`;
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const isJson = own.includes("--json");
  if (isJson) {
    const code = isExpected ? error.code : "fault";
    await writeDocument(stdout, { error: { code, message: said }, exitCode });
  }
  const isBusy = isExpected && error.code === "busy";
  const prefix = isJournal(2, process.env) ? journalLine(isBusy ? 5 : 3, "") : "";
  const stack = !isExpected && wantsStack(own) ? stackOf(error) : [];
  const lines = [...(isJson ? [] : said.split("\n")), ...stack];
  await write(stderr, lines.map((line) => `${prefix}sessreap: ${visible(line, Number.POSITIVE_INFINITY)}\n`).join(""));
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
