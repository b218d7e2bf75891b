import type { EntryReport, SweepReport } from "../model/sweep.ts";
import type { Label } from "../screen/labelled.ts";
import { command, type Part } from "../screen/wrap.ts";
import { cureOf } from "../run-guards.ts";
import { blindness, blindWords } from "../sweep-guards.ts";
import { visible } from "../visible.ts";
import { plural } from "./view.ts";

/** One thing to say beside a report. */
export type Remark = { readonly label: Label; readonly text: readonly Part[] };

/** The same as one line of a log. */
export function plainLine({ label, text }: Remark): string {
  return `${label}: ${text.map((part) => (typeof part === "string" ? part : part.text)).join("")}`;
}

/** What a person must know: a guard that is off, and what could not be read. */
export function sweepWarnings(report: SweepReport, named: ReadonlySet<string>): readonly Remark[] {
  const said: Remark[] = report.warnings.map((warning) => ({ label: "warning", text: [visible(warning)] }));
  if (report.refusal !== null) said.push({ label: "refused", text: [`${visible(report.refusal)}; nothing was touched`] });
  for (const { path, state, problem, owner } of report.registries) {
    const isFault = state === "unreadable" || state === "malformed" || state === "failed" || (state === "missing" && named.has(path));
    const how = state === "missing" || state === "unreadable" ? "" : `is ${state}: `;
    const cure = state === "failed" ? cureOf(problem ?? "") : undefined;
    if (isFault)
      said.push({ label: "error", text: [`${visible(path)} ${how}${visible(problem ?? state)}${cure === undefined ? "" : `; ${cure}`}`] });
    else if (state === "swept" && problem !== null)
      said.push({ label: "error", text: [`${visible(path)} is not judged in full: ${visible(problem)}`] });
    else if (state === "report-only" && !owner.up)
      said.push({ label: "warning", text: [`${visible(path)} is report-only: ${visible(problem ?? "")}`] });
  }
  const blind = blindness(report.tallies);
  if (blind !== undefined)
    said.push({ label: "warning", text: [`entries are kept because ${blindWords[blind.cause].why}: ${visible(blind.detail)}`] });
  return said;
}

/** How times are told to the person: `13:34`, `Dec 26`. */
export type Times = { readonly time: (epochMs: number) => string };

const countOf = (entries: readonly EntryReport[], action: EntryReport["action"]): number =>
  entries.filter((entry) => entry.action === action).length;

/** When the ghosts that wait may go. */
function waiting(pending: readonly EntryReport[], isDryRun: boolean, { time }: Times): readonly Part[] {
  const count = `${pending.length} ${pending.length === 1 ? "waits" : "wait"}`;
  const looks = pending.flatMap(({ nextLookAt }) => nextLookAt ?? []);
  if (looks.length < pending.length && isDryRun) return [`${count} for a second look: a sweep, and one 4 minutes after it`];
  if (looks.length < pending.length)
    return [`${count}: ${visible(pending.find(({ note }) => note !== undefined)?.note ?? "for the next sweep")}`];
  const whom = pending.length === 1 ? "it" : "them";
  const last = looks.reduce((one, other) => Math.max(one, other), 0);
  return [`${count} for a second look; a sweep from ${time(last)} on takes ${whom}`];
}

function heldBack({ registries, titles }: SweepReport, count: (index: number) => number): readonly Remark[] {
  return registries.flatMap(({ owner, problem }, index): readonly Remark[] => {
    const held = count(index);
    if (held === 0) return [];
    const title = visible(titles[index]?.title ?? "");
    const pids = owner.pids.length === 0 ? "" : ` (pid ${owner.pids.join(", ")})`;
    const is = `${held} ${held === 1 ? "is" : "are"} held back`;
    if (owner.pids.length === 0) return [{ label: "next", text: [`${is} in ${title}: ${visible(problem ?? "")}`] }];
    return [
      { label: "next", text: [`${is} while ${title} runs${pids}: stop it, or set "release" (`, command("man sessreap-config"), ")"] },
    ];
  });
}

/** What comes next, one line for each kind of waiting there is. */
export function nextLines(report: SweepReport, times: Times): readonly Remark[] {
  const entries = [...report.notable];
  const said: Remark[] = [];
  const reapable = countOf(entries, "would-reap");
  if (report.dryRun && reapable > 0)
    said.push({ label: "next", text: [command("sessreap"), ` reaps ${reapable === 1 ? "it" : `the ${reapable}`}`] });
  const pending = entries.filter(({ action }) => action === "pending");
  if (pending.length > 0) said.push({ label: "next", text: waiting(pending, report.dryRun, times) });
  said.push(
    ...heldBack(
      report,
      (wanted) => entries.filter(({ action, registryIndex }) => action === "withheld" && registryIndex === wanted).length,
    ),
  );
  const busy = entries.filter(({ action }) => action === "busy");
  const users = new Set(
    busy.flatMap(({ usedBy }) => (usedBy === undefined ? [] : [`${visible(usedBy.name ?? "a process")}, pid ${usedBy.pid}`])),
  );
  if (busy.length > 0)
    said.push({
      label: "next",
      text: [`${plural(busy.length, "file")} in use${users.size === 0 ? "" : ` (${[...users].join("; ")})`}; the next sweep tries again`],
    });
  return said;
}
