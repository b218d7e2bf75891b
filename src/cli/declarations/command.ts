import type { OptionDeclaration } from "./options.ts";

export const commandGroups = ["See", "Change", "Other"] as const;

export type CommandDeclaration = {
  readonly name: string;
  readonly summary: string;
  /** As commander spells them: `<key>`, `[keys...]`. */
  readonly arguments?: string;
  readonly options: readonly OptionDeclaration[];
  /** Options without a meaning here. They are taken and shown nowhere, so that a wrapper can hand all commands the same ones. */
  readonly unlisted?: readonly OptionDeclaration[];
  /** Under which heading the list of the commands shows it. */
  readonly group: (typeof commandGroups)[number];
  /** What its exit codes mean, beside those that every command has. */
  readonly exits: readonly string[];
  /** For the shells' completions, not for people: neither the help nor the manual names it. */
  readonly hidden?: true;
};

/** Exit codes of every command that judges all registries. */
export const swept = [
  "0  done, nothing failed",
  "3  a registry could not be read, or an entry could not be reaped",
  "4  refused: the sweep doubts its own eyes",
];
