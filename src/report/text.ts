import { isChange } from "../core/plan/actions.ts";
import { formatDuration } from "../core/duration.ts";
import type { AppServerObservation, Evidence } from "../core/evidence.ts";
import type { Verdict } from "../core/ladder.ts";
import type { EntryReport, RegistryReport, SweepReport } from "./model/sweep.ts";
import { blindness, blindWords } from "./sweep-guards.ts";
import { countActions } from "./tally.ts";
import { type Palette, visible } from "./visible.ts";

/** A mark that can be read without colour. */
const marks = { ghost: "-", undecided: "?", live: " " } as const satisfies Record<Verdict, string>;
const rank = { ghost: 0, undecided: 1, live: 2 } as const satisfies Record<Verdict, number>;
const widestKey = 32;
/** A detail names paths and servers, and all of them matter. */
const longestDetail = 1000;

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function entryLine(entry: EntryReport, keyWidth: number, palette: Palette): string {
  const style = palette[entry.verdict];
  const key = visible(entry.key).padEnd(keyWidth);
  const action = entry.action.padEnd(10);
  return `${style(marks[entry.verdict])} ${palette.strong(key)}  ${style(action)}  ${style(entry.reason)}: ${palette.faint(visible(entry.detail, longestDetail))}`;
}

function registryLine({ format, path, state, registrations, problem }: RegistryReport, palette: Palette): string {
  const head = `${palette.strong(visible(path))} (${format})`;
  if (state === "swept" && problem === null) return `${head}: ${plural(registrations, "registration")}`;
  const said = problem === null ? "" : `: ${visible(problem)}`;
  return `${head}: ${palette.problem(state)}${said}`;
}

function countLine({ tallies, summary, dryRun, command }: SweepReport): string {
  const { ghost, undecided, live, noClaim } = summary;
  const unclaimed = noClaim === 0 ? "" : `, ${noClaim} without a claim`;
  const all = plural(ghost + undecided + live + noClaim, "registration");
  const verdicts = `${all}: ${plural(ghost, "ghost")}, ${undecided} undecided, ${live} live${unclaimed}`;
  const counts = [
    [summary.reaped, "reaped"],
    [countActions(tallies, "would-reap"), "would be reaped"],
    [summary.healed, "healed"],
    [countActions(tallies, "would-heal"), "would be healed"],
    [summary.superseded, "released as superseded"],
    [tallies.reduce((sum, { marked }) => sum + marked, 0), "marked as released"],
    [countActions(tallies, "would-release"), "would be released"],
    [summary.pending, "waiting for a second look"],
    [summary.withheld, "withheld"],
    [summary.busy, "busy"],
    [summary.skipped, "skipped"],
    [summary.failed, "failed"],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const nothing = command === "list" ? [] : [dryRun ? "nothing to reap" : "nothing reaped"];
  return (
    [verdicts, (said.length > 0 ? said : nothing).join(", ")].filter((part) => part !== "").join("; ") +
    (dryRun && command !== "list" ? " (dry run)" : "")
  );
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

/** The report of a sweep, a dry run or a list: by registry, ghosts first, one count line last. */
export function sweepText(report: SweepReport, palette: Palette, quiet: boolean): readonly string[] {
  const lines: string[] = [];
  const shown = [...report.registries.entries()].filter(([, { state }]) => state !== "missing");
  const grouped = byRegistry(quiet ? [] : report.entries);
  for (const [index, registry] of quiet ? [] : shown) {
    const entries = grouped.get(index) ?? [];
    const keyWidth = entries.reduce((widest, { key }) => Math.min(widestKey, Math.max(widest, visible(key).length)), 0);
    const ordered = entries.toSorted((a, b) => rank[a.verdict] - rank[b.verdict]);
    lines.push(registryLine(registry, palette), ...ordered.map((entry) => entryLine(entry, keyWidth, palette)), "");
  }
  const missing = report.registries.filter(({ state }) => state === "missing");
  if (missing.length > 0 && !quiet) {
    lines.push("Looked for, and not there:", ...missing.map(({ format, path }) => `  ${visible(path)} (${format})`), "");
  }
  if (report.refusal === null) lines.push(countLine(report));
  return lines;
}

/** What a sweep did, one line an entry; nothing when it did nothing. */
export function eventLines({ notable }: SweepReport, palette: Palette): readonly string[] {
  const changed = [...notable].filter(({ action }) => isChange(action));
  return changed.map((entry) => `${entryLine(entry, 0, palette)} ${palette.faint(`(${visible(entry.registry)})`)}`);
}

/** What belongs on stderr: a guard that is off, and what could not be read. */
export function sweepWarnings(report: SweepReport, named: ReadonlySet<string>): readonly string[] {
  const lines = report.warnings.map((warning) => `warning: ${visible(warning)}`);
  if (report.refusal !== null) lines.push(`refused: ${visible(report.refusal)}; nothing was touched`);
  for (const { path, state, problem, owner } of report.registries) {
    const isFault = state === "unreadable" || state === "malformed" || state === "failed" || (state === "missing" && named.has(path));
    if (isFault)
      lines.push(
        `error: ${visible(path)} ${state === "missing" || state === "unreadable" ? "" : `is ${state}: `}${visible(problem ?? state)}`,
      );
    else if (state === "swept" && problem !== null) lines.push(`error: ${visible(path)} is not judged in full: ${visible(problem)}`);
    else if (state === "report-only" && !owner.up) lines.push(`warning: ${visible(path)} is report-only: ${visible(problem ?? "")}`);
  }
  return [...lines, ...formatBlindness(report)];
}

/** A registry that stays blind is a guard that is off. */
function formatBlindness({ tallies }: SweepReport): readonly string[] {
  const blind = blindness(tallies);
  if (blind === undefined) return [];
  return [`warning: entries are kept because ${blindWords[blind.cause].why}: ${visible(blind.detail)}`];
}

function formatServer(url: string, observation: AppServerObservation): string {
  if (observation.kind !== "answered")
    return `${url}: ${observation.kind}${observation.kind === "unanswered" ? `: ${observation.why}` : ""}`;
  const up = observation.upMs.seen ? `up for ${formatDuration(observation.upMs.value)}` : "for how long it has been up is not known";
  return `${url}: answered, ${observation.loaded.size} loaded, ${up}`;
}

/** What a sweep looked at and what it saw there, one line a look: for `--verbose` and for readers of the JSON. */
export function looksOf({ here, processes, appServers, endpoints }: Evidence): readonly string[] {
  const lines = [
    here.pidNamespace.seen ? `pid namespace ${here.pidNamespace.value.inode}` : `pid namespace not seen: ${here.pidNamespace.why}`,
  ];
  if (!processes.seen) lines.push(`processes not seen: ${processes.why}`);
  else {
    const { pids, agents, complete } = processes.value;
    const whole = complete.seen ? "all processes seen" : `not every process seen: ${complete.why}`;
    lines.push(`${whole}; ${pids.size} recorded pids, ${agents.length} agent processes`);
    lines.push(...agents.map(({ pid, agent, uid }) => `agent ${agent}: pid ${pid}, user ${uid}`));
  }
  lines.push(...[...appServers].map(([url, observation]) => formatServer(url, observation)));
  lines.push(...[...endpoints].map(([name, observation]) => `${name}: ${observation.kind}`));
  return lines;
}
