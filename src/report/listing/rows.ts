import { formatDuration } from "../../core/duration.ts";
import type { Verdict } from "../../core/ladder.ts";
import type { EntryReport, RegistryTitle } from "../model/sweep.ts";
import { cutPath } from "../screen/cut.ts";
import { table, type Cell, type Column } from "../screen/table.ts";
import { wrap } from "../screen/wrap.ts";
import { visible } from "../visible.ts";
import { idsIn } from "./ids.ts";
import { tilde, type View } from "./view.ts";
import { mustSay, rankOf, roleOf, whatOf, whyOf } from "./words.ts";

/** A mark that can be read without colour. */
export const marks = { ghost: "-", undecided: "?", live: " " } as const satisfies Record<Verdict, string>;
const verdictRank = { ghost: 0, undecided: 1, live: 2 } as const satisfies Record<Verdict, number>;

/** From so many cells on there is room for what a table can do without. */
const roomy = 80;
/** More equal rows than this are one. */
const unfolded = 8;
const indent = 4;
/** A detail names paths and servers, and all of them matter. */
const longestDetail = 1000;

/** Where an entry belongs: the directory that it names, or the folder inside its registry. */
export function whereOf({ cwd, key }: EntryReport, isFiles: boolean, home: string): string {
  if (cwd !== null) return tilde(cwd, home);
  if (!isFiles || !key.includes("/")) return "";
  return key.slice(0, key.lastIndexOf("/")).replace(/(?:^|\/)\.[^/]*$/, "");
}

/** What was done comes first, then ghosts before the undecided and these before the living, and the newest of each. */
export function inOrder(a: EntryReport, b: EntryReport): number {
  return (
    rankOf(a.action) - rankOf(b.action) ||
    verdictRank[a.verdict] - verdictRank[b.verdict] ||
    (a.ageMs ?? Number.MAX_SAFE_INTEGER) - (b.ageMs ?? Number.MAX_SAFE_INTEGER) ||
    (a.key < b.key ? -1 : Number(a.key > b.key))
  );
}

const ageOf = ({ ageMs }: EntryReport): string => (ageMs === null ? "?" : formatDuration(ageMs));

/** From the youngest to the oldest of rows in order. */
function agesOf(rows: readonly EntryReport[]): string {
  const ages = rows.filter(({ ageMs }) => ageMs !== null).map(ageOf);
  const [youngest = "?", oldest = youngest] = [ages[0], ages.at(-1)];
  return youngest === oldest ? youngest : `${youngest}-${oldest}`;
}

/** Of many places the one that most are in, and how many others there are. */
function placesOf(places: readonly string[], { screen }: View): Cell {
  const counts = new Map<string, number>();
  for (const place of places) if (place !== "") counts.set(place, (counts.get(place) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (most === undefined) return "";
  if (counts.size === 1) return most[0];
  const shorter = `${counts.size} folders`;
  if ((screen.columns ?? roomy) < roomy) return shorter;
  const more = `, ${counts.size - 1} more folder${counts.size === 2 ? "" : "s"}`;
  return { text: `${most[1]} in ${cutPath(visible(most[0]), 24, screen)}${more}`, shorter };
}

type Row = { readonly cells: readonly Cell[]; readonly below: string | undefined };

const columnsOf = (isRoomy: boolean): readonly Column[] => [
  { head: " ", gap: 1 },
  { head: "ID", most: isRoomy ? 24 : 16, least: 8, cut: "middle", role: "strong" },
  { head: "AGE", align: "right", role: "faint" },
  { head: "WHERE", most: 44, least: 8, droppable: true, cut: "path" },
  { head: "WHAT", most: 12 },
  { head: "WHY", most: 24, least: 8, cut: "middle", role: "faint" },
];

export type Rows = {
  /** Above the first of all rows; they are lined up over the whole report. */
  readonly head: string;
  /** The lines of each registry, in the order in which they were given. */
  readonly lines: readonly (readonly string[])[];
  readonly hasFolded: boolean;
};

/** Rows of which a terminal shows one for all: what differs between them is where they are and how old. */
function folded(rows: readonly EntryReport[], { screen, verbose }: View): readonly (readonly EntryReport[])[] {
  const groups = new Map<string, EntryReport[]>();
  for (const row of rows) {
    const alike = [row.verdict, whatOf(row), whyOf(row, false), mustSay(row)].join("\0");
    const before = groups.get(alike);
    if (before === undefined) groups.set(alike, [row]);
    else before.push(row);
  }
  const isFolding = screen.isTerminal && !verbose;
  return [...groups.values()].flatMap((group) => (isFolding && group.length > unfolded ? [group] : group.map((row) => [row])));
}

/** The rows of a report, registry by registry. */
export function rowsOf(
  registries: readonly { readonly entries: readonly EntryReport[]; readonly title: RegistryTitle }[],
  view: View,
): Rows {
  const { screen, palette, home, verbose } = view;
  const isRoomy = (screen.columns ?? roomy) >= roomy;
  const titles = new Map(registries.flatMap(({ entries, title }) => entries.map((entry) => [entry, title] as const)));
  const idOf = idsIn(titles.keys(), (entry) => titles.get(entry));
  let hasFolded = false;
  const rowOf = (group: readonly EntryReport[], { isFiles }: RegistryTitle): Row => {
    const one = group[0] as EntryReport;
    const isFolded = group.length > 1;
    hasFolded ||= isFolded;
    const places = group.map((entry) => whereOf(entry, isFiles, home));
    const cells: readonly Cell[] = [
      { text: marks[one.verdict].trim(), role: one.verdict },
      isFolded ? `${group.length} ${screen.signs.times}` : idOf(one),
      agesOf(group),
      isFolded ? placesOf(places, view) : (places[0] ?? ""),
      { text: whatOf(one), role: roleOf(one) },
      whyOf(one, !isRoomy),
    ];
    return { cells, below: verbose ? `${one.reason}: ${one.detail}` : mustSay(one) };
  };
  const rows = registries.map(({ entries, title }) => folded(entries.toSorted(inOrder), view).map((group) => rowOf(group, title)));
  const { head, rows: lines } = table(
    columnsOf(isRoomy),
    rows.flat().map(({ cells }) => cells),
    screen,
    palette,
  );
  let at = 0;
  const below = (text: string): readonly string[] =>
    wrap([{ role: "faint", text: visible(text, longestDetail) }], { first: indent, hang: indent }, screen, palette).map((line, index) =>
      index === 0 ? `${" ".repeat(indent)}${line}` : line,
    );
  const linesOf = rows.map((own) => own.flatMap((row) => [...(lines[at++] ?? []), ...(row.below === undefined ? [] : below(row.below))]));
  return { head, lines: linesOf, hasFolded };
}
