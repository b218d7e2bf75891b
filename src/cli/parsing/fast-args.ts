import type { CommandDeclaration } from "../declarations/command.ts";
import { commands } from "../declarations/commands.ts";
import type { Env } from "../config/paths.ts";

const sweep: CommandDeclaration = commands[0];

/** The spellings of an option, the long one last: `-n, --dry-run`, `--grace <duration>`. */
const spellings = (flags: string): readonly string[] => (flags.split(" <", 1)[0] as string).split(", ");

/** `--dry-run` is handed over as `dryRun`. */
function memberFor(flags: string): string {
  const [first = "", ...others] = (spellings(flags).at(-1) as string).slice("--".length).split("-");
  return first + others.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join("");
}

/**
 * The options of a sweep, where its words are as plain as those of a timer: whole flags, each value a word of its own.
 * The parser of command lines costs a fifth of a start; undefined leaves it all that is not plain, and all
 * that is wrong.
 */
export function plainSweepOptions(words: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const options: Record<string, unknown> = {};
  for (const { flags, fallback } of sweep.options) if (fallback !== undefined) options[memberFor(flags)] = fallback;
  for (let at = words[0] === sweep.name ? 1 : 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const declared = sweep.options.find(({ flags }) => spellings(flags).includes(word));
    if (declared === undefined) return undefined;
    const { flags, many } = declared;
    const member = memberFor(flags);
    if (!flags.endsWith(">")) {
      options[member] = true;
      continue;
    }
    at += 1;
    const value = words[at];
    if (value === undefined || value.startsWith("-")) return undefined;
    options[member] = many === true ? [...((options[member] as readonly string[] | undefined) ?? []), value] : value;
  }
  return options;
}

/** npm names itself to everything that it runs. It may have kept some of the words, so that no others are plain. */
export function isBelowNpm(env: Env): boolean {
  return env["npm_command"] !== undefined;
}
