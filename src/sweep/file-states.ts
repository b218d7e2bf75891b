import type { FileState } from "../host/files/file-state.ts";

/** States of files by index, as rows of numbers: an object each for a hundred thousand files would be most of the memory. */
export type FileStates = { readonly set: (index: number, state: FileState) => void; readonly at: (index: number) => FileState };

const width = 7;

/** Each number is put in its place and taken from it by itself: a list of the seven takes longer than to ask the file system. */
export function fileStates(length: number): FileStates {
  const numbers = new Float64Array(length * width);
  return {
    set: (index, { dev, ino, size, mtimeMs, mode, uid, gid }) => {
      const from = index * width;
      numbers[from] = dev;
      numbers[from + 1] = ino;
      numbers[from + 2] = size;
      numbers[from + 3] = mtimeMs;
      numbers[from + 4] = mode;
      numbers[from + 5] = uid;
      numbers[from + 6] = gid;
    },
    at: (index) => {
      const at = (column: number): number => numbers[index * width + column] as number;
      return { dev: at(0), ino: at(1), size: at(2), mtimeMs: at(3), mode: at(4), uid: at(5), gid: at(6) };
    },
  };
}
