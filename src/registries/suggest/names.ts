import { largestPid } from "../field-readers.ts";
import type { SpecimenFile } from "./specimen.ts";

/** Names of one shape, and what their pattern is. `numbers` are those at the place of a pid, one a file. */
export type Group = { readonly pattern: string; readonly files: readonly SpecimenFile[]; readonly numbers: ReadonlyMap<string, number> };

const uuidInName = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;

/** A number in a name that can be a pid: whole, and without leading zeros. */
function numberIn(part: string): number | undefined {
  return /^[1-9]\d{0,6}$/.test(part) && Number(part) <= largestPid ? Number(part) : undefined;
}

/** `isCounted` where a nought stands at the place of a pid: then the numbers there count from it. */
type NameShape = { readonly pattern: string; readonly number: number | undefined; readonly isCounted: boolean };

/** What one file's name is a case of. What cannot stand in a pattern as it is becomes an asterisk. */
function shapeOf(name: string): NameShape {
  let number: number | undefined;
  let isCounted = false;
  const parts = name.split(/([._\-@+:])/);
  const shaped = parts.map((part) => {
    const here = numberIn(part);
    if (here !== undefined && number === undefined) {
      number = here;
      return "<pid>";
    }
    if (part === "0" && number === undefined) isCounted = true;
    if (/^\d+$/.test(part) || /^[0-9a-f]{8,}$/i.test(part) || /[*<>]|\p{Cc}/u.test(part)) return "*";
    return part;
  });
  return { pattern: shaped.join(""), number, isCounted };
}

function shapeOfKey(key: string): NameShape {
  const slash = key.lastIndexOf("/");
  const [directory, name] = [key.slice(0, slash + 1), key.slice(slash + 1)];
  const id = uuidInName.exec(name);
  const below =
    directory === "" ? "" : uuidInName.exec(directory.slice(0, -1))?.[0].length === directory.length - 1 ? "<sessionId>/" : "*/";
  if (id === null) {
    const { pattern, number, isCounted } = shapeOf(name);
    return { pattern: `${below}${pattern}`, number, isCounted };
  }
  const [before, behind] = [name.slice(0, id.index), name.slice(id.index + id[0].length)];
  const isFree = below !== "<sessionId>/";
  return { pattern: `${below}${before}${isFree ? "<sessionId>" : "*"}${behind}`, number: undefined, isCounted: false };
}

const withoutPid = (pattern: string): string => pattern.replace("<pid>", "*");

/** Names that have nothing in common but how they end. */
function byEnd(name: string): string {
  const end = name.slice(name.lastIndexOf("/") + 1);
  const directory = name.includes("/") ? "*/" : "";
  const dot = end.lastIndexOf(".");
  return `${directory}*${dot <= 0 ? "" : end.slice(dot)}`;
}

function grouped(files: readonly SpecimenFile[], patternOf: (file: SpecimenFile) => string): ReadonlyMap<string, readonly SpecimenFile[]> {
  const groups = new Map<string, SpecimenFile[]>();
  for (const file of files) {
    const pattern = patternOf(file);
    const known = groups.get(pattern);
    if (known === undefined) groups.set(pattern, [file]);
    else known.push(file);
  }
  return groups;
}

/**
 * The files of a directory by the shape of their names, the largest group first. Names that are of no shape with others
 * are put together by how they end.
 */
export function groupsOf(files: readonly SpecimenFile[]): readonly Group[] {
  const shapes = new Map(files.map(({ key }) => [key, shapeOfKey(key)]));
  const counted = new Set([...shapes.values()].filter(({ isCounted }) => isCounted).map(({ pattern }) => pattern));
  const shaped = grouped(files, ({ key }) => {
    const { pattern = key } = shapes.get(key) ?? {};
    return counted.has(withoutPid(pattern)) ? withoutPid(pattern) : pattern;
  });
  const isLoose = (pattern: string, count: number): boolean => count === 1 && !/<pid>|<sessionId>/.test(pattern);
  const loose = [...shaped].filter(([pattern, { length }]) => isLoose(pattern, length)).flatMap(([, found]) => found);
  const ended = [...grouped(loose, ({ key }) => byEnd(key))].map(([pattern, found]) => {
    const [only] = found;
    return [found.length === 1 && only !== undefined && !/[*<]/.test(only.key) ? only.key : pattern, found] as const;
  });
  const all = [...[...shaped].filter(([pattern, { length }]) => !isLoose(pattern, length)), ...ended];
  return all
    .map(([pattern, found]) => ({
      pattern,
      files: found,
      numbers: new Map(found.flatMap(({ key }) => (pattern.includes("<pid>") ? [[key, shapes.get(key)?.number as number] as const] : []))),
    }))
    .toSorted((a, b) => b.files.length - a.files.length);
}

/** The same files, where the number in their names is no pid. */
export function withoutNumbers({ pattern, files }: Group): Group {
  return { pattern: withoutPid(pattern), files, numbers: new Map() };
}
