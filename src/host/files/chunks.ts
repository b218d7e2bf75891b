import { fstatSync, readSync, writeSync } from "node:fs";
import type { Span } from "../../registries/json/json-members.ts";

/** What a new file is made of: spans of the old bytes, and bytes that are put between them. */
export type Piece = Span | Buffer;

/** What is written and read back at once, in bytes: a registry can have fourteen thousand pieces. */
export const chunkBytes = 1 << 18;

/** The new text in chunks; each is good until the next one is asked for. */
export function* chunksOf(old: Buffer, pieces: readonly Piece[]): Generator<Buffer, undefined> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let filled = 0;
  for (const piece of pieces) {
    const [from, start, end] = Buffer.isBuffer(piece) ? [piece, 0, piece.length] : [old, piece.start, piece.end];
    for (let at = start; at < end;) {
      const copied = from.copy(chunk, filled, at, end);
      at += copied;
      filled += copied;
      if (filled < chunkBytes) continue;
      yield chunk;
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** Whether a file holds the new text, and nothing else. */
export function holdsPieces(fd: number, old: Buffer, pieces: readonly Piece[]): boolean {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let [held, from, total] = [0, 0, 0];
  for (const piece of pieces) {
    const [bytes, start, end] = Buffer.isBuffer(piece) ? [piece, 0, piece.length] : [old, piece.start, piece.end];
    total += end - start;
    for (let at = start; at < end;) {
      if (from === held) {
        held = readSync(fd, chunk, 0, chunkBytes, total - (end - at));
        from = 0;
        if (held === 0) return false;
      }
      const length = Math.min(held - from, end - at);
      if (chunk.compare(bytes, at, at + length, from, from + length) !== 0) return false;
      from += length;
      at += length;
    }
  }
  return total === fstatSync(fd).size;
}

/** Writes all of it: the kernel may take less at once, and says how much. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

export function writePieces(fd: number, old: Buffer, pieces: readonly Piece[]): void {
  for (const chunk of chunksOf(old, pieces)) writeAll(fd, chunk);
}
