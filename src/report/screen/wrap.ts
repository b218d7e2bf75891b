import type { Palette } from "../visible.ts";
import { charactersOf, take } from "./cut.ts";
import type { Screen } from "./screen.ts";

/** A text in the colour of a role; plain text has none. What comes from elsewhere has been made visible already. */
export type Part = string | { readonly role: keyof Palette; readonly text: string };

/** A text that can be typed. */
export function command(text: string): Part {
  return { role: "command", text };
}

type Piece = { readonly role: keyof Palette | undefined; readonly text: string };

/** A command that fits on a line is not taken apart, so that it can be picked up whole. */
function piecesOf(parts: readonly Part[], room: number, { widthOf }: Pick<Screen, "widthOf">): readonly Piece[] {
  return parts.flatMap((part): readonly Piece[] => {
    const { role, text } = typeof part === "string" ? { role: undefined, text: part } : part;
    if (role === "command" && widthOf(text) <= room) return [{ role, text }];
    return text.split(/( +)/).flatMap((piece) => (piece === "" ? [] : [{ role, text: piece }]));
  });
}

const isBlank = ({ text }: Piece): boolean => /^ +$/.test(text);

/** Pieces without a blank between them are one word, as a command and the comma behind it. */
type Word = { blanks: readonly Piece[]; readonly pieces: Piece[] };

function wordsOf(pieces: readonly Piece[]): readonly Word[] {
  const words: Word[] = [{ blanks: [], pieces: [] }];
  for (const piece of pieces) {
    const word = words.at(-1) as Word;
    if (!isBlank(piece)) word.pieces.push(piece);
    else if (word.pieces.length === 0) word.blanks = [...word.blanks, piece];
    else words.push({ blanks: [piece], pieces: [] });
  }
  return words.filter(({ pieces: own }) => own.length > 0);
}

/** A piece that is wider than a line is broken here, for the terminal would break it without the indent. */
function broken({ role, text }: Piece, room: number, screen: Pick<Screen, "widthOf">): readonly Piece[] {
  const pieces: Piece[] = [];
  let rest = charactersOf(text);
  while (rest.length > 0) {
    // One character can be wider than the line.
    const fitting = Math.max(1, take(rest, room, screen).length);
    pieces.push({ role, text: rest.slice(0, fitting).join("") });
    rest = rest.slice(fitting);
  }
  return pieces;
}

/** Pieces of one role that follow each other are coloured together. */
function painted(line: readonly Piece[], palette: Palette): string {
  const runs: { readonly role: Piece["role"]; text: string }[] = [];
  for (const { role, text } of line) {
    const before = runs.at(-1);
    if (before?.role === role && before !== undefined) before.text += text;
    else runs.push({ role, text });
  }
  return runs.map(({ role, text }) => (role === undefined ? text : palette[role](text))).join("");
}

export type Layout = {
  /** How many cells of the first line are taken by what stands before the text. */
  readonly first: number;
  /** How many blanks begin each further line. */
  readonly hang: number;
};

/** Breaks a text between words into lines of the screen's width. A word that is wider than a line is broken, too. */
export function wrap(parts: readonly Part[], { first, hang }: Layout, screen: Screen, palette: Palette): readonly string[] {
  const columns = screen.columns ?? Number.POSITIVE_INFINITY;
  const room = Math.max(1, columns - hang);
  const widthOf = (pieces: readonly Piece[]): number => screen.widthOf(pieces.map(({ text }) => text).join(""));
  const lines: Piece[][] = [[]];
  let used = first;
  const add = (pieces: readonly Piece[]): void => {
    lines.at(-1)?.push(...pieces);
    used += widthOf(pieces);
  };
  // What stands before the text of the first line can be wider than the indent, and then a line of its own is wider, too.
  const canBegin = (): boolean => lines.at(-1)?.length !== 0 || used > hang;
  const begin = (): void => {
    lines.push([]);
    used = hang;
  };
  for (const { blanks, pieces } of wordsOf(piecesOf(parts, room, screen))) {
    if (used + widthOf(blanks) + widthOf(pieces) > columns && canBegin()) begin();
    else add(blanks);
    if (used + widthOf(pieces) <= columns) {
      add(pieces);
      continue;
    }
    for (const piece of pieces.flatMap((one) => broken(one, room, screen))) {
      if (used + widthOf([piece]) > columns && canBegin()) begin();
      add([piece]);
    }
  }
  return lines.map((line, index) => `${index === 0 ? "" : " ".repeat(hang)}${painted(line, palette)}`);
}
