import { isChange } from "../core/plan/actions.ts";
import { formatDuration } from "../core/duration.ts";
import type { AppServerObservation, Evidence } from "../core/evidence.ts";
import type { EntryReport, SweepReport } from "./model/sweep.ts";
import { marks } from "./listing/rows.ts";
import { type Palette, visible } from "./visible.ts";

/** A detail names paths and servers, and all of them matter. */
const longestDetail = 1000;

function entryLine(entry: EntryReport, palette: Palette): string {
  const style = palette[entry.verdict];
  const key = visible(entry.key);
  const action = entry.action.padEnd(10);
  return `${style(marks[entry.verdict])} ${palette.strong(key)}  ${style(action)}  ${style(entry.reason)}: ${palette.faint(visible(entry.detail, longestDetail))}`;
}

/** What a sweep did, one line an entry; nothing when it did nothing. */
export function eventLines({ notable }: SweepReport, palette: Palette): readonly string[] {
  const changed = [...notable].filter(({ action }) => isChange(action));
  return changed.map((entry) => `${entryLine(entry, palette)} ${palette.faint(`(${visible(entry.registry)})`)}`);
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
