import type { FileState } from "../../host/files/file-state.ts";
import type { FoundFile, FoundFiles } from "../../host/files/entries/found-files.ts";
import type { FilesFormat } from "../../registries/format.ts";
import { pidProblem } from "../../registries/formats/shared/one-file.ts";
import { entryName } from "../../registries/pattern.ts";
import type { Entries, Entry } from "./loaded.ts";

/**
 * Entries of a directory while they are found: those that were opened, those of which only the name is needed, and
 * those that had gone when the sweep came to look. Only the first are kept as objects.
 */
export type FileEntries = {
  readonly setNamed: (index: number, state: FileState) => void;
  /** Undefined for a file that has gone. */
  readonly setRead: (index: number, entry: Entry | undefined) => void;
  /** Undefined for one that has gone. */
  readonly get: (index: number) => Entry | undefined;
  /** Those that are there, in their order. */
  readonly found: () => Entries;
  /** Of those the ones that were opened: no other says more than its name. */
  readonly opened: () => readonly Entry[];
  /** Pids in the names of the others. */
  readonly namedPids: () => Iterable<number>;
};

/** What a file's name says, without opening it. */
function namedEntry(format: FilesFormat, { key, captures }: FoundFile, state: FileState): Entry {
  const claim = format.claim(entryName(key, captures), state.size === 0 ? "" : undefined);
  return { key, claim, duplicate: false, place: { kind: "file", state, bytes: undefined } };
}

function indexesOf(length: number, isThere: (index: number) => boolean): Int32Array {
  const there = new Int32Array(length);
  let count = 0;
  for (let index = 0; index < length; index += 1) if (isThere(index)) there[count++] = index;
  return there.subarray(0, count);
}

export function fileEntries(format: FilesFormat, files: FoundFiles): FileEntries {
  const read = new Map<number, Entry>();
  const isNamed = new Uint8Array(files.length);
  const states = fileStates(files.length);
  const get = (index: number): Entry | undefined =>
    isNamed[index] === 1 ? namedEntry(format, files.at(index) as FoundFile, states.at(index)) : read.get(index);
  function* namedPids(): Generator<number, undefined> {
    for (let index = 0; index < files.length; index += 1) {
      if (isNamed[index] === 0) continue;
      const { key, captures } = files.at(index) as FoundFile;
      const name = entryName(key, captures);
      if (name.pid !== undefined && pidProblem(name) === undefined) yield name.pid;
    }
  }
  return {
    get,
    opened: () => [...read.values()],
    namedPids,
    setNamed: (index, state) => {
      isNamed[index] = 1;
      states.set(index, state);
    },
    setRead: (index, entry) => {
      isNamed[index] = 0;
      if (entry === undefined) read.delete(index);
      else read.set(index, entry);
    },
    found: () => {
      const there = indexesOf(files.length, (index) => isNamed[index] === 1 || read.has(index));
      const at = (place: number): Entry => {
        const entry = get(there[place] ?? -1);
        if (entry === undefined) throw new RangeError(`there is no entry ${place}`);
        return entry;
      };
      function* all(): Generator<Entry, undefined> {
        for (const index of there) yield get(index) as Entry;
      }
      return {
        length: there.length,
        at,
        elements: undefined,
        keyAt: (place) => (files.at(there[place] ?? -1) as FoundFile).key,
        [Symbol.iterator]: all,
      };
    },
  };
}

/** States of files by index, as rows of numbers: an object each for a hundred thousand files would be most of the memory. */
export type FileStates = { readonly set: (index: number, state: FileState) => void; readonly at: (index: number) => FileState };

const width = 8;

/** Each number is put in its place and taken from it by itself: a list of them takes longer than to ask the file system. */
export function fileStates(length: number): FileStates {
  const numbers = new Float64Array(length * width);
  return {
    set: (index, { dev, ino, size, mtimeMs, ctimeMs, mode, uid, gid }) => {
      const from = index * width;
      numbers[from] = dev;
      numbers[from + 1] = ino;
      numbers[from + 2] = size;
      numbers[from + 3] = mtimeMs;
      numbers[from + 4] = mode;
      numbers[from + 5] = uid;
      numbers[from + 6] = gid;
      numbers[from + 7] = ctimeMs;
    },
    at: (index) => {
      const at = (column: number): number => numbers[index * width + column] as number;
      return { dev: at(0), ino: at(1), size: at(2), mtimeMs: at(3), mode: at(4), uid: at(5), gid: at(6), ctimeMs: at(7) };
    },
  };
}
