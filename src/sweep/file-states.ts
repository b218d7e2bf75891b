import type { FileState } from "../host/directory.ts";

/** States of files by index, as rows of numbers: an object each for a hundred thousand files would be most of the memory. */
export type FileStates = { readonly set: (index: number, state: FileState) => void; readonly at: (index: number) => FileState };

const width = 7;

export function fileStates(length: number): FileStates {
  const numbers = new Float64Array(length * width);
  return {
    set: (index, { dev, ino, size, mtimeMs, mode, uid, gid }) => numbers.set([dev, ino, size, mtimeMs, mode, uid, gid], index * width),
    at: (index) => {
      const [dev, ino, size, mtimeMs, mode, uid, gid] = numbers.subarray(index * width, (index + 1) * width) as unknown as readonly [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return { dev, ino, size, mtimeMs, mode, uid, gid };
    },
  };
}
