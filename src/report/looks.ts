import { sayDuration } from "../core/duration.ts";
import type { AppServerSight, Evidence } from "../core/evidence.ts";

function sayServer(url: string, sight: AppServerSight): string {
  if (sight.kind !== "answered") return `${url}: ${sight.kind}${sight.kind === "unanswered" ? `: ${sight.why}` : ""}`;
  const up = sight.upMs.seen ? `up for ${sayDuration(sight.upMs.value)}` : "for how long it has been up is not known";
  return `${url}: answered, ${sight.loaded.size} loaded, ${up}`;
}

/** What a sweep looked at and what it saw there, one line a look: for `--verbose` and for whoever reads the JSON. */
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
  lines.push(...[...appServers].map(([url, sight]) => sayServer(url, sight)));
  lines.push(...[...endpoints].map(([name, sight]) => `${name}: ${sight.kind}`));
  return lines;
}
