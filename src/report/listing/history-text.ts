import { reasons, reasonShort, type Reason } from "../../core/reasons.ts";
import { table, type Cell, type Column } from "../screen/table.ts";
import { plural, tilde, type View } from "./view.ts";

/** An act as the history keeps it: a sweep, a restore, or the ending of processes. */
export type Act = {
  readonly sweepId: string;
  readonly at: string;
  readonly command: string;
  readonly word?: string;
  readonly entries: readonly ActedEntry[];
  readonly more?: number;
  readonly processes?: readonly { readonly became: string }[];
};

/** What was done with one entry. */
export type ActedEntry = {
  readonly registry: string;
  readonly key: string;
  readonly action: string;
  readonly reason: string;
  readonly tombstone: string | undefined;
};

/** When an act was, as a person says it. */
export type Moments = { readonly moment: (epochMs: number) => string };

const words: Readonly<Record<string, string>> = { restored: "put back", released: "let go", healed: "healed", failed: "FAILED" };
const wordFor = (action: string): string => words[action] ?? action;

/** More equal rows than this are one on a terminal. */
const unfolded = 8;

/** When each tombstone was put back, by its id. */
export function putBackIn(all: readonly Act[]): ReadonlyMap<string, number> {
  const restored = all.flatMap(({ at, entries }) => entries.filter(({ action }) => action === "restored").map((entry) => ({ at, entry })));
  return new Map(
    restored.flatMap(({ at, entry: { tombstone } }) => (tombstone === undefined ? [] : [[tombstone, Date.parse(at)] as const])),
  );
}

/** What an act did, in a few words: how many entries for each thing that was done, and how many of them are back. */
function didOf({ entries, more = 0, processes = [] }: Act, back: ReadonlyMap<string, number>): string {
  const counts = new Map<string, number>();
  for (const { action } of entries) counts.set(wordFor(action), (counts.get(wordFor(action)) ?? 0) + 1);
  const since = entries.filter(({ action, tombstone }) => action !== "restored" && tombstone !== undefined && back.has(tombstone)).length;
  const ended = processes.filter(({ became }) => became === "ended").length;
  return [
    ...[...counts].map(([what, count]) => `${count} ${what}`),
    ...(more === 0 ? [] : [`${more} more`]),
    ...(processes.length === 0 ? [] : [`${plural(ended, "process", "processes")} ended`]),
    ...(since === 0 ? [] : [`${since} put back since`]),
  ].join(", ");
}

function placesOf({ entries }: Act, home: string): string {
  const [first, ...others] = new Set(entries.map(({ registry }) => registry));
  if (first === undefined) return "";
  return others.length === 0 ? tilde(first, home) : `${tilde(first, home)} and ${others.length} more`;
}

const actColumns: readonly Column[] = [
  { head: "SWEEP", role: "strong" },
  { head: "WHEN", role: "faint" },
  { head: "COMMAND", least: 5, cut: "middle" },
  { head: "DID", least: 8, cut: "middle" },
  { head: "WHERE", most: 44, least: 12, droppable: true, cut: "path", role: "faint" },
];

/** One line an act, in the order in which they are given. `nameOf` is what its sweep is called by. */
export function historyText(
  all: readonly Act[],
  back: ReadonlyMap<string, number>,
  nameOf: (sweepId: string) => string,
  { moment }: Moments,
  view: View,
): readonly string[] {
  const { screen, palette, home, verbose } = view;
  const rows = all.map((act): readonly Cell[] => {
    const [name, when] = verbose ? [act.sweepId, act.at] : [nameOf(act.sweepId), moment(Date.parse(act.at))];
    const said = act.word === undefined ? act.command : `${act.command}, ${act.word}`;
    return [name, when, said, didOf(act, back), placesOf(act, home)];
  });
  const { head, rows: lines } = table(actColumns, rows, screen, palette);
  return [head, ...lines.flat()];
}

const isReason = (reason: string): reason is Reason => (reasons as readonly string[]).includes(reason);

const entryColumns: readonly Column[] = [
  { head: "ID", most: 24, least: 8, cut: "middle", role: "strong" },
  { head: "WHERE", most: 44, least: 12, droppable: true, cut: "path" },
  { head: "WHAT" },
  { head: "WHY", most: 24, least: 8, cut: "middle", role: "faint" },
];

/** All that one act did with entries, one line each; of many that are alike a terminal shows one for all. */
export function actText({ entries, more = 0 }: Act, back: ReadonlyMap<string, number>, { moment }: Moments, view: View): readonly string[] {
  const { screen, palette, home, verbose } = view;
  const groups = new Map<string, ActedEntry[]>();
  const whatOf = ({ action, tombstone }: ActedEntry): Cell => {
    const at = action === "restored" || tombstone === undefined ? undefined : back.get(tombstone);
    return at === undefined ? { text: wordFor(action), role: "ghost" } : { text: `put back ${moment(at)}`, role: "undecided" };
  };
  for (const entry of entries) {
    const alike = JSON.stringify([whatOf(entry), entry.reason, entry.registry]);
    const group = groups.get(alike);
    if (group === undefined) groups.set(alike, [entry]);
    else group.push(entry);
  }
  const isFolding = screen.isTerminal && !verbose;
  const shown = [...groups.values()].flatMap((group) => (isFolding && group.length > unfolded ? [group] : group.map((one) => [one])));
  const rows = shown.map((group): readonly Cell[] => {
    const one = group[0] as ActedEntry;
    const name = group.length > 1 ? `${group.length} ${screen.signs.times}` : one.key;
    return [name, tilde(one.registry, home), whatOf(one), isReason(one.reason) ? reasonShort(one.reason) : one.reason];
  });
  const { head, rows: lines } = table(entryColumns, rows, screen, palette);
  return [...(entries.length === 0 ? [] : [head, ...lines.flat()]), ...(more === 0 ? [] : [`and ${more} more`])];
}
