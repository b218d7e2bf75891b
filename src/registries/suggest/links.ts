import { largestPid } from "../field-readers.ts";
import { groupsOf } from "./names.ts";
import type { Specimen, SpecimenLink, Surroundings } from "./specimen.ts";
import { none, plural, type Suggested } from "./suggested.ts";
import type { TextGuess } from "./texts.ts";

/** How programs write a host and a pid where a link leads: Chromium, Mercurial, Emacs, Firefox. */
const linkForms: readonly (readonly [form: RegExp, pattern: string])[] = [
  [/^[\w.-]+-(\d{1,7})$/, "<host>-<pid>"],
  [/^[\w.-]+:(\d{1,7})$/, "<host>:<pid>"],
  [/^[^@\s]+@[\w.-]+\.(\d{1,7}):\d+$/, "*@<host>.<pid>:*"],
  [/^[\d.]+:\+(\d{1,7})$/, "*:+<pid>"],
  [/^(\d{1,7})$/, "<pid>"],
];

function linkPattern(target: string): { readonly pattern: string; readonly pid: number } | undefined {
  for (const [form, pattern] of linkForms) {
    const pid = Number(form.exec(target)?.[1] ?? Number.NaN);
    if (pid >= 1 && pid <= largestPid) return { pattern, pid };
  }
  return undefined;
}

/** What symbolic links claim by where they lead. */
function linkGuess(targets: readonly string[], around: Surroundings): TextGuess | undefined {
  const reads = targets.flatMap((target) => linkPattern(target) ?? []);
  const text = [...new Set(reads.map(({ pattern }) => pattern))];
  const [member] = text;
  if (member === undefined) return undefined;
  const runs = reads.some(({ pid }) => around.running(pid) !== undefined);
  const why = runs ? "it is a process that runs now" : "a number stands there, and no such process runs now";
  return { text, findings: [{ field: "pid", member, why, sure: runs }], notes: [] };
}

/** A link by itself. */
export function fromLink({ path, target }: Extract<Specimen, { kind: "link" }>, around: Surroundings): Suggested {
  const plain = linkGuess([target], around);
  if (plain === undefined) return none("is a symbolic link that leads nowhere, and nothing in its target looks like a pid");
  const declaration = { format: "symlink", path, text: plain.text, about: "process", onGhost: "report" } as const;
  return { ok: true, suggestion: { declaration, findings: plain.findings, notes: ["the link is one entry"] } };
}

/** Links of a directory that has no files. */
export function fromLinks(path: string, links: readonly SpecimenLink[], around: Surroundings): Suggested {
  const guesses = groupsOf(links.map(({ key }) => ({ key, text: undefined, writtenMs: undefined, problem: undefined }))).flatMap(
    ({ pattern, files }) => {
      const keys = new Set(files.map(({ key }) => key));
      const plain = linkGuess(
        links.flatMap(({ key, target }) => (keys.has(key) ? target : [])),
        around,
      );
      return plain === undefined ? [] : [{ pattern, plain, count: files.length }];
    },
  );
  const [best] = guesses.toSorted((a, b) => Number(b.plain.findings[0]?.sure) - Number(a.plain.findings[0]?.sure));
  if (best === undefined)
    return none(`holds ${plural(links.length, "symbolic link", "symbolic links")} and no file, and nothing in a target looks like a pid`);
  const { pattern, plain, count } = best;
  const declaration = { format: "symlink", path, pattern, text: plain.text, about: "process", onGhost: "report" } as const;
  return {
    ok: true,
    suggestion: { declaration, findings: plain.findings, notes: [`${plural(count, "link fits", "links fit")} ${pattern}`] },
  };
}
