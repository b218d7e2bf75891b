import { isRecord, keyItself, valueItself } from "../fields.ts";
import { guess, type Guessed } from "./guesses.ts";
import { isIdName, uuid } from "./ids.ts";
import { lettersOf, mostSamples } from "./members.ts";
import { isMemberName, placeName } from "./pids.ts";
import type { Sample, Surroundings } from "./specimen.ts";

/** A place in a JSON text that may hold entries, and what they were taken for. */
export type Candidate = {
  readonly kind: "keyed-json" | "json-array" | "json-file" | "json-lines";
  readonly entries: string;
  readonly count: number;
  readonly guessed: Guessed;
  readonly weight: number;
};

/** Containers are looked for so deep, and so many of them. */
const [deepest, mostContainers] = [3, 60];

const isScalar = (value: unknown): boolean => typeof value === "number" || typeof value === "string";
const pointer = (path: readonly string[]): string => path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** Keys that were made, and not chosen: ids, numbers, paths. */
const isMade = (key: string): boolean => uuid.test(key) || /^\d+$/.test(key) || key.startsWith("/");

/** Whether the values of an object or a list can be entries: they are all objects, or all numbers, or all texts. */
function canBeEntries(values: readonly unknown[]): boolean {
  const records = values.filter(isRecord).length;
  return values.length > 0 && (values.every(isScalar) || records === values.length || (records >= 2 && records * 2 >= values.length));
}

/** Bare values name a process or a session only where nothing else does: those of an entry are members. */
function bareWeight({ fields, weight }: Guessed, keys: readonly string[], isArray: boolean): number {
  const [pid, session] = [fields.pid, fields.sessionId];
  const isMap = !isArray && keys.every(isMade);
  const named = [pid, session].filter((member) => member === valueItself || member === keyItself).length;
  if (named === 0 || (pid === undefined && isArray) || keys.map(lettersOf).some((key) => isMemberName(key) || isIdName(key))) return 0;
  return weight + (isMap ? 2 : 0);
}

function candidateAt(
  value: object,
  path: readonly string[],
  around: Surroundings,
  file: { readonly path: string; readonly writtenMs: number | undefined },
): Candidate | undefined {
  const isArray = Array.isArray(value);
  const all = Object.entries(value as Readonly<Record<string, unknown>>);
  if (!canBeEntries(all.map(([, own]) => own))) return undefined;
  const isBare = all.every(([, own]) => isScalar(own));
  const some = all.filter(([, own]) => isBare || isRecord(own)).slice(0, mostSamples);
  const samples = some.map(([key, own]): Sample => ({ key: isArray ? "" : key, value: own, writtenMs: file.writtenMs }));
  const entries = pointer(path);
  const guessed = guess(samples, around, placeName(file.path, entries));
  const keys = some.map(([key]) => key);
  const made = !isArray && !isBare && keys.every(isMade) ? 4 : 0;
  const weight = isBare ? bareWeight(guessed, keys, isArray) : guessed.weight;
  return weight <= 0
    ? undefined
    : {
        kind: isArray ? "json-array" : "keyed-json",
        entries,
        count: all.length,
        guessed,
        weight: weight + made + (all.length > 1 ? 1 : 0),
      };
}

/** Every place of a JSON value that may hold entries, the likeliest first; the whole of it may be the only entry. */
export function candidatesIn(
  value: unknown,
  around: Surroundings,
  file: { readonly path: string; readonly writtenMs: number | undefined },
): readonly Candidate[] {
  const found: Candidate[] = [];
  let looked = 0;
  function descend(at: unknown, path: readonly string[]): void {
    if (typeof at !== "object" || at === null || path.length > deepest || looked >= mostContainers) return;
    looked += 1;
    const candidate = candidateAt(at, path, around, file);
    if (candidate !== undefined) found.push(candidate);
    if (!Array.isArray(at)) for (const [key, own] of Object.entries(at).slice(0, mostContainers)) descend(own, [...path, key]);
  }
  descend(value, []);
  if (isRecord(value)) {
    const guessed = guess([{ key: "", value, writtenMs: file.writtenMs }], around, placeName(file.path, ""));
    if (guessed.weight > 0) found.push({ kind: "json-file", entries: "", count: 1, guessed, weight: guessed.weight });
  }
  return found.toSorted((a, b) => b.weight - a.weight);
}

/** The entries of a text that has a JSON object on each line; undefined where it is no such text, or they claim nothing. */
export function linesIn(
  text: string,
  around: Surroundings,
  file: { readonly path: string; readonly writtenMs: number | undefined },
): Candidate | undefined {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const values = lines.slice(0, mostSamples).map((line) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return undefined;
    }
  });
  const records = values.filter(isRecord);
  // The last line may be torn, and one that a killed writer has left stays so.
  const torn = values.filter((value) => value === undefined).length;
  if (records.length === 0 || records.length + torn < values.length || records.length < torn) return undefined;
  const samples = records.map((value): Sample => ({ key: "", value, writtenMs: file.writtenMs }));
  const guessed = guess(samples, around, placeName(file.path, ""));
  if (guessed.weight <= 0) return undefined;
  const notes =
    torn === 0 ? guessed.notes : [`${torn} of the lines ${torn === 1 ? "is" : "are"} no JSON: what is torn stays`, ...guessed.notes];
  return { kind: "json-lines", entries: "", count: lines.length, guessed: { ...guessed, notes }, weight: guessed.weight };
}
