import * as fc from "fast-check";
import { memberKey, scan, type Container } from "../../src/registries/json/json-bytes.ts";
import { cutsFor, keptSpans } from "../../src/registries/json/json-cuts.ts";
import type { SourceText, Span } from "../../src/registries/json/json-members.ts";
import { putBack, type CutMember } from "../../src/registries/json/put-back.ts";

/** A JSON text as somebody may have written it, and where in it the entries are. */
export type Document = { readonly text: string; readonly pointer: string };

const space = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  { weight: 2, arbitrary: fc.constantFrom(" ", "\n  ", "\r\n\t", "\t", "\n\n    ") },
);

/** The same string with some letters escaped that need not be. */
const quoted = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(texts, fc.boolean()).map(([text, escaped]) => {
    const plain = JSON.stringify(text);
    return escaped ? plain.replace(/[a-z](?=[a-z]*"$)/, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`) : plain;
  });

const keys = fc.oneof(
  fc.constantFrom("mars", "venus", "__proto__", "constructor", "", "a/b", "m~n", "1", "0", "ü 🚀", 'quo"te', "\\"),
  fc.string(),
);
const scalar = fc.oneof(
  fc.constantFrom(
    "0",
    "1.0",
    "-0",
    "1e999",
    "9007199254740993",
    "0.1000",
    "true",
    "false",
    "null",
    '"\\u0061\\/\\ud83d"',
    '"}],{"',
    '"\\\\"',
  ),
  quoted(fc.string()),
);

const list = (open: string, close: string, items: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> =>
  fc.tuple(items, fc.array(fc.tuple(space, space), { minLength: 12, maxLength: 12 })).map(([texts, spaces]) => {
    const inner = texts.map((text, index) => `${spaces[index]?.[0] ?? ""}${text}${spaces[index]?.[1] ?? ""}`).join(",");
    return `${open}${inner === "" ? (spaces[0]?.[0] ?? "") : inner}${close}`;
  });

const member = (key: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc.tuple(quoted(key), space, space, value).map(([name, before, behind, text]) => `${name}${before}:${behind}${text}`);

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    list("[", "]", fc.array(tie("value"), { maxLength: 4 })),
    list("{", "}", fc.array(member(keys, tie("value")), { maxLength: 4 })),
  ),
}));

const keyOf = (text: string): string => JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(text)?.[0] ?? '""') as string;

function containers(unique: boolean): fc.Arbitrary<string> {
  const entry = member(keys, value);
  const entries = unique ? fc.uniqueArray(entry, { maxLength: 8, selector: keyOf }) : fc.array(entry, { maxLength: 8 });
  return fc.oneof(list("{", "}", entries), list("[", "]", fc.array(value, { maxLength: 8 })));
}

const escapedPart = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

/** Entries below a few levels of other members, perhaps behind a byte order mark. */
export function documents({ unique }: { readonly unique: boolean }): fc.Arbitrary<Document> {
  const level = fc.tuple(fc.constantFrom("agents", "a/b", "m~n", "", "__proto__"), value, space, fc.boolean());
  return fc
    .tuple(containers(unique), fc.array(level, { maxLength: 2 }), fc.boolean(), space, space)
    .map(([inner, levels, mark, before, behind]) => {
      let text = inner;
      let pointer = "";
      for (const [key, other, gap, first] of levels) {
        const [entry, sibling] = [`${gap}${JSON.stringify(key)}:${text}${gap}`, `"sibling" :${gap}${other}`];
        text = first ? `{${entry},${sibling}}` : `{${sibling},${entry}}`;
        pointer = `/${escapedPart(key)}${pointer}`;
      }
      return { text: `${mark ? "\uFEFF" : ""}${before}${text}${behind}`, pointer };
    });
}

export function sourceOf(bytes: Buffer): SourceText {
  return { bytes, text: (start, end) => bytes.toString("utf8", start, end) };
}

/** The container, or the reason why there is none. */
export function read(bytes: Buffer, pointer: string): Container | string {
  const result = scan(sourceOf(bytes), pointer);
  return result.ok ? result.container : result.problem;
}

export function mustRead(bytes: Buffer, pointer: string): Container {
  const found = read(bytes, pointer);
  if (typeof found === "string") throw new Error(`${found}: ${bytes.toString()}`);
  return found;
}

/** Name and raw bytes of each member, in order. An element's name is its place, so only its bytes tell it apart. */
export function membersOf(bytes: Buffer, container: Container): readonly string[] {
  return named(bytes, container).map(({ start, end }) => `${container.kind}: ${bytes.toString("utf8", start, end)}`);
}

export type Named = Span & { readonly key: string; readonly valueStart: number };

/** Its members with their names. */
export function named(bytes: Buffer, container: Container): readonly Named[] {
  const { start, valueStart, end, length } = container.members;
  return Array.from({ length }, (_, index) => {
    return { key: memberKey(sourceOf(bytes), container, index), start: start(index), valueStart: valueStart(index), end: end(index) };
  });
}

export function cutOut(bytes: Buffer, container: Container, chosen: readonly number[]) {
  const members = named(bytes, container);
  const cuts = cutsFor(container, chosen);
  const cutMembers = cuts.map((cut, at): CutMember => {
    const gone = members[chosen[at] ?? -1];
    if (gone === undefined) throw new RangeError("no such member");
    return {
      key: gone.key,
      form: cut.form,
      after: members[(chosen[at] ?? 0) - 1]?.key,
      cut: bytes.subarray(cut.start, cut.end),
      member: { start: gone.start - cut.start, end: gone.end - cut.start },
    };
  });
  const kept = Buffer.concat(keptSpans(bytes.length, cuts).map(({ start, end }) => bytes.subarray(start, end)));
  return { kept, cuts, cutMembers };
}

export function restored(bytes: Buffer, pointer: string, cutMembers: readonly CutMember[]): Buffer {
  const container = mustRead(bytes, pointer);
  const parts = putBack(bytes, { inside: container.inside, members: named(bytes, container) }, cutMembers);
  return Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : bytes.subarray(part.start, part.end))));
}

export function withoutMark(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}
