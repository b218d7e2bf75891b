import { Command, CommanderError, Option } from "commander";
import { runList, runSweep } from "../commands/sweep.ts";
import type { CommandDeclaration } from "../declarations/command.ts";
import { commands, type CommandName } from "../declarations/commands.ts";
import type { ProcessContext, Run } from "../context.ts";
import { about, configureHelp } from "./help.ts";
import { writeMessages } from "../messages.ts";
import { write } from "../output.ts";
import { warnOfTimer } from "../person/timer-warning.ts";
import { asTyped } from "./npm.ts";
import { isBelowNpm } from "./fast-args.ts";
import { checkHelpTopic, usageFailure } from "./usage.ts";

/** The code of all commands but the sweep is one part of the bundle, which is loaded when one of them runs. */
async function runnerOf(name: CommandName): Promise<Run<never>> {
  if (name === "sweep") return runSweep;
  if (name === "list") return runList;
  const { runners } = await import("../commands/runners.ts");
  return runners[name];
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

/** Commands that these words cannot mean need no options; a help page shows all of them. */
function needsOptions(words: readonly string[], name: string, isDefault: boolean): boolean {
  return isDefault || words.some((word) => word === name || word === "help" || word === "--help" || /^-[^-]*h/.test(word));
}

function declare(parent: Command, declaration: CommandDeclaration, isDefault: boolean, words: readonly string[]): Command {
  const { name, summary, options, unlisted = [], hidden } = declaration;
  const command = parent.command(name, { isDefault, hidden: hidden === true }).description(summary);
  if (declaration.arguments !== undefined) command.arguments(declaration.arguments);
  for (const { flags, help, many, fallback } of needsOptions(words, name, isDefault) ? [...options, ...unlisted] : []) {
    const option = new Option(flags, help);
    if (many === true) option.argParser(collect);
    if (fallback !== undefined) option.default(fallback);
    command.addOption(option);
  }
  return command;
}

type Asked = { readonly name: CommandName; readonly positionals: readonly string[]; readonly options: Readonly<Record<string, unknown>> };

type Parsing = { readonly version: string; readonly width: number | undefined };

/** Parses the words, and lets `run` do what they ask for; help and version are returned as text, as wide as that. */
export async function parse(words: readonly string[], { version, width }: Parsing, run: (asked: Asked) => Promise<void>): Promise<string> {
  checkHelpTopic(words);
  const output: string[] = [];
  const program = new Command("sessreap")
    .description(about)
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.push(text), writeErr: () => undefined })
    .enablePositionalOptions(false)
    .showSuggestionAfterError(false);
  for (const [index, declaration] of commands.entries()) {
    const command = declare(program, declaration, index === 0, words);
    command.exitOverride().action(async (...given: readonly unknown[]) => {
      // Behind the words commander hands over the options and the command itself.
      const positionals = "arguments" in declaration ? given.slice(0, -2).flatMap((word) => word ?? []) : [];
      await run({ name: declaration.name, positionals: positionals as string[], options: command.opts() });
    });
  }
  configureHelp(program, width);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageFailure(error, words, program.commands);
  }
  return output.join("");
}

/** npm may have kept options that were meant for us. */
async function optionsBelowNpm({ name, options: given }: Asked, { env, stderr }: ProcessContext): Promise<Asked["options"]> {
  const { options, note } = asTyped(commands.find((one) => one.name === name) as CommandDeclaration, given, env);
  if (note !== undefined) await writeMessages(stderr, [{ label: "note", text: note }]);
  return options;
}

/** Runs the command that the words name. */
export async function runProgram(words: readonly string[], context: ProcessContext): Promise<number> {
  let exitCode = 0;
  const { stdout, version } = context;
  const width = stdout.isTTY ? stdout.stream.columns : undefined;
  const text = await parse(words, { version, width }, async (asked) => {
    const options = isBelowNpm(context.env) ? await optionsBelowNpm(asked, context) : asked.options;
    const run = await runnerOf(asked.name);
    exitCode = await run({ ...context, words: asked.positionals, options: options as never });
    await warnOfTimer(asked.name, options, context);
  });
  await write(stdout, text);
  return exitCode;
}
