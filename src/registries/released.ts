import { isRecord } from "./fields.ts";
import { memberKey, scan } from "./json/json-bytes.ts";
import type { SourceText, Span } from "./json/json-members.ts";

/** A piece of the new text: a span of the old one, or what is new in it. */
export type EntryPart = Span | string;

type Setting = readonly [name: string, value: string | number];

type Member = Span & { readonly key: string; readonly valueStart: number };

/** What stands between a member's name and its value, such as `": `. */
function colonOf(source: SourceText, { start, valueStart }: Member): string {
  return /"\s*:\s*$/.exec(source.text(start, valueStart))?.[0].slice(1) ?? ":";
}

/**
 * An entry's own text with some of its members set, and every other byte as it was: a member that is there gets
 * another value, one that is not there comes last, set off like the one before it. Undefined where the text is no
 * object, is empty, or names one of them twice.
 */
export function withMembers(source: SourceText, settings: readonly Setting[]): readonly EntryPart[] | undefined {
  const scanned = scan(source, "");
  if (!scanned.ok || scanned.container.kind !== "object") return undefined;
  const { container } = scanned;
  const { inside } = container;
  const members = Array.from({ length: container.members.length }, (_, index): Member => {
    const { start, valueStart, end } = container.members;
    return { key: memberKey(source, container, index), start: start(index), valueStart: valueStart(index), end: end(index) };
  });
  const last = members.at(-1);
  if (last === undefined) return undefined;
  const before = members.at(-2);
  const separator = before === undefined ? `,${source.text(inside.start, last.start)}` : source.text(before.end, last.start);
  const changes: { readonly at: Span; readonly text: string }[] = [];
  let added = "";
  for (const [name, value] of settings) {
    const [there, twice] = members.filter(({ key }) => key === name);
    if (twice !== undefined) return undefined;
    if (there === undefined) added += `${separator}${JSON.stringify(name)}${colonOf(source, last)}${JSON.stringify(value)}`;
    else changes.push({ at: { start: there.valueStart, end: there.end }, text: JSON.stringify(value) });
  }
  if (added !== "") changes.push({ at: { start: last.end, end: last.end }, text: added });
  const pieces: EntryPart[] = [];
  let from = 0;
  for (const { at, text } of changes.toSorted((a, b) => a.at.start - b.at.start || a.at.end - b.at.end)) {
    pieces.push({ start: from, end: at.start }, text);
    from = at.end;
  }
  return [...pieces, { start: from, end: source.bytes.length }];
}

/** A moment in the form in which an entry writes its times: epoch ms, epoch seconds, or ISO-8601. */
export function stampLike(entry: unknown, member: string | undefined, iso: string): string | number {
  const example = isRecord(entry) && member !== undefined ? entry[member] : undefined;
  if (typeof example !== "number") return iso;
  const ms = Date.parse(iso);
  return example < 1e11 ? Math.floor(ms / 1000) : ms;
}
