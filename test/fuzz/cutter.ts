import { isDeepStrictEqual } from "node:util";
import { memberValue, scan, type Container } from "../../src/registries/json/json-bytes.ts";
import { depthLimit } from "../../src/registries/json/json-grammar.ts";
import { cutOut, membersOf, mustRead, named, restored, sourceOf } from "../registries/documents.ts";
import { Broken, holds, numbersFrom } from "./law.ts";
import { depthOf, parse, TooDeep, treeOf, type Node, type Part } from "./reference.ts";

const escaped = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

/** Places to look for a container: the top, where a format may look, and some that this very text has. */
function pathsOf(tree: Node | undefined, numbers: Iterator<number, never>): readonly (readonly string[])[] {
  const steps: string[] = [];
  let node = tree;
  while (steps.length < 3 && node !== undefined && node.parts.length > 0) {
    const part: Part | undefined = node.parts[numbers.next().value % node.parts.length];
    if (part !== undefined) steps.push(part.key);
    node = part?.value;
  }
  return [[], ["agents"], ...steps.map((_, at) => steps.slice(0, at + 1))];
}

type Expected = { readonly node: Node } | { readonly refused: RegExp };

/** What the text says of this place, by the other reader. */
function expectedAt(tree: Node, path: readonly string[]): Expected {
  let node = tree;
  const twice = { refused: /occurs twice$|holds neither an object nor an array$|^there is no/s };
  for (const key of path) {
    if (node.kind === "scalar") return { refused: /holds neither an object nor an array$/s };
    const those = node.parts.filter((part) => part.key === key);
    if (those.length > 1) return twice;
    if (those[0] === undefined) return { refused: /^there is no ".*" in it$/s };
    node = those[0].value;
  }
  return node.kind === "scalar" ? { refused: /holds neither an object nor an array$/s } : { node };
}

function isSame(bytes: Buffer, container: Container, node: Node): boolean {
  const { inside, kind, members } = container;
  if (kind !== node.kind || inside.start !== node.start + 1 || inside.end !== node.end - 1) return false;
  return (
    members.length === node.parts.length &&
    named(bytes, container).every(({ key, start, end }, index) => {
      const part = node.parts[index];
      return key === part?.key && start === part.start && members.valueStart(index) === part.value.start && end === part.value.end;
    })
  );
}

/** Every choice of few members, or some of many: none, all, the ends, and others by chance. */
function choicesAmong(count: number, numbers: Iterator<number, never>): readonly (readonly number[])[] {
  const all = Array.from({ length: count }, (_, index) => index);
  const byMask = (mask: number): readonly number[] => all.filter((index) => (mask >>> (index % 31)) & 1);
  if (count <= 3) return Array.from({ length: 2 ** count }, (_, mask) => byMask(mask));
  return [all, all.slice(1), all.slice(0, -1), byMask(numbers.next().value), byMask(numbers.next().value)];
}

/** What is left has the same meaning without the chosen, the same members byte for byte, and the same bytes around it. */
function checkCut(bytes: Buffer, pointer: string, container: Container, whole: unknown, chosen: readonly number[]): void {
  const { inside } = container;
  const members = named(bytes, container);
  const { kept, cuts, cutMembers } = cutOut(bytes, container, chosen);
  holds(cuts.length === chosen.length, "every chosen member is cut");
  const removed = Buffer.concat(cuts.map(({ start, end }) => bytes.subarray(start, end)));
  holds(removed.length + kept.length === bytes.length, "a byte is either kept or cut");
  holds(kept.subarray(0, inside.start).equals(bytes.subarray(0, inside.start)), "what stands before the container is left alone");
  holds(kept.subarray(kept.length - (bytes.length - inside.end)).equals(bytes.subarray(inside.end)), "what stands behind it is left alone");
  for (const [at, { start, end }] of cuts.entries()) {
    const gone = members[chosen[at] ?? -1];
    holds(
      gone !== undefined && start <= gone.start && gone.end <= end && inside.start <= start && end <= inside.end,
      "a cut covers its member",
    );
    const around = bytes.toString("latin1", start, gone.start) + bytes.toString("latin1", gone.end, end);
    holds(/^[ \t\r\n]*,?[ \t\r\n]*$/.test(around), "beside its member a cut takes white space and one comma");
  }
  const left = membersOf(bytes, container).filter((_, index) => !chosen.includes(index));
  const after = scan(sourceOf(kept), pointer);
  holds(after.ok, `what is left can be read: ${after.ok ? "" : after.problem}`);
  holds(isDeepStrictEqual(membersOf(kept, after.container), left), "the members that stay are the same, byte for byte");
  const now = parse(kept);
  holds(now !== undefined, "what is left is JSON");
  if (pointer === "") {
    const values = members.flatMap(({ key }, index) => {
      return chosen.includes(index) ? [] : [[key, memberValue(sourceOf(bytes), container, index)] as const];
    });
    const expected = Array.isArray(whole) ? values.map(([, value]) => value) : Object.fromEntries(values);
    holds(isDeepStrictEqual(now.value, expected), "what is left means what the text meant without them");
  }
  const unique = new Set(members.map(({ key }) => key)).size === members.length;
  const back = restored(kept, pointer, cutMembers);
  if (unique && container.kind === "object") holds(back.equals(bytes), "putting back what was cut gives the very bytes");
  else {
    const sorted = (text: Buffer): readonly string[] => membersOf(text, mustRead(text, pointer)).toSorted();
    holds(
      parse(back) !== undefined && isDeepStrictEqual(sorted(back), sorted(bytes)),
      "putting back what was cut loses nothing and gives JSON",
    );
  }
}

function checkPlace(bytes: Buffer, path: readonly string[], whole: { readonly value: unknown } | undefined, tree: Node | undefined): void {
  const pointer = path.map((part) => `/${escaped(part)}`).join("");
  const result = scan(sourceOf(bytes), pointer);
  if (!result.ok) holds(result.offset >= 0 && result.offset <= bytes.length, "a problem is somewhere in the text");
  if (whole === undefined) {
    holds(!result.ok, "what JSON.parse refuses is refused");
    return;
  }
  const depth = depthOf(bytes);
  const isDeep = !result.ok && result.problem.startsWith("values are nested deeper");
  holds(!isDeep || depth > depthLimit, "a text is refused as too deep only when it is");
  holds(result.ok === false || depth <= depthLimit + path.length + 1, "a text that is nested too deep is refused");
  if (isDeep || tree === undefined) return;
  const expected = expectedAt(tree, path);
  if ("refused" in expected) {
    holds(!result.ok && expected.refused.test(result.problem), `refused as ${expected.refused}: ${result.ok ? "taken" : result.problem}`);
    return;
  }
  holds(result.ok, `what JSON.parse takes is taken: ${result.ok ? "" : result.problem}`);
  holds(isSame(bytes, result.container, expected.node), "members stand where the other reader sees them");
  const numbers = numbersFrom(bytes);
  for (const chosen of choicesAmong(result.container.members.length, numbers)) {
    checkCut(bytes, pointer, result.container, whole.value, chosen);
  }
}

/** Reading and cutting JSON text, held against `JSON.parse` and against a second reader. */
export function checkCutter(bytes: Buffer): void {
  const whole = parse(bytes);
  let tree: Node | undefined;
  try {
    tree = whole && treeOf(bytes);
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
  }
  for (const path of pathsOf(tree, numbersFrom(bytes))) {
    try {
      checkPlace(bytes, path, whole, tree);
    } catch (error) {
      throw error instanceof Broken ? new Broken(`at ${JSON.stringify(path)}: ${error.message}`) : error;
    }
  }
}
