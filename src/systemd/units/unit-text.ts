/** One file below a directory of units. */
export type UnitFile = { readonly name: string; readonly text: string };

/** A setting, a comment of whole lines, or a blank line. */
export type Line = readonly [key: string, value: string] | string;

export type Section = { readonly name: string; readonly lines: readonly Line[] };

function formatLine(line: Line): string {
  if (typeof line !== "string") return `${line[0]}=${line[1]}`;
  return line === "" ? "" : `# ${line}`;
}

/** The header is the first line, without its `# `. */
export function unitText(header: string, sections: readonly Section[]): string {
  const said = sections.map(({ name, lines }) => [`[${name}]`, ...lines.map(formatLine)].join("\n"));
  return `# ${header}\n\n${said.join("\n\n")}\n`;
}

const plainWord = /^[\w@:./+,=-]+$/;

/**
 * One word of `ExecStart=`. Quotes hold blanks together, a backslash escapes inside them, `%` starts a specifier and,
 * in every word but the first, `$` a variable. In the first word `$$` would stay two characters (status 203 on 252).
 */
export function quoteWord(word: string, isExecutable: boolean): string {
  if (plainWord.test(word)) return word;
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");
  return `"${isExecutable ? escaped : escaped.replaceAll("$", () => "$$")}"`;
}

/** A path in a list such as `ReadWritePaths=`; the leading `-` says that it may be missing. */
export function quotePath(path: string): string {
  return quoteWord(`-${path}`, true);
}

export function execStart(command: readonly string[]): string {
  return command.map((word, index) => quoteWord(word, index === 0)).join(" ");
}
