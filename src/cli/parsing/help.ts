import type { Command, Help } from "commander";
import { commandGroups, type CommandDeclaration } from "../declarations/command.ts";
import { commands } from "../declarations/commands.ts";
import { type Example, examples, firstSteps } from "../declarations/examples.ts";
import { optionGroups, type OptionDeclaration } from "../declarations/options.ts";
import { exitCodes } from "../../report/exit-code.ts";

/** Longer lines are hard to read, however wide the terminal is. */
const widest = 100;

export const about = "Takes out registrations of coding-agent sessions that are no longer running.";

const exitWords = [
  [exitCodes.done, "done"],
  [exitCodes.fault, "fault"],
  [exitCodes.usage, "usage"],
  [exitCodes.partial, "partly failed"],
  [exitCodes.refused, "refused"],
  [exitCodes.found, "found (--exit-code)"],
  [exitCodes.busy, "busy"],
] as const;

export const asSentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Each with what is said of it, in columns as wide as the longest term; what does not fit is wrapped and hangs. */
function items(pairs: readonly (readonly [term: string, said: string])[], helper: Help): readonly string[] {
  const termWidth = Math.max(0, ...pairs.map(([term]) => term.length));
  return pairs.map(([term, said]) => helper.formatItem(term, termWidth, said, helper));
}

/** Each below its line, where the two do not fit side by side. */
function exampleLines(shown: readonly Example[], helper: Help): readonly string[] {
  const longest = Math.max(...shown.map(([line]) => line.length));
  const isWide = shown.every(([, what]) => 2 + longest + 2 + what.length <= (helper.helpWidth ?? widest));
  return isWide ? items(shown, helper) : shown.flatMap(([line, what]) => [`  ${line}`, `    ${what}`]);
}

function optionGroup(
  heading: string,
  title: keyof typeof optionGroups,
  options: readonly OptionDeclaration[],
  helper: Help,
): readonly string[] {
  const shown = options.filter(({ group = "own" }) => group === title);
  const terms = shown.map(({ flags, help, many, fallback }): readonly [string, string] => {
    const more = [...(many === true ? ["repeatable"] : []), ...(fallback === undefined ? [] : [`default: ${fallback}`])];
    return [flags, more.length === 0 ? help : `${help} (${more.join(", ")})`];
  });
  return shown.length === 0 ? [] : [heading, ...items(terms, helper), ""];
}

const helpOption: OptionDeclaration = { flags: "-h, --help", help: "say this" };

/** Usage, one sentence, examples, the options in groups, what the exit codes mean. */
function commandHelp({ name, arguments: operands, summary, options, exits }: CommandDeclaration, helper: Help): string {
  const usage = ["sessreap", name, "[options]", ...(operands === undefined ? [] : [operands])].join(" ");
  const codes = exits.map((line): readonly [string, string] => {
    const [, code = "", meaning = ""] = /^(\S[\d, ]*|) +(.*)$/.exec(line) ?? [];
    return [code.trim(), meaning];
  });
  return [
    helper.boxWrap(`Usage: ${usage}`, helper.helpWidth ?? widest).replaceAll("\n", "\n  "),
    "",
    helper.boxWrap(asSentence(summary), helper.helpWidth ?? widest),
    "",
    ...exampleLines(examples[name as keyof typeof examples], helper),
    "",
    ...Object.entries(optionGroups).flatMap(([group, heading]) =>
      optionGroup(heading, group as keyof typeof optionGroups, [...options, helpOption], helper),
    ),
    ...(codes.length === 0 ? [] : ["Exit codes", ...items(codes, helper), ""]),
  ].join("\n");
}

const declared: readonly CommandDeclaration[] = commands;

/** The words of a group side by side; below the name of the group where the screen is narrow. */
function groupLines(pairs: readonly (readonly [name: string, said: string])[], helper: Help): readonly string[] {
  const longest = Math.max(...pairs.map(([name]) => name.length)) + 2;
  const helpWidth = helper.helpWidth ?? widest;
  const isWide = pairs.every(([, said]) => longest + said.length <= helpWidth);
  return pairs.flatMap(([name, said]) => {
    if (isWide) return [`${name.padEnd(longest)}${said}`];
    return [name, `  ${helper.boxWrap(said, helpWidth - 2).replaceAll("\n", "\n  ")}`];
  });
}

/** What `sessreap --help` says: the first steps, and where to go on. */
function toolHelp(helper: Help): string {
  const helpWidth = helper.helpWidth ?? widest;
  const ofGroup = (wanted: string): string =>
    declared
      .filter(({ group, hidden }) => group === wanted && hidden !== true)
      .map(({ name }, index) => (name === commands[0].name && index === 0 ? `${name} (the default)` : name))
      .join("  ");
  const flags = "-n, --dry-run  -q  -v  --json  -V, --version";
  const codes = exitWords.map(([code, meaning]) => `${code} ${meaning}`).join(", ");
  return [
    helper.boxWrap(about, helpWidth),
    "",
    ...exampleLines(firstSteps, helper),
    "",
    ...groupLines([...commandGroups.map((name) => [name, ofGroup(name)] as const), ["Options", flags]], helper),
    "",
    "Each command: sessreap COMMAND --help",
    "The manual: man sessreap, or sessreap manual | man -l -",
    helper.boxWrap(`Exit codes: ${codes}`, helpWidth).replaceAll("\n", "\n  "),
    "",
  ].join("\n");
}

/** Gives the program and each of its commands this help, at the width of the terminal but never too wide to read. */
export function configureHelp(program: Command, width: number | undefined): void {
  const helpWidth = Math.min(width ?? 80, widest);
  const formatHelp = (command: Command, helper: Help): string => {
    const declaration = declared.find(({ name }) => command !== program && name === command.name());
    return declaration === undefined ? toolHelp(helper) : commandHelp(declaration, helper);
  };
  for (const command of [program, ...program.commands]) command.configureHelp({ helpWidth, minWidthToWrap: 16, formatHelp });
}
