import type { CommandDeclaration } from "../declarations/command.ts";
import { commands } from "../declarations/commands.ts";
import type { OptionDeclaration } from "../declarations/options.ts";

/** What the word under the cursor can become, before anything was looked at. */
export type Wanted = {
  /** The command that the words before the cursor name; the default one when they name none. */
  readonly command: CommandDeclaration;
  /** The values given so far, by long flag: `--config` decides which keys there are. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** What stands before the part that is completed: `--color=`. */
  readonly prefix: string;
  readonly current: string;
} & (
  | { readonly kind: "value"; readonly placeholder: string }
  | { readonly kind: "words"; readonly candidates: readonly Candidate[]; readonly placeholder: string | undefined }
);

export type Candidate = { readonly word: string; readonly meaning: string };

const declared: readonly CommandDeclaration[] = commands;
const shown = declared.filter(({ hidden }) => hidden !== true);
const defaultCommand = declared[0] as CommandDeclaration;
const everywhere: readonly OptionDeclaration[] = [
  { flags: "-h, --help", help: "say what a command takes" },
  { flags: "-V, --version", help: "say the version" },
];

type Flags = { readonly short: string | undefined; readonly long: string; readonly placeholder: string | undefined };

function parse({ flags }: OptionDeclaration): Flags {
  const long = /--[a-z-]+/.exec(flags)?.[0] ?? flags;
  return { short: /(?:^|[\s,])(-[a-zA-Z])\b/.exec(flags)?.[1], long, placeholder: /[<[](.+)[>\]]$/.exec(flags)?.[1] };
}

function optionCalled(command: CommandDeclaration, word: string): Flags | undefined {
  return command.options.map(parse).find(({ short, long }) => word === short || word === long);
}

/** `<key>`, `[keys...]`, `<install|print>`: what the operand at this place is. The last one may repeat. */
function operandAt(command: CommandDeclaration, index: number): string | undefined {
  const operands = [...(command.arguments ?? "").matchAll(/[<[]([^>\]]+)[>\]]/g)].map((match) => match[1] ?? "");
  const last = operands.at(-1);
  const placeholder = operands[index] ?? (last?.endsWith("...") === true ? last : undefined);
  return placeholder?.replace(/\.{3}$/, "");
}

function optionCandidates(command: CommandDeclaration, given: ReadonlyMap<string, unknown>): readonly Candidate[] {
  return [...command.options, ...everywhere]
    .map((option) => ({ ...parse(option), option }))
    .filter(({ long, option }) => option.many === true || !given.has(long))
    .map(({ long, option }) => ({ word: long, meaning: option.help }));
}

/** Reads the words as the parser would and says what is expected at the cursor, which stands in the last of them. */
export function wantedAt(words: readonly string[]): Wanted {
  const [before, current] = [words.slice(0, -1), words.at(-1) ?? ""];
  const end = before.indexOf("--");
  const named = shown.find(({ name }) => before.slice(0, end < 0 ? before.length : end).includes(name));
  const command = named ?? defaultCommand;
  const hasCommand = named !== undefined;
  const given = new Map<string, readonly string[]>();
  let operands = hasCommand ? -1 : 0;
  let open: Flags | undefined;
  let onlyOperands = false;
  for (const word of before) {
    const [flag, value] = /^(--[a-z-]+)=(.*)$/s.exec(word)?.slice(1) ?? [word, undefined];
    const option = onlyOperands || open !== undefined ? undefined : optionCalled(command, flag ?? word);
    if (open !== undefined) {
      given.set(open.long, [...(given.get(open.long) ?? []), word]);
      open = undefined;
    } else if (!onlyOperands && word === "--") onlyOperands = true;
    else if (option !== undefined) {
      given.set(option.long, [...(given.get(option.long) ?? []), ...(value === undefined ? [] : [value])]);
      if (option.placeholder !== undefined && value === undefined) open = option;
    } else if (onlyOperands || !word.startsWith("-")) operands += 1;
  }
  const base = { command, given, prefix: "", current };
  if (open?.placeholder !== undefined) return { ...base, kind: "value", placeholder: open.placeholder };
  const inline = onlyOperands ? null : /^(--[a-z-]+)=(.*)$/s.exec(current);
  const option = inline === null ? undefined : optionCalled(command, inline[1] ?? "");
  if (inline !== null && option?.placeholder !== undefined) {
    return { ...base, kind: "value", placeholder: option.placeholder, prefix: `${inline[1]}=`, current: inline[2] ?? "" };
  }
  if (!onlyOperands && current.startsWith("-"))
    return { ...base, kind: "words", candidates: optionCandidates(command, given), placeholder: undefined };
  const isStart = !hasCommand && operands === 0 && !onlyOperands;
  const candidates = (isStart ? shown : []).map(({ name, summary }) => ({ word: name, meaning: summary }));
  return { ...base, kind: "words", candidates, placeholder: hasCommand ? operandAt(command, operands) : undefined };
}
