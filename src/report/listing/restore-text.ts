import type { Verdict } from "../../core/ladder.ts";
import { table, type Cell } from "../screen/table.ts";
import { marks } from "./rows.ts";
import { stemOf } from "./ids.ts";
import { plural, tilde, type View } from "./view.ts";

/** What became of one tombstone, as far as a report shows it. */
type Outcome = {
  readonly tombstone: { readonly registry: string; readonly key: string; readonly kept: { readonly layout: "members" | "files" | "rows" } };
  readonly action: "restored" | "would-restore" | "newcomer" | "failed";
  readonly detail: string;
};

const words = {
  failed: { what: "FAILED", verdict: "undecided", count: "failed" },
  newcomer: { what: "left alone", verdict: "undecided", count: "left alone" },
  restored: { what: "put back", verdict: "live", count: "put back" },
  "would-restore": { what: "would put back", verdict: "live", count: "would be put back" },
} as const satisfies Record<Outcome["action"], { readonly what: string; readonly verdict: Verdict; readonly count: string }>;

const order = Object.keys(words) as readonly Outcome["action"][];
const unfolded = 8;

/** Where nothing else is to be said of them, more than a few equal rows are one on a terminal. */
function grouped(outcomes: readonly Outcome[], isFolding: boolean): readonly (readonly Outcome[])[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const alike = [outcome.action, outcome.tombstone.registry, outcome.detail].join("\0");
    const group = groups.get(alike);
    if (group === undefined) groups.set(alike, [outcome]);
    else group.push(outcome);
  }
  return [...groups.values()].flatMap((group) => (isFolding && group.length > unfolded ? [group] : group.map((one) => [one])));
}

/** What was put back and what was not, one line an entry, and how many there were. */
export function restoreText(outcomes: readonly Outcome[], view: View): readonly string[] {
  const { screen, palette, home, verbose } = view;
  const ordered = outcomes.toSorted((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  const rows = grouped(ordered, screen.isTerminal && !verbose).map((group): readonly Cell[] => {
    const { tombstone, action, detail } = group[0] as Outcome;
    const { what, verdict } = words[action];
    const id = tombstone.kept.layout === "files" ? stemOf(tombstone.key) : tombstone.key;
    const name = group.length > 1 ? `${group.length} ${screen.signs.times}` : id;
    return [{ text: marks[verdict].trim(), role: verdict }, name, tilde(tombstone.registry, home), { text: what, role: verdict }, detail];
  });
  const columns = [
    { head: " ", gap: 1 },
    { head: "ID", most: 24, least: 8, cut: "middle", role: "strong" },
    { head: "REGISTRY", most: 44, least: 8, droppable: true, cut: "path" },
    { head: "WHAT" },
    { head: "WHY", least: 8, cut: "middle", role: "faint" },
  ] as const;
  const { head, rows: lines } = table(columns, rows, screen, palette);
  const counts = order.flatMap((action) => {
    const count = outcomes.filter((one) => one.action === action).length;
    return count === 0 ? [] : [`${count} ${words[action].count}`];
  });
  return [head, ...lines.flat(), "", `${plural(outcomes.length, "tombstone")}: ${counts.join(", ")}`];
}
