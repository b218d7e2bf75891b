import { Command, CommanderError, Option } from "commander";
import { commands, type CommandDeclaration, type CommandName } from "./declarations.ts";
import type { Invocation, Run } from "./context.ts";
import { Failure } from "./failure.ts";
import { didYouMean } from "./suggest.ts";

/** Each command's code is loaded when it is run, so that a quiet sweep pays for none of the others. */
const runners: Readonly<Record<CommandName, () => Promise<Run<never>>>> = {
  sweep: async () => (await import("./commands/sweep.ts")).runSweep,
  list: async () => (await import("./commands/sweep.ts")).runList,
  explain: async () => (await import("./commands/explain.ts")).runExplain,
  history: async () => (await import("./commands/history.ts")).runHistory,
  restore: async () => (await import("./commands/restore.ts")).runRestore,
  doctor: async () => (await import("./commands/doctor.ts")).runDoctor,
  units: async () => (await import("./commands/units.ts")).runUnits,
  watch: async () => (await import("./commands/watch.ts")).runWatch,
  owners: async () => (await import("./commands/owners.ts")).runOwners,
  who: async () => (await import("./commands/who.ts")).runWho,
  exec: async () => (await import("./commands/exec.ts")).runExec,
  reap: async () => (await import("./commands/reap.ts")).runReap,
  config: async () => (await import("./commands/config.ts")).runConfig,
  completion: async () => (await import("./commands/completion.ts")).runCompletion,
  manual: async () => (await import("./commands/manual.ts")).runManual,
  __complete: async () => (await import("./commands/complete.ts")).runComplete,
};

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

/** Commands that these words cannot mean need no options; a help page shows all of them. */
function needsOptions(words: readonly string[], name: string, isDefault: boolean): boolean {
  return isDefault || words.some((word) => word === name || word === "help" || word === "--help" || /^-[^-]*h/.test(word));
}

function declare(parent: Command, declaration: CommandDeclaration, isDefault: boolean, words: readonly string[]): Command {
  const { name, summary, options, exits, hidden } = declaration;
  const command = parent.command(name, { isDefault, hidden: hidden === true }).description(summary);
  if (declaration.arguments !== undefined) command.argument(declaration.arguments);
  for (const { flags, help, many, fallback } of needsOptions(words, name, isDefault) ? options : []) {
    const option = new Option(flags, help);
    if (many === true) option.argParser(collect);
    if (fallback !== undefined) option.default(fallback);
    command.addOption(option);
  }
  if (exits.length > 0) command.addHelpText("after", `\nExit codes:\n${exits.map((line) => `  ${line}`).join("\n")}`);
  return command;
}

/**
 * A word that is no command falls to the default one, which takes no words; commander then complains about the number
 * of arguments, but the person misspelt a command.
 */
function sayUsage(error: CommanderError, program: Command, words: readonly string[]): string {
  const stray = program.commands[0]?.args[0];
  if (error.code === "commander.excessArguments" && stray !== undefined && !words.includes(commands[0].name)) {
    const names: readonly string[] = commands.map(({ name }) => name);
    if (names.includes(stray)) return `the command comes first: sessreap ${stray} …`;
    return `unknown command "${stray}"${didYouMean(stray, names)}`;
  }
  return error.message.replace(/^error: /, "").replaceAll("\n", " ");
}

type Around = Pick<Invocation<never>, "env" | "stdout" | "stderr" | "version">;

/** npm may have kept options that were meant for us. */
async function optionsBelowNpm(declaration: CommandDeclaration, given: object, { env, stderr }: Around): Promise<object> {
  const { asTyped } = await import("./npm.ts");
  const { options, note } = asTyped(declaration, { ...given }, env);
  if (note !== undefined) await (await import("./output.ts")).write(stderr, `sessreap: ${note}\n`);
  return options;
}

/** Parses the words and runs the command that they name. */
export async function runProgram(words: readonly string[], around: Around): Promise<number> {
  let exitCode = 0;
  const output: string[] = [];
  const program = new Command("sessreap")
    .description("Purges ghost registrations: entries that say a coding-agent session is alive when it is not.")
    .version(around.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.push(text), writeErr: () => undefined })
    .enablePositionalOptions(false)
    .showSuggestionAfterError();
  for (const [index, declaration] of commands.entries()) {
    const command = declare(program, declaration, index === 0, words);
    command.exitOverride().action(async (...given: readonly unknown[]) => {
      const positionals = "arguments" in declaration ? [given[0] ?? []].flat() : [];
      const options = "npm_command" in around.env ? await optionsBelowNpm(declaration, command.opts(), around) : command.opts();
      const run = await runners[declaration.name]();
      exitCode = await run({ ...around, words: positionals as string[], options: options as never });
    });
  }
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new Failure("usage", `${sayUsage(error, program, words)} (see sessreap --help)`);
  }
  if (output.length > 0) await (await import("./output.ts")).write(around.stdout, output.join(""));
  return exitCode;
}
