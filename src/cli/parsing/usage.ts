import type { Command, CommanderError } from "commander";
import type { CommandDeclaration } from "../declarations/command.ts";
import { commands } from "../declarations/commands.ts";
import { longFlag } from "../declarations/options.ts";
import { Failure } from "../failure.ts";
import { nearest } from "../suggest.ts";

const declared: readonly CommandDeclaration[] = commands;
const shownNames = declared.filter(({ hidden }) => hidden !== true).map(({ name }) => name);

const quoted = (word: string | undefined): string[] => (word === undefined ? [] : [`did you mean ${word}?`]);

/** A word that is no command: `swep`, or `help lst`. */
function unknownCommand(word: string): Failure {
  return new Failure("usage", `unknown command "${word}"`, ...quoted(nearest(word, shownNames)), "more: sessreap --help");
}

/** The command that the words name, which stands before all options; the default one where they name none. */
function commandOf(words: readonly string[]): CommandDeclaration {
  return declared.find(({ name }) => name === words[0]) ?? commands[0];
}

/** An option that is unknown here: the nearest of this command, else who takes it. */
function unknownOption(flag: string, { name, options }: CommandDeclaration): readonly string[] {
  const near = nearest(
    flag,
    options.map(({ flags }) => longFlag(flags)),
  );
  const takers = declared.filter((other) => other.options.some(({ flags }) => flags.split(/[ ,]+/).includes(flag)));
  if (near !== undefined || takers.length === 0) return [`unknown option ${flag}`, ...quoted(near)];
  return [`${name} has no ${flag}`, `it is an option of ${takers.map((one) => one.name).join(", ")}`];
}

/**
 * What is wrong with the words, and whose help says more. A word that is no command falls to the default one, which takes
 * none; the parser then complains of the number of words, but the person misspelt a command.
 */
export function usageFailure({ code, message }: CommanderError, words: readonly string[], parsed: readonly Command[]): Failure {
  const command = commandOf(words);
  const more = `more: sessreap ${command.name} --help`;
  if (code === "commander.excessArguments") {
    const one = parsed.find((other) => other.name() === command.name);
    const stray = one?.args[one.registeredArguments.length] ?? "";
    if (words[0] === command.name) return new Failure("usage", `${command.name} takes no word "${stray}"`, more);
    return shownNames.includes(stray) ? new Failure("usage", `the command comes first: sessreap ${stray} …`) : unknownCommand(stray);
  }
  const flag = /^error: unknown option '(.+?)'/.exec(message)?.[1];
  const [problem = "", ...hints] =
    flag === undefined ? [message.replace(/^error: /, "").replaceAll("'", "")] : unknownOption(flag, command);
  return new Failure("usage", problem, ...hints, more);
}

/** Ends the run where help is asked for what is no command. */
export function checkHelpTopic(words: readonly string[]): void {
  const [asked, topic] = words.filter((word) => !word.startsWith("-"));
  if (asked === "help" && topic !== undefined && !shownNames.includes(topic)) throw unknownCommand(topic);
}
