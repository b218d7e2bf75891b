import { startTokenOf } from "../../core/identity/tokens.ts";
import { keyItself, valueItself } from "../fields.ts";
import { largestPid } from "../field-readers.ts";
import { lettersOf, saidBy, type Given, type Member } from "./members.ts";
import type { Finding, Sample, Surroundings } from "./specimen.ts";

/** What else numbers count that can be as large as a pid. */
const otherNumber =
  /port|version|count|size|seq|index|total|retr|attempt|uid|gid|code|millis|secs?$|ms$|bytes|limit|max|min|level|schema|rev|line|num|ttl|timeout|interval|epoch|width|height|cols|rows|exit|status|year|tokens?|weight|score|offset|fd$|inode|pgid|sid$/;

/** Names that a member of one entry has, and that no agent is called by. */
export const isMemberName = (name: string): boolean => otherNumber.test(name) || parents.test(name) || namedPid.test(name);

const namedPid = /^(?:.*[^p])?pid$|^process(?:id)?$|^(?:holder|owner|runner)process(?:id)?$/;
const parents = /parent|^ppid$|launcher/;
/** What starts a holder, or serves it, can run on without it. */
const beside = /wrapper|shell|superv|daemon|server|bridge|broker|spawn|start|watch|app|old|last|prev/;

/** Below it are the kernel's threads, and most counters and versions. */
export const firstLikelyPid = 300;

/** A process and a file's time are told apart in so many ms: starts are counted in hundredths of a second. */
const startSlackMs = 2_000;

function pidFrom(value: unknown): number | undefined {
  const said = typeof value === "string" && /^[1-9]\d{0,6}$/.test(value) ? Number(value) : value;
  return typeof said === "number" && Number.isInteger(said) && said >= 1 && said <= largestPid ? said : undefined;
}

const isNone = (value: unknown): boolean => value === 0 || value === -1 || value === "0" || value === "-1";

type Look = { readonly pids: readonly number[]; readonly runs: readonly number[]; readonly later: readonly number[] };

/** Which of its values are pids, which of those run, and which began only after their entry was written. */
function lookAt(given: readonly Given[], around: Surroundings): Look | undefined {
  const said = given.filter(({ value }) => !isNone(value));
  const pids = said.map(({ value, sample }) => [pidFrom(value), sample] as const);
  if (pids.length === 0 || pids.some(([pid]) => pid === undefined)) return undefined;
  const runs = pids.filter(([pid]) => around.running(pid as number) !== undefined);
  const later = runs.filter(([pid, { writtenMs }]) => {
    const startedMs = around.running(pid as number)?.startedMs;
    return startedMs !== undefined && writtenMs !== undefined && startedMs > writtenMs + startSlackMs;
  });
  const numbers = (found: typeof runs): readonly number[] => found.map(([pid]) => pid as number);
  return { pids: numbers(pids), runs: numbers(runs), later: numbers(later) };
}

export const countOf = (count: number, all: number): string => (all === 1 ? "its value" : `${count} of ${all} values`);

/** A guess and how good it is: of two guesses the higher rank counts. */
export type Guess = Finding & { readonly rank: number };

/** The pid in each file's name, by the file's key, where a number stands there. */
export type Numbers = ReadonlyMap<string, number>;

function pidGuess(member: Member, around: Surroundings, where: string, numbers: Numbers): Guess | undefined {
  const given = saidBy(member);
  const look = lookAt(given, around);
  if (look === undefined || parents.test(member.name)) return undefined;
  const isInNames = numbers.size > 0 && given.every(({ value, sample }) => pidFrom(value) === numbers.get(sample.key));
  if (isInNames) return { field: "pid", member: member.member, why: "it is the number in the file's name", sure: true, rank: 70 };
  const { pids, runs, later } = look;
  const isNamed = namedPid.test(member.name) || (member.member === valueItself && /pid|process/.test(where));
  const base = { field: "pid", member: member.member } as const;
  const seen = `${countOf(runs.length, pids.length)} ${runs.length === 1 || pids.length === 1 ? "is a process that runs" : "are processes that run"} now`;
  const exact = member.name === "pid" ? 3 : beside.test(member.name) ? -5 : 0;
  if (isNamed && runs.length > later.length) return { ...base, why: `it is called a pid, and ${seen}`, sure: true, rank: 50 + exact };
  if (isNamed) {
    const why = runs.length === 0 ? "no such process runs now" : "the processes there began after the entry was written";
    return { ...base, why: `it is called a pid, but ${why}`, sure: false, rank: 40 + exact };
  }
  const isLikely = !otherNumber.test(member.name) && pids.every((pid) => pid >= firstLikelyPid) && runs.length > later.length;
  if (!isLikely) return undefined;
  return { ...base, why: `${seen}, though it is not called a pid`, sure: false, rank: 20 + Math.floor((runs.length / pids.length) * 5) };
}

/** Which member holds the holder's pid, the best guess first. A key counts where its place is called so, or all can be pids and one runs. */
export function pidGuesses(members: readonly Member[], around: Surroundings, where: string, numbers: Numbers): readonly Guess[] {
  return members.flatMap((member) => pidGuess(member, around, where, numbers) ?? []).toSorted((a, b) => b.rank - a.rank);
}

/** The pid that an entry says under the member that was taken for it. */
export function pidIn(pid: Member | undefined, sample: Sample): number | undefined {
  return pidFrom(pid?.given.find((one) => one.sample === sample)?.value);
}

const namedTicks = /ticks|procstart|processstart|starttoken|pidstart|^start$/;

/** Which member holds the start of the holder's process, in clock ticks: one that is right of a process that runs. */
export function tickGuess(members: readonly Member[], pid: Member | undefined, around: Surroundings): Guess | undefined {
  const guesses = members.flatMap((member): readonly Guess[] => {
    if (member === pid || member.member === keyItself || member.member === valueItself) return [];
    const tokens = saidBy(member).map(({ value, sample }) => {
      const token = typeof value === "number" || typeof value === "string" ? startTokenOf(value) : undefined;
      const holder = pidIn(pid, sample);
      return { token, starts: holder === undefined ? undefined : around.running(holder)?.startTicks };
    });
    if (tokens.length === 0 || tokens.some(({ token }) => token === undefined)) return [];
    const right = tokens.filter(({ token, starts }) => starts !== undefined && token?.ticks === starts).length;
    const wrong = tokens.filter(({ token, starts }) => starts !== undefined && token?.ticks !== starts).length;
    const base = { field: "startTicks", member: member.member } as const;
    if (right > 0)
      return [{ ...base, why: "it is when its process started, in clock ticks since boot", sure: wrong === 0, rank: 10 + right }];
    const isTicks = namedTicks.test(member.name) && wrong === 0;
    return isTicks ? [{ ...base, why: "it is called a start, and no process of an entry runs now to try it", sure: false, rank: 1 }] : [];
  });
  return guesses.toSorted((a, b) => b.rank - a.rank)[0];
}

/** Where the entries stand, for what the way to them says of their keys and bare values. */
export const placeName = (path: string, pointer: string): string => lettersOf(`${path.slice(path.lastIndexOf("/") + 1)}${pointer}`);
