import { exitCodes } from "../report/exit-code.ts";
import { visible } from "../report/visible.ts";
import { runSweep } from "./commands/sweep.ts";
import type { ProcessContext } from "./context.ts";
import { Failure, stackOf } from "./failure.ts";
import { writeMessages } from "./messages.ts";
import { stderr, stdout, writeDocument, writeLines } from "./output.ts";
import { isBelowNpm, plainSweepOptions } from "./parsing/fast-args.ts";

/** Did the user ask for the stack of a fault? */
function wantsStack(words: readonly string[]): boolean {
  return process.env["SESSREAP_DEBUG"] === "1" || words.some((word) => /^(?:-\w*v\w*|--verbose)$/.test(word));
}

/** Says on a terminal with which code the run ends, where a person has to do something. */
function withExitCode(lines: readonly string[], exitCode: number): readonly string[] {
  const { fault, partial, refused, busy } = exitCodes;
  if (!stderr.isTTY || ![fault, partial, refused, busy].some((code) => code === exitCode)) return lines;
  return [...lines.slice(0, -1), `${lines.at(-1)} (exit ${exitCode})`];
}

async function isTaken(writing: Promise<void>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch {
    return false;
  }
}

/** What is seen of a failed run: its problem and what mends it, or one JSON document. The stack of a fault goes to stderr. */
async function report(error: unknown, words: readonly string[]): Promise<void> {
  const isExpected = error instanceof Failure;
  const exitCode = isExpected ? error.exitCode : exitCodes.fault;
  const message = error instanceof Error ? error.message : String(error);
  const said = isExpected ? message : `a fault in sessreap: ${message} (please report it)`;
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const stack = !isExpected && wantsStack(own) ? stackOf(error) : [];
  if (own.includes("--json")) {
    const code = isExpected ? error.code : "fault";
    if (await isTaken(writeDocument(stdout, { error: { code, message: said }, exitCode }))) {
      await writeLines(stderr, stack);
      return;
    }
  }
  const lines = isExpected ? [...error.problem.split("\n"), ...error.below] : said.split("\n");
  const [text = "", ...below] = withExitCode(lines, exitCode).map((line) => visible(line, Number.POSITIVE_INFINITY));
  const isBusy = isExpected && error.code === "busy";
  await writeMessages(stderr, [{ label: "error", text, below: [...below, ...stack], ...(isBusy && { level: 5 }) }]);
}

/** Timers ask for a sweep in plain words; it does not wait for the parser of command lines. */
async function run(words: readonly string[], version: string): Promise<number> {
  const context: ProcessContext = { env: process.env, stdout, stderr, version };
  const options = isBelowNpm(process.env) ? undefined : plainSweepOptions(words);
  if (options !== undefined) return runSweep({ ...context, words: [], options });
  const { runProgram } = await import("./parsing/program.ts");
  return runProgram(words, context);
}

/** The one place where an exit code is set; `process.exit` would cut what a slow pipe has not taken yet. */
export async function main(words: readonly string[], version: string): Promise<void> {
  try {
    process.exitCode = await run(words, version);
  } catch (error) {
    // Where nothing can be written the code alone says it.
    process.exitCode = error instanceof Failure ? error.exitCode : exitCodes.fault;
    await isTaken(report(error, words));
  }
}
