import { realpathSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { hangs } from "../../host/files/held-directory.ts";
import { matchSegment, parsePattern, type Segment } from "../../registries/pattern.ts";
import { registryId, type Target } from "../../sweep/load/target.ts";
import type { Declaration, Declarations } from "./declarations.ts";

/** Every declaration of one registry, the one that counts last. */
function repeatedLine(counted: Declaration, overruled: readonly Declaration[]): readonly string[] {
  const { path, format } = counted.target;
  const own = overruled.filter(({ target }) => registryId(target) === registryId(counted.target));
  if (own.length === 0) return [];
  const others = [...new Set(own.map(({ from }) => from))].filter((from) => from !== counted.from);
  return [
    others.length === 0
      ? `${counted.from} declares ${path} (${format.name}) more than once; its last declaration counts`
      : `${path} (${format.name}) is declared in ${[...others, counted.from].join(" and in ")}; the declaration in ${counted.from} counts`,
  ];
}

/** A name that fits a part of a pattern. */
const exampleOf = (part: Segment): string => part.map((one) => (one.kind === "text" ? one.text : one.kind === "id" ? "x" : "7")).join("");

/** Whether a file's name may fit both. */
const meet = (part: Segment, other: Segment): boolean =>
  isDeepStrictEqual(part, other) ||
  matchSegment(part, exampleOf(other)) !== undefined ||
  matchSegment(other, exampleOf(part)) !== undefined;

/** As links to it resolve, so far as it is there. */
function resolved(path: string): string {
  if (hangs(path)) return path;
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Where the files of a registry are; `deep` stands for any number of directories. */
function stepsOf({ path, format }: Target): readonly (readonly (Segment | "deep")[])[] {
  const directories = resolved(path)
    .split("/")
    .map((text): Segment => [{ kind: "text", text }]);
  return format.layout === "files" ? format.patterns.map((pattern) => [...directories, ...parsePattern(pattern)]) : [directories];
}

function stepsMeet([part, ...rest]: readonly (Segment | "deep")[], [other, ...others]: readonly (Segment | "deep")[]): boolean {
  if (part === undefined || other === undefined) return part === other;
  if (part === "deep") return stepsMeet(rest, [other, ...others]) || (others.length > 0 && stepsMeet([part, ...rest], others));
  if (other === "deep") return stepsMeet([other, ...others], [part, ...rest]);
  return meet(part, other) && stepsMeet(rest, others);
}

/** Two pointers into one file are two registries, unless one leads into what the other holds; so are two tables. */
function partsMeet({ format: one }: Target, { format: other }: Target): boolean {
  if ((one.body === "link") !== (other.body === "link")) return false;
  if (one.layout === "rows" && other.layout === "rows") return one.table === other.table;
  if (one.layout !== "members" || other.layout !== "members") return true;
  return `${one.entries}/`.startsWith(`${other.entries}/`) || `${other.entries}/`.startsWith(`${one.entries}/`);
}

type Place = Declaration & { readonly steps: ReturnType<typeof stepsOf> };

/** Whether two registries may read the same files. */
function readTheSame(one: Place, other: Place): boolean {
  return partsMeet(one.target, other.target) && one.steps.some((steps) => other.steps.some((others) => stepsMeet(steps, others)));
}

const named = ({ target: { path, format }, from }: Declaration): string => `${path} as ${format.name} (${from})`;

function* overlaps(declared: readonly Declaration[], wellKnown: readonly Target[]): Generator<string, undefined> {
  const placed = (one: Declaration): Place => ({ ...one, steps: stepsOf(one.target) });
  const own = declared.map(placed);
  const builtIn = own.length === 0 ? [] : wellKnown.map((target) => placed({ target, from: "built in" }));
  for (const [index, one] of own.entries())
    for (const other of [...own.slice(index + 1), ...builtIn])
      if (readTheSame(one, other))
        yield `the same files are read at ${named(other)} and at ${named(one)}; an entry goes only where both call it a ghost, so keep one`;
}

/** What is said of registries that are declared more than once, under one format or under two. */
export function collisionLines({ counting, overruled }: Declarations, wellKnown: readonly Target[]): readonly string[] {
  return [...counting.flatMap((one) => repeatedLine(one, overruled)), ...overlaps(counting, wellKnown)];
}
