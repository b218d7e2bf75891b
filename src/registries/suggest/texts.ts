import { largestPid } from "../fields.ts";
import { longestText } from "../text-pattern.ts";
import type { Finding, Surroundings } from "./specimen.ts";

/** The forms that a claim in plain text can have, and what speaks for the pid in it. */
export type TextGuess = { readonly text: readonly string[]; readonly finding: Finding };

type Read = { readonly pattern: string; readonly pid: number };

/** How a word before a pid is written: `pid: 4711`, `PID=4711`, `(pid 4711`. */
const labelled = /(?:^|[\s([{,;])(\(?pid\s?[:= ]\s?)(\d{1,7})(?!\d)/i;

function readingOf(text: string): Read | undefined {
  const whole = text.replace(/\n*$/, "");
  const first = /^(\d{1,7})(?:$|(\n| ))/.exec(whole);
  if (first !== null) return { pattern: first[2] === undefined ? "<pid>" : `<pid>${first[2]}*`, pid: Number(first[1]) };
  const found = labelled.exec(whole);
  if (found === null || /[*<>]/.test(found[1] as string)) return undefined;
  const [label, digits] = [found[1] as string, found[2] as string];
  const at = found.index + found[0].length - digits.length - label.length;
  const behind = at + label.length + digits.length;
  return { pattern: `${at === 0 ? "" : "*"}${label}<pid>${behind === whole.length ? "" : "*"}`, pid: Number(digits) };
}

/** The pid that a plain text says, where it says one at its start or behind a word for it. */
export function pidInText(text: string): number | undefined {
  if (text.length > longestText) return undefined;
  const pid = readingOf(text)?.pid;
  return pid === undefined || pid < 1 || pid > largestPid ? undefined : pid;
}

/** What plain texts claim, where one of them says a pid. */
export function textGuess(texts: readonly string[], around: Surroundings): TextGuess | undefined {
  const said = texts.filter((text) => pidInText(text) !== undefined);
  const patterns = [...new Set(said.flatMap((text) => readingOf(text)?.pattern ?? []))].slice(0, 4);
  const [member] = patterns;
  if (member === undefined) return undefined;
  const runs = said.filter((text) => around.running(pidInText(text) as number) !== undefined).length;
  const why = runs === 0 ? "a number stands there, and no such process runs now" : "it is a process that runs now";
  return { text: patterns, finding: { field: "pid", member, why, sure: runs > 0 } };
}

/** How programs write a host and a pid where a link leads: Chromium, Mercurial, Emacs, Firefox. */
const linkForms: readonly (readonly [form: RegExp, pattern: string])[] = [
  [/^[\w.-]+-(\d{1,7})$/, "<host>-<pid>"],
  [/^[\w.-]+:(\d{1,7})$/, "<host>:<pid>"],
  [/^[^@\s]+@[\w.-]+\.(\d{1,7}):\d+$/, "*@<host>.<pid>:*"],
  [/^[\d.]+:\+(\d{1,7})$/, "*:+<pid>"],
  [/^(\d{1,7})$/, "<pid>"],
];

/** What a symbolic link claims by where it leads. */
export function linkGuess(target: string, around: Surroundings): TextGuess | undefined {
  for (const [form, pattern] of linkForms) {
    const pid = Number(form.exec(target)?.[1] ?? Number.NaN);
    if (!(pid >= 1 && pid <= largestPid)) continue;
    const runs = around.running(pid) !== undefined;
    const why = runs ? "it is a process that runs now" : "a number stands there, and no such process runs now";
    return { text: [pattern], finding: { field: "pid", member: pattern, why, sure: runs } };
  }
  return undefined;
}
