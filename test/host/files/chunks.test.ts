import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chunkBytes, chunksOf, holdsPieces, writePieces, type Piece } from "../../../src/host/files/chunks.ts";
import { scratchDirectory } from "../scratch.ts";

const counted = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 251));
const old = counted(3 * chunkBytes);

const textOf = (pieces: readonly Piece[]): Buffer =>
  Buffer.concat(pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : old.subarray(piece.start, piece.end))));

/** Lengths around the places where one chunk ends and the next begins. */
const sizes = [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes - 1, 2 * chunkBytes, 2 * chunkBytes + 1];

test.each(sizes)("a registry of %i bytes comes in full chunks and a rest that is not empty", (size) => {
  for (const pieces of [[{ start: 5, end: 5 + size }], [old.subarray(5, 5 + size)]]) {
    const lengths = Array.from(chunksOf(old, pieces), ({ length }) => length);
    expect(lengths.slice(0, -1)).toEqual(lengths.slice(0, -1).map(() => chunkBytes));
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(size);
    expect(lengths).not.toContain(0);
  }
});

test("whatever is kept of a registry and put between, the chunks hold it in order, and so does the file", () => {
  const path = join(scratchDirectory(), "new");
  const span = fc.tuple(fc.constantFrom(0, 3, chunkBytes - 2, chunkBytes), fc.constantFrom(...sizes.slice(0, 5)));
  const piece = fc.oneof(
    span.map(([start, length]): Piece => ({ start, end: start + length })),
    fc.constantFrom(0, 1, chunkBytes - 1, chunkBytes).map((length): Piece => counted(length)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const text = textOf(pieces);
      const chunks = Array.from(chunksOf(old, pieces), (chunk) => Buffer.from(chunk));
      expect(Buffer.concat(chunks).equals(text)).toBe(true);
      const fd = openSync(path, "w+");
      writePieces(fd, old, pieces);
      expect(readFileSync(path).equals(text)).toBe(true);
      expect(holdsPieces(fd, old, pieces)).toBe(true);
      writeSync(fd, "x", text.length);
      expect(holdsPieces(fd, old, pieces)).toBe(false);
      // One byte that is another, or one that is missing, is found wherever it is.
      for (const at of new Set([0, chunkBytes - 1, chunkBytes, text.length - 1].filter((place) => place >= 0 && place < text.length))) {
        ftruncateSync(fd, text.length);
        writeSync(fd, Buffer.of((text[at] as number) ^ 1), 0, 1, at);
        expect(holdsPieces(fd, old, pieces)).toBe(false);
        writeSync(fd, text, at, 1, at);
        expect(holdsPieces(fd, old, pieces)).toBe(true);
        ftruncateSync(fd, at);
        expect(holdsPieces(fd, old, pieces)).toBe(false);
        writeSync(fd, text, at, text.length - at, at);
      }
      closeSync(fd);
    }),
    { numRuns: 12 },
  );
});
