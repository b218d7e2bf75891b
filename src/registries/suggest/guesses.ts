import type { FieldMap, KeepWhen } from "../fields.ts";
import type { FieldName } from "../field-readers.ts";
import { isRecord } from "../fields.ts";
import { keptGuess, timeGuesses, unreadTimes } from "./clocks.ts";
import { nameGuesses, placeGuesses, sessionGuesses } from "./ids.ts";
import { membersOf } from "./members.ts";
import { pidGuesses, tickGuess, type Guess, type Numbers } from "./pids.ts";
import type { Finding, Sample, Surroundings } from "./specimen.ts";

/** What the entries of one place were taken for. */
export type Guessed = {
  readonly fields: FieldMap;
  readonly keepWhen: KeepWhen | undefined;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** How much speaks for it that these are registrations; 0 where nothing does. */
  readonly weight: number;
};

function findingOf({ field, member, why, sure }: Finding): Finding {
  return { field, member, why, sure };
}

/** The best guess of each field whose member no better one has. */
function chosen(guesses: readonly Guess[]): readonly Guess[] {
  const taken = new Set<string>();
  const fields = new Set<Finding["field"]>();
  const kept: Guess[] = [];
  for (const one of guesses) {
    if (fields.has(one.field) || taken.has(one.member)) continue;
    fields.add(one.field);
    taken.add(one.member);
    kept.push(one);
  }
  return kept;
}

/** A guess is worth more where something outside of the file bears it out, and less where it is deep inside an entry. */
function weightOf({ field, sure, member, rank }: Guess): number {
  const base = { pid: 6, sessionId: 6, startTicks: 3, tmuxPane: 4, tmuxSession: 4, host: 2, registeredAt: 2 }[field as string] ?? 1;
  const weak = (field === "pid" || field === "sessionId") && rank < 30 ? 3 : 0;
  return base + (sure ? 2 : 0) - weak - (member.startsWith("/") ? 3 : 0);
}

const claiming: ReadonlySet<Finding["field"]> = new Set<FieldName>(["pid", "sessionId", "tmuxPane", "tmuxSession"]);

function alternatives(guesses: readonly Guess[], taken: ReadonlySet<string>): readonly string[] {
  return guesses
    .filter(({ member }) => !taken.has(member))
    .slice(0, 3)
    .map(({ field, member, why }) => `"${member}" could be the ${field}, too: ${why}`);
}

/** What the members of these entries look like. `where` is the file's name and the way to them, in small letters. */
export function guess(samples: readonly Sample[], around: Surroundings, where: string, numbers: Numbers = new Map()): Guessed {
  const members = membersOf(samples);
  const [pids, sessions] = [pidGuesses(members, around, where, numbers), sessionGuesses(members, around)];
  const pid = members.find(({ member }) => member === pids[0]?.member);
  const ticks = tickGuess(members, pid, around);
  const others = [...timeGuesses(members, around), ...placeGuesses(members, around), ...nameGuesses(members)].toSorted(
    (a, b) => b.rank - a.rank,
  );
  const guesses = chosen([...pids.slice(0, 1), ...(ticks === undefined ? [] : [ticks]), ...sessions, ...others]);
  const kept = keptGuess(members);
  const taken = new Set(guesses.map(({ member }) => member));
  const claims = guesses.filter(({ field }) => claiming.has(field));
  const isOne = samples.some(({ value }) => isRecord(value)) || taken.size > 0;
  return {
    fields: Object.fromEntries(guesses.map(({ field, member }) => [field, member])),
    keepWhen: kept === undefined ? undefined : { [kept.member]: kept.values },
    findings: [...guesses, ...(kept === undefined ? [] : [kept])].map(findingOf),
    notes: [
      ...alternatives(pids, taken),
      ...alternatives(sessions, taken),
      ...unreadTimes(members.filter(({ member }) => !taken.has(member))),
    ],
    weight: claims.length === 0 || !isOne ? 0 : guesses.reduce((sum, one) => sum + weightOf(one), 0),
  };
}
