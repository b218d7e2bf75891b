import { isRecord } from "../fields.ts";
import { nestedTooDeep } from "../json/nesting.ts";
import { candidatesIn, linesIn, type Candidate } from "./containers.ts";
import { guess, type Guessed } from "./guesses.ts";
import { groupsOf, withoutNumbers, type Group } from "./names.ts";
import { firstLikelyPid, pidIn, placeName } from "./pids.ts";
import { membersOf } from "./members.ts";
import { none, plural, type Suggested } from "./suggested.ts";
import { pidInText, textGuess } from "./texts.ts";
import { fromLink, fromLinks } from "./links.ts";
import type { Declaration, Finding, Sample, Specimen, SpecimenFile, Suggestion, Surroundings } from "./specimen.ts";

/** The value of a JSON text; undefined where it is none. */
function parsed(text: string): unknown {
  if (nestedTooDeep(text)) return undefined;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

const ofClaim = (fields: Guessed["fields"], pattern: string): "process" | "session" =>
  fields.sessionId === undefined && !pattern.includes("<sessionId>") ? "process" : "session";

function declared(base: Omit<Declaration, "onGhost" | "fields" | "about">, { fields, keepWhen }: Guessed): Declaration {
  return {
    ...base,
    ...(Object.keys(fields).length > 0 && { fields }),
    about: ofClaim(fields, base.pattern ?? ""),
    ...(keepWhen !== undefined && { keepWhen }),
    onGhost: "report",
  };
}

function otherPlaces(others: readonly Candidate[]): readonly string[] {
  return others
    .filter(({ kind }) => kind !== "json-file")
    .slice(0, 2)
    .map(({ entries, count }) => `"entries": "${entries}" could be meant, too: ${plural(count, "entry", "entries")} there`);
}

function fromFile({ path, text, writtenMs }: Extract<Specimen, { kind: "file" }>, around: Surroundings): Suggested {
  const value = parsed(text);
  if (text.trim() === "") return none("is empty; try again when it has an entry");
  const lines = value === undefined || /\.(?:jsonl|ndjson)$/.test(path) ? linesIn(text, around, { path, writtenMs }) : undefined;
  if (lines === undefined && (typeof value !== "object" || value === null)) {
    const plain = textGuess([text], around);
    if (plain === undefined) return none("is no JSON with entries, and nothing in its text looks like a pid");
    const declaration = { format: "text-file", path, text: plain.text, about: "process", onGhost: "report" } as const;
    const notes = ["the whole file is one entry, in plain text", ...plain.notes];
    return { ok: true, suggestion: { declaration, findings: plain.findings, notes } };
  }
  const [best, ...others] = lines === undefined ? candidatesIn(value, around, { path, writtenMs }) : [lines];
  if (best === undefined) return none("holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs");
  const slash = path.lastIndexOf("/");
  const base =
    best.kind === "json-file"
      ? { format: best.kind, path: path.slice(0, slash) || "/", pattern: path.slice(slash + 1) }
      : { format: best.kind, path, ...(best.entries !== "" && { entries: best.entries }) };
  const counted =
    best.kind === "json-file"
      ? "the whole file is one entry"
      : `${plural(best.count, "entry", "entries")} in ${best.entries === "" ? "the whole file" : `"${best.entries}"`}`;
  return {
    ok: true,
    suggestion: {
      declaration: declared(base, best.guessed),
      findings: best.guessed.findings,
      notes: [counted, ...otherPlaces(others), ...best.guessed.notes],
    },
  };
}

const samplesOf = (files: readonly SpecimenFile[]): readonly Sample[] =>
  files.flatMap(({ key, text, writtenMs }) => {
    const value = text === undefined ? undefined : parsed(text);
    return isRecord(value) ? [{ key, value, writtenMs }] : [];
  });

/** What the number in the names of a group is: a pid that the entries say, too, or one that runs; or any other number. */
function pidInName(
  group: Group,
  samples: readonly Sample[],
  guessed: Guessed,
  around: Surroundings,
  where: string,
): Finding | "other" | undefined {
  if (group.numbers.size === 0) return undefined;
  const member = membersOf(samples).find((one) => one.member === guessed.fields.pid);
  const said = samples.map((sample) => ({ inName: group.numbers.get(sample.key), inBody: pidIn(member, sample) }));
  const both = said.filter(({ inBody }) => inBody !== undefined);
  const texts = group.files.map(
    ({ key, text }) => [group.numbers.get(key), text === undefined ? undefined : pidInText(text, around.hostname)] as const,
  );
  if (both.some(({ inName, inBody }) => inName !== inBody)) return "other";
  if (texts.some(([inName, inText]) => inText !== undefined && inName !== inText)) return "other";
  const isHinted = /pid|session|lock|inuse|active|running/i.test(`${where}/${group.pattern}`.replace("<pid>", ""));
  // Small numbers count logs and parts, and always run.
  const likely = [...group.numbers.values()].filter((pid) => isHinted || pid >= firstLikelyPid);
  const runs = likely.filter((pid) => around.running(pid) !== undefined).length;
  const base = { field: "pid", member: group.pattern } as const;
  if (both.length > 0) return { ...base, why: "the number in a file's name is the pid that the file says", sure: true };
  if (runs > 0)
    return {
      ...base,
      why: `of the numbers in ${plural(group.numbers.size, "name", "names")} ${runs} ${runs === 1 ? "is a process that runs" : "are processes that run"} now`,
      sure: true,
    };
  return isHinted ? { ...base, why: "a number stands in the names, and no such process runs now", sure: false } : "other";
}

type GroupGuess = Suggestion & { readonly weight: number };

/** Files that hold plain text, each with a pid in it. */
function fromTexts(path: string, { pattern, files }: Group, around: Surroundings): GroupGuess | undefined {
  const plain = textGuess(
    files.flatMap(({ text }) => text ?? []),
    around,
  );
  if (plain === undefined) return undefined;
  const declaration = { format: "text-file", path, pattern, text: plain.text, about: "process", onGhost: "report" } as const;
  const notes = [`${plural(files.length, "file fits", "files fit")} ${pattern}`, ...plain.notes];
  return { declaration, findings: plain.findings, notes, weight: plain.findings[0]?.sure === true ? 7 : 2 };
}

function fromGroup(path: string, found: Group, around: Surroundings): GroupGuess | undefined {
  const samples = samplesOf(found.files);
  const guessed = guess(samples, around, placeName(path, found.pattern), found.numbers);
  const inName = pidInName(found, samples, guessed, around, path.slice(path.lastIndexOf("/") + 1));
  const group = inName === "other" ? withoutNumbers(found) : found;
  const named = inName === "other" || inName === undefined ? [] : [inName];
  const hasName = named.length > 0 || group.pattern.includes("<sessionId>");
  const weight = guessed.weight + (named.some(({ sure }) => sure) ? 8 : named.length * 4) + (group.pattern.includes("<sessionId>") ? 3 : 0);
  if (samples.length === 0 && !group.pattern.includes("<pid>")) return fromTexts(path, group, around);
  if (weight === 0 || (!hasName && samples.length === 0)) return undefined;
  const read = found.files.filter(({ text }) => text !== undefined).length;
  const unread = found.files.find(({ problem }) => problem !== undefined)?.problem;
  const notes = [
    `${plural(found.files.length, "file fits", "files fit")} ${group.pattern}`,
    ...(unread === undefined ? [] : [`${found.files.length - read} of them could not be read: ${unread}`]),
    ...(samples.length > 0 && samples.length < read
      ? [`${read - samples.length} of them ${read - samples.length === 1 ? "is no JSON object" : "are no JSON objects"}`]
      : []),
  ];
  if (samples.length === 0) {
    return { declaration: { format: "pid-files", path, pattern: group.pattern, onGhost: "report" }, findings: named, notes, weight };
  }
  const declaration = declared({ format: "json-file", path, pattern: group.pattern }, guessed);
  const about = group.pattern.includes("<pid>") ? ({ about: "process" } as const) : {};
  return {
    declaration: { ...declaration, ...about },
    findings: [...named, ...guessed.findings],
    notes: [...notes, ...guessed.notes],
    weight,
  };
}

function fromDirectory({ path, files, links, others }: Extract<Specimen, { kind: "directory" }>, around: Surroundings): Suggested {
  if (files.length === 0 && links.length > 0) return fromLinks(path, links, around);
  if (files.length === 0)
    return none(others === 0 ? "is empty; try again when it has an entry" : "holds no regular file; name a file or a directory of files");
  const groups = groupsOf(files);
  const guesses = groups.flatMap((group) => fromGroup(path, group, around) ?? []).toSorted((a, b) => b.weight - a.weight);
  const [best, ...rest] = guesses;
  if (best === undefined)
    return none("holds no file whose name or content looks like a pid, a session or a tmux pane; try again while an agent runs");
  const { declaration, findings, notes } = best;
  const also = rest.slice(0, 2).map(({ declaration: other }) => `files like ${other.pattern} could be entries, too (${other.format})`);
  const beside = files.length - Number(/^\d+/.exec(notes[0] ?? "")?.[0] ?? files.length);
  const stay =
    beside === 0 ? [] : [`${plural(beside, "file does", "files do")} not fit, and ${beside === 1 ? "is" : "are"} never looked at`];
  const linked =
    links.length === 0 ? [] : [`${plural(links.length, "symbolic link", "symbolic links")} beside them: name one to see what it claims`];
  return { ok: true, suggestion: { declaration, findings, notes: [...notes, ...also, ...stay, ...linked] } };
}

/**
 * A declaration for a registry that no configuration describes, made from what is in it and what runs now. It is a
 * guess to be read by a person: nothing is reaped by it before that person takes `onGhost` out.
 */
export function suggest(specimen: Specimen, around: Surroundings): Suggested {
  const suggested =
    specimen.kind === "file"
      ? fromFile(specimen, around)
      : specimen.kind === "link"
        ? fromLink(specimen, around)
        : fromDirectory(specimen, around);
  if (!suggested.ok) return suggested;
  const { suggestion } = suggested;
  const guessed = suggestion.findings.flatMap(({ field, sure }) => (sure ? [] : [field]));
  const comment = guessed.length === 0 ? {} : { comment: `unsure: ${guessed.join(", ")}` };
  return { ok: true, suggestion: { ...suggestion, declaration: { ...suggestion.declaration, ...comment } } };
}
