/** The bytes of a file, and its spans as text. */
export type SourceText = {
  readonly bytes: Uint8Array;
  /** The bytes from `start` up to `end`, decoded as UTF-8. */
  readonly text: (start: number, end: number) => string;
};

/** Half open: the byte at `end` is the first that does not belong to it. */
export type Span = { readonly start: number; readonly end: number };

/**
 * The members of an object or the elements of an array, by index: where each begins (with its name, if it has one),
 * where its value begins, and where it ends. Numbers only: an object each for a million of them would be most of a
 * sweep's memory.
 */
export type Members = {
  readonly length: number;
  readonly start: (index: number) => number;
  readonly valueStart: (index: number) => number;
  readonly end: (index: number) => number;
};

/** Members as they are found, one after the other. */
export type MemberList = Members & { readonly add: (start: number, valueStart: number, end: number) => void };

const initialCapacity = 96;

export function memberList(): MemberList {
  let places = new Int32Array(initialCapacity);
  let used = 0;
  const at = (place: number): number => {
    if (place >= used) throw new RangeError(`there is no member ${Math.floor(place / 3)}`);
    return places[place] as number;
  };
  return {
    get length() {
      return used / 3;
    },
    start: (index) => at(index * 3),
    valueStart: (index) => at(index * 3 + 1),
    end: (index) => at(index * 3 + 2),
    add: (start, valueStart, end) => {
      if (used === places.length) {
        const more = new Int32Array(used * 2);
        more.set(places);
        places = more;
      }
      places[used] = start;
      places[used + 1] = valueStart;
      places[used + 2] = end;
      used += 3;
    },
  };
}
