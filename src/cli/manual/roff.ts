/** When the manual was last changed by hand; a page without a date is a fault to mandoc. */
const edition = "2026-11-21";

/** Text in which `x` is something to type and <x> something to replace. */
export type Prose = string;

const widest = 79;

/** Breaks text between words, so that no line is wider than a terminal. */
function folded(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > widest) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}

/** Nothing in here is taken for a command of roff: not a backslash, not a full stop or quote that begins a line. */
export function literal(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("`", "\\(ga").replace(/^[.']/gm, "\\&$&");
}

export function prose(text: Prose): string {
  const said = text
    .split(/(`[^`]+`|<[^<>]+>)/)
    .map((part) => {
      if (part.startsWith("`")) return `\\fB${literal(part.slice(1, -1))}\\fR`;
      if (part.startsWith("<")) return `\\fI${literal(part.slice(1, -1))}\\fR`;
      return part.replaceAll("\\", "\\e");
    })
    .join("");
  return folded(said).replace(/^[.']/gm, "\\&$&");
}

export const header = (name: string, section: number): string => `.TH ${name.toUpperCase()} ${section} "${edition}" "sessreap"`;

export const heading = (title: string): string => `.SH ${title.toUpperCase()}`;

export const subheading = (title: string): string => `.SS ${prose(title)}`;

export const paragraph = (text: Prose): string => `.PP\n${prose(text)}`;

/** Something, and what is to be said of it. */
export const item = (tag: Prose, text: Prose): string => `.TP\n${prose(tag)}\n${prose(text)}`;

/** Lines as they stand. */
export const verbatim = (lines: readonly string[]): string => `.PP\n.RS 4\n.nf\n${lines.map(literal).join("\n")}\n.fi\n.RE`;

/** A paragraph that follows its heading begins by itself. */
export const page = (blocks: readonly string[]): string => `${blocks.join("\n").replaceAll(/^(\.S[HS] .*)\n\.PP$/gm, "$1")}\n`;
