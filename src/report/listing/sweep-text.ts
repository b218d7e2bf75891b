import type { EntryReport, RegistryReport, RegistryTitle, SweepReport } from "../model/sweep.ts";
import { cutPath } from "../screen/cut.ts";
import { table } from "../screen/table.ts";
import { wrap, type Part } from "../screen/wrap.ts";
import { visible } from "../visible.ts";
import { countLine } from "./count-line.ts";
import { inOrder, rowsOf } from "./rows.ts";
import { tilde, type View } from "./view.ts";

type Section = {
  readonly registry: RegistryReport;
  readonly title: RegistryTitle;
  /** Those that are shown. */
  readonly entries: readonly EntryReport[];
  readonly hasWork: boolean;
};

/** A path loses its middle where it would take more cells; then the title fits on one line with what follows. */
const longestPath = 60;

/** Why nothing is done there, or what else its state is; undefined where it was swept and nothing stands in the way. */
function remarkOf({ state, owner, problem }: RegistryReport): Part | undefined {
  if (owner.up) return `${owner.pids.length > 0 || problem === null ? "it runs" : visible(problem, 1000)}, so ghosts are held back`;
  if (state === "swept") return undefined;
  const why = state === "report-only" && problem !== null ? `: ${visible(problem, 1000)}` : "";
  return { role: "problem", text: `${state}${why}` };
}

function countOf({ registry: { registrations }, entries }: Section, isList: boolean): string {
  const hidden = registrations - entries.length;
  if (hidden <= 0) return String(registrations);
  if (isList) return `${registrations}, ${entries.length} shown`;
  return entries.length === 0 ? `${registrations}, all kept` : `${registrations}, of which ${hidden} kept`;
}

function titleLines(section: Section, isList: boolean, { screen, palette, home }: View): readonly string[] {
  const { registry, title } = section;
  const dot = ` ${screen.signs.dot} `;
  const path = visible(tilde(registry.path, home), 4096);
  const room = screen.columns === undefined ? path.length : Math.min(longestPath, screen.columns - 2);
  const remark = remarkOf(registry);
  const parts: readonly Part[] = [
    { role: "strong", text: visible(title.title) },
    `${dot}${screen.columns === undefined ? path : cutPath(path, room, screen)}${dot}${countOf(section, isList)}`,
    ...(remark === undefined ? [] : [dot, remark]),
    ...(isList && registry.passedOver !== undefined ? [`${dot}${registry.passedOver} passed over`] : []),
  ];
  return wrap(parts, { first: 0, hang: 2 }, screen, palette);
}

/** Two registries can be of one path and one format: two containers of one file. */
function byRegistry(entries: Iterable<EntryReport>): ReadonlyMap<number | undefined, readonly EntryReport[]> {
  const found = new Map<number | undefined, EntryReport[]>();
  for (const entry of entries) {
    const before = found.get(entry.registryIndex);
    if (before === undefined) found.set(entry.registryIndex, [entry]);
    else before.push(entry);
  }
  return found;
}

/** The places at which nothing is, and what would be there; of several such places the first, unless all are asked for. */
function placesLines({ registries, titles }: SweepReport, { screen, palette, home, verbose }: View): readonly string[] {
  const places = new Map<string, string[]>();
  for (const [index, { state, path }] of registries.entries()) {
    const title = titles[index]?.title ?? "";
    if (state === "missing") places.set(title, [...(places.get(title) ?? []), tilde(path, home)]);
  }
  const rows = [...places].flatMap(([title, paths]) => {
    if (verbose) return paths.map((path) => ["", title, path]);
    return [["", title, `${paths[0] ?? ""}${paths.length === 1 ? "" : `, and ${paths.length - 1} more`}`]];
  });
  const columns = [{ head: "" }, { head: "", least: 8, cut: "middle" }, { head: "", least: 8, cut: "path" }] as const;
  return table(columns, rows, screen, palette).rows.flat();
}

function sectionsOf(report: SweepReport, { verbose }: View): readonly Section[] {
  const isWhole = verbose || report.command === "list";
  const grouped = byRegistry(isWhole ? [...report.entries].filter(({ selected }) => selected) : report.notable);
  const sections = report.registries.flatMap((registry, index): readonly Section[] => {
    const title = report.titles[index];
    if (registry.state === "missing" || title === undefined) return [];
    const entries = grouped.get(index) ?? [];
    return [{ registry, title, entries, hasWork: entries.some(({ action }) => action !== "kept") }];
  });
  const shown = verbose ? sections : sections.filter(({ registry }) => registry.registrations > 0 || registry.state !== "swept");
  return [...shown.filter(({ hasWork }) => hasWork), ...shown.filter(({ hasWork }) => !hasWork)];
}

/** So many of those that were chosen, as they are listed: registry by registry, those with something to do first. */
export function firstOf(report: SweepReport, limit: number): readonly EntryReport[] {
  const chosen = [...report.entries].filter(({ selected }) => selected);
  const busy = new Set(chosen.flatMap(({ action, registryIndex }) => (action === "kept" ? [] : [registryIndex])));
  const rankOf = ({ registryIndex = 0 }: EntryReport): number => (busy.has(registryIndex) ? 0 : report.registries.length) + registryIndex;
  return chosen.toSorted((a, b) => rankOf(a) - rankOf(b) || inOrder(a, b)).slice(0, limit);
}

const unread: ReadonlySet<string> = new Set(["unreadable", "malformed"]);

export type SweepText = { readonly lines: readonly string[]; readonly hasFolded: boolean };

/** The report of a sweep, a dry run or a list: what was done first, registry by registry, and one count line last. */
export function sweepText(report: SweepReport, view: View): SweepText {
  const { screen, palette, verbose } = view;
  const sections = sectionsOf(report, view);
  const { head, lines: rows, hasFolded } = rowsOf(sections, view);
  const lines = sections.flatMap((section, index) => [...titleLines(section, report.command === "list", view), ...(rows[index] ?? [])]);
  if (sections.some(({ entries }) => entries.length > 0)) lines.unshift(head);
  // What could not be read can hold any number of them.
  const isEmpty =
    report.command === "list" && report.registries.every(({ state, registrations }) => registrations === 0 && !unread.has(state));
  if (isEmpty) lines.push("No agent session is registered on this machine. Looked for:");
  else if (verbose && report.registries.some(({ state }) => state === "missing")) lines.push("", "Looked for, and not there:");
  if (isEmpty || verbose) lines.push(...placesLines(report, view));
  if (lines.length > 0) lines.push("");
  if (report.refusal === null) lines.push(...wrap([countLine(report)], { first: 0, hang: 0 }, screen, palette));
  return { lines, hasFolded };
}
