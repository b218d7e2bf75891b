import type { Container } from "./json-bytes.ts";
import { lineFeed } from "./json-lines.ts";
import type { SourceText, Span } from "./json-members.ts";
import type { CutMember, Part } from "./put-back.ts";

/** A line that goes back, and before which byte of the text. */
type Placed = { readonly text: string; readonly before: number; readonly cut: Uint8Array };

const carriageReturn = 0x0d;

/** A line without its end. */
export const bareLine = (text: string): string => text.replace(/\r?\n$/, "");

/** Puts lines where they are to stand; each has an end of its own, unless it is the last one of all. */
function withLines(bytes: Uint8Array, inside: Span, placed: readonly Placed[], lineEnd: Uint8Array): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const [nth, { before, cut }] of placed.entries()) {
    parts.push({ start: from, end: before });
    from = before;
    const isFirst = placed[nth - 1]?.before !== before;
    if (isFirst && before === bytes.length && before > inside.start && bytes[before - 1] !== lineFeed) parts.push(lineEnd);
    parts.push(cut);
    const isLast = nth === placed.length - 1 && before === bytes.length;
    if (!isLast && cut.at(-1) !== lineFeed) parts.push(lineEnd);
  }
  return [...parts, { start: from, end: bytes.length }];
}

/**
 * The parts of a text into which cut lines were put back. A line goes to the byte at which it stood, where the line before it
 * is the one that was; else behind that line, where it is now; else to the end, before a line that is being written.
 */
export function putLinesBack(source: SourceText, { inside, members }: Container, cutMembers: readonly CutMember[]): readonly Part[] {
  const { bytes } = source;
  const textAt = (index: number): string => bareLine(source.text(members.start(index), members.end(index)));
  const last = members.length - 1;
  const isOpen = last >= 0 && bytes[members.end(last) - 1] !== lineFeed;
  const atEnd = isOpen ? members.start(last) : bytes.length;
  let endsByText: Map<string, number> | undefined;
  const putBefore = new Map<string, number>();
  const endOf = (text: string): number | undefined => {
    endsByText ??= new Map(Array.from({ length: members.length }, (_, index) => [textAt(index), members.end(index)]));
    return endsByText.get(text);
  };

  /** The line that stands before a byte, or was put there. */
  function lineBefore(before: number, placed: readonly Placed[]): string | undefined {
    let [low, high] = [0, members.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (members.end(middle) <= before) low = middle + 1;
      else high = middle;
    }
    const end = low === 0 ? inside.start : members.end(low - 1);
    // Of several that were put to one byte the last one stands right before it.
    const put = placed.findLast((one) => one.before <= before);
    if (put !== undefined && put.before >= end) return put.text;
    return low === 0 ? undefined : textAt(low - 1);
  }

  const isBoundary = (at: number): boolean =>
    at === inside.start || (at > inside.start && at <= bytes.length && bytes[at - 1] === lineFeed);

  const placed: Placed[] = [];
  let cutBefore = 0;
  const lines = cutMembers.flatMap(({ line, after, cut }) => (line === undefined ? [] : [{ ...line, after, cut }]));
  for (const { at, text, after, cut } of lines.toSorted((a, b) => a.at - b.at)) {
    const there = at - cutBefore;
    const isThere = isBoundary(there) && lineBefore(there, placed) === after;
    const behind = after === undefined ? inside.start : (putBefore.get(after) ?? endOf(after) ?? atEnd);
    const before = isThere ? there : Math.min(behind, atEnd);
    placed.push({ text, before, cut });
    putBefore.set(text, before);
    cutBefore += cut.length;
  }
  const isWindows = members.length > 0 && source.text(members.start(0), members.end(0)).endsWith("\r\n");
  return withLines(
    bytes,
    inside,
    placed.toSorted((a, b) => a.before - b.before),
    Uint8Array.from(isWindows ? [carriageReturn, lineFeed] : [lineFeed]),
  );
}
