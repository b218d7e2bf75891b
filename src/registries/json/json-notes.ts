import { openBrace, quote, skipValue, walk } from "./json-grammar.ts";

/**
 * Where in each entry the values of a few members begin, noted while the grammar walks over the entry: what a format
 * reads of it can then be taken from the bytes, and the whole of it need not be parsed.
 */
export type Notes = {
  /** It is an object, and no name in it has to be interpreted: of the wanted members each stands there once or not at all. */
  readonly isPlain: (index: number) => boolean;
  /** How far behind the entry's first byte the value of a wanted member begins; 0 where it has none. */
  readonly offset: (index: number, which: number) => number;
};

type NoteTaker = Notes & {
  /** From where an entry begins to behind it; entries must come in their order. */
  readonly skipEntry: (from: number) => number;
};

const backslash = 0x5c;

/** No value in an object begins so close behind its brace. */
const isOdd = 1;
/** What stands farther behind is not noted; two bytes a note, for there are as many as entries. */
const farthest = 0xffff;

const initialCapacity = 32;

/** A name as it stands in a text where nothing of it needs an escape, its closing quote included. */
function lettersOf(name: string): Uint8Array {
  return Uint8Array.from(`${name}"`, (letter) => letter.charCodeAt(0));
}

function standsAt(bytes: Uint8Array, from: number, letters: Uint8Array): boolean {
  for (let at = 0; at < letters.length; at += 1) if (bytes[from + at] !== letters[at]) return false;
  return true;
}

/** Whether a name has an escape, so that it can mean any other. */
function isEscaped(bytes: Uint8Array, from: number): boolean {
  let i = from;
  while (bytes[i] !== quote && bytes[i] !== backslash) i += 1;
  return bytes[i] === backslash;
}

/** Can a member be known by the bytes of its name? Pointers lead deeper, and other letters have more than one form. */
export function isPlainName(name: string): boolean {
  return /^(?!\/)[ !#-[\]-~]*$/.test(name);
}

/** `names` are plain, and each is another. */
export function noteTaker(bytes: Uint8Array, names: readonly string[]): NoteTaker {
  const wanted = names.map(lettersOf);
  const width = wanted.length;
  let notes = new Uint16Array(initialCapacity * width);
  let [entry, row] = [0, -width];

  function note(start: number, valueStart: number): number {
    let which = 0;
    while (which < width && !standsAt(bytes, start + 1, wanted[which] as Uint8Array)) which += 1;
    const offset = valueStart - entry;
    if (which < width && offset <= farthest && notes[row + which] === 0) notes[row + which] = offset;
    else if (which < width || isEscaped(bytes, start + 1)) notes[row] = isOdd;
    return skipValue(bytes, valueStart, 1);
  }

  return {
    isPlain: (index) => width > 0 && notes[index * width] !== isOdd,
    offset: (index, which) => notes[index * width + which] as number,
    skipEntry: (from) => {
      if (width === 0) return skipValue(bytes, from);
      entry = from;
      row += width;
      if (row === notes.length) {
        const more = new Uint16Array(row * 2);
        more.set(notes);
        notes = more;
      }
      if (bytes[from] === openBrace) return walk(bytes, from, note);
      notes[row] = isOdd;
      return skipValue(bytes, from);
    },
  };
}
