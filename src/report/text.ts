import { isChange } from "../core/plan/actions.ts";
import { formatDuration } from "../core/duration.ts";
import type { AppServerObservation, Evidence } from "../core/evidence.ts";
import { rowsOf } from "./listing/rows.ts";
import type { View } from "./listing/view.ts";
import type { SweepReport } from "./model/sweep.ts";
import { visible } from "./visible.ts";

/** `13:58` and a blank. */
export const timeCells = 6;
/** From so many cells on there is room for the name of the registry. */
const roomy = 80;

/**
 * What a sweep of a watch did, one line an event behind the time, and nothing when it did nothing. Of more than a few that
 * are alike a terminal shows one line for all.
 */
export function eventText({ notable, registries, titles }: SweepReport, time: string, view: View): readonly string[] {
  const changed = [...notable].filter(({ action }) => isChange(action));
  const sections = registries.flatMap((_, index) => {
    const [title, entries] = [titles[index], changed.filter(({ registryIndex }) => registryIndex === index)];
    return title === undefined || entries.length === 0 ? [] : [{ title, entries }];
  });
  const { columns, widthOf } = view.screen;
  const narrowed = columns === undefined ? undefined : columns - timeCells;
  const { lines } = rowsOf(sections, { ...view, screen: { ...view.screen, columns: narrowed } });
  return lines.flatMap((own, index) => {
    const behind = `  (${visible(sections[index]?.title.title ?? "")})`;
    return own.map((line) => {
      const isRow = !line.startsWith("    ");
      const isTitled = isRow && (columns === undefined || (columns >= roomy && timeCells + widthOf(line) + widthOf(behind) <= columns));
      return `${isRow ? `${time} ` : " ".repeat(timeCells)}${line}${isTitled ? view.palette.faint(behind) : ""}`;
    });
  });
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
