import type { CutForm } from "../../core/tombstone.ts";
import type { Container } from "./json-bytes.ts";
import type { Span } from "./json-members.ts";

/**
 * What leaves the text with one member. `form` tells where its separator stands, so that the very bytes can be put
 * back: behind a member that stays (`after`), before one (`before`), or alone in its container (`only`).
 */
export type Cut = Span & { readonly form: CutForm };

/** The first member that stays, given the ascending indexes of those that go; -1 when none does. */
export function firstKept(length: number, chosen: readonly number[]): number {
  const first = chosen.findIndex((index, at) => index !== at);
  const kept = first < 0 ? chosen.length : first;
  return kept < length ? kept : -1;
}

/** The bytes that go with one of the chosen members; `kept` is the first member that stays. */
export function cutAt({ kind, inside, members }: Container, index: number, kept: number): Cut {
  if (kind === "lines") return { start: members.start(index), end: members.end(index), form: "line" };
  if (kept >= 0 && index < kept) return { start: members.start(index), end: members.start(index + 1), form: "before" };
  if (index > 0) return { start: members.end(index - 1), end: members.end(index), form: "after" };
  return { start: inside.start, end: members.end(index), form: "only" };
}

/** The bytes that go with each of the chosen members; indexes must ascend. The cuts do not overlap. */
export function cutsFor(container: Container, chosen: readonly number[]): readonly Cut[] {
  const { members } = container;
  for (const [at, index] of chosen.entries()) {
    if (!Number.isInteger(index) || index < 0 || index >= members.length) throw new RangeError(`there is no member ${index}`);
    // Cuts in any other order would keep some bytes twice.
    if (index <= (chosen[at - 1] ?? -1)) throw new RangeError(`member ${index} is chosen out of order`);
  }
  const kept = firstKept(members.length, chosen);
  return chosen.map((index) => cutAt(container, index, kept));
}

/** The spans that stay when the cuts are gone. */
export function keptSpans(length: number, cuts: readonly Span[]): readonly Span[] {
  const kept: Span[] = [];
  let from = 0;
  for (const cut of cuts) {
    if (cut.start > from) kept.push({ start: from, end: cut.start });
    from = cut.end;
  }
  if (from < length) kept.push({ start: from, end: length });
  return kept;
}
