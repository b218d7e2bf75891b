import type { Cut } from "./json-cuts.ts";
import type { Span } from "./json-members.ts";

/** A member that was cut from a container: its bytes, its separator, and where it stood. */
export type CutMember = {
  readonly key: string;
  readonly form: Cut["form"];
  /** The member before it; undefined for the first. */
  readonly after: string | undefined;
  readonly cut: Uint8Array;
  /** Where in `cut` the member itself begins and ends. */
  readonly member: Span;
  /** Of a line, the byte at which it stood, and what it says; `after` is then what the line before it says. */
  readonly line?: { readonly at: number; readonly text: string };
};

/** A container with the names of its members. */
export type NamedMembers = { readonly inside: Span; readonly members: readonly (Span & { readonly key: string })[] };

export type Part = Span | Uint8Array;

/** A member, old or put back, in the order of the new text. `endsOpen`: a separator follows it inside its own bytes. */
type Node = { readonly part: Part; readonly endsOpen: boolean; next: Node | undefined };

const comma = 0x2c;

/** The white space that stands before the last member: what one more of them is set off with. */
function lastIndent(bytes: Uint8Array, { inside, members }: NamedMembers): Uint8Array {
  const last = members.at(-1);
  if (last === undefined) return new Uint8Array();
  const previous = members.at(-2);
  const from = previous === undefined ? inside.start : bytes.indexOf(comma, previous.end) + 1;
  return bytes.subarray(from, last.start);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * The parts of a text into which cut members were put back. Where its neighbours still stand as they did, a member's
 * bytes and separator come back to the very place they left, so that cutting and putting back changes nothing;
 * otherwise it goes to the end, set off like the last one there.
 */
export function putBack(bytes: Uint8Array, container: NamedMembers, cutMembers: readonly CutMember[]): readonly Part[] {
  const { inside, members } = container;
  const head: Node = { part: { start: 0, end: inside.start }, endsOpen: false, next: undefined };
  const byKey = new Map<string, Node>();
  const indent = lastIndent(bytes, container);
  let tail = head;
  let from = inside.start;
  for (const { key, end } of members) {
    const node: Node = { part: { start: from, end }, endsOpen: false, next: undefined };
    tail.next = node;
    tail = node;
    byKey.set(key, node);
    from = end;
  }

  function insert(node: Node, after: Node, key: string): void {
    node.next = after.next;
    after.next = node;
    byKey.set(key, node);
    if (after === tail) tail = node;
  }

  /** The first member's white space stays before the member that comes first. */
  function splitFirst(): void {
    const first = head.next;
    const start = members[0]?.start;
    if (
      first === undefined ||
      start === undefined ||
      first.part instanceof Uint8Array ||
      first.part.start !== inside.start ||
      start === inside.start
    )
      return;
    const space: Node = { part: { start: inside.start, end: start }, endsOpen: true, next: first };
    const rest: Node = { ...first, part: { start, end: first.part.end } };
    space.next = rest;
    head.next = space;
    const key = members[0]?.key ?? "";
    byKey.set(key, rest);
    if (tail === first) tail = rest;
  }

  for (const { key, form, after, cut, member } of cutMembers) {
    const anchor = after === undefined ? undefined : byKey.get(after);
    const isEmpty = head.next === undefined;
    if (form === "only" && isEmpty) {
      insert({ part: cut, endsOpen: false, next: undefined }, head, key);
    } else if (form === "after" && anchor !== undefined && !anchor.endsOpen) {
      insert({ part: cut, endsOpen: false, next: undefined }, anchor, key);
    } else if (form === "before" && !isEmpty && (after === undefined || anchor?.endsOpen === true)) {
      if (after === undefined) splitFirst();
      const space = head.next?.endsOpen === true && !(head.next.part instanceof Uint8Array) ? head.next : head;
      insert({ part: cut, endsOpen: true, next: undefined }, anchor ?? space, key);
    } else {
      const bare = cut.subarray(member.start, member.end);
      const part = isEmpty ? bare : joined(Uint8Array.of(comma), indent, bare);
      insert({ part, endsOpen: false, next: undefined }, tail, key);
    }
  }

  const parts: Part[] = [];
  for (let node: Node | undefined = head; node !== undefined; node = node.next) parts.push(node.part);
  parts.push({ start: from, end: bytes.length });
  return parts;
}
