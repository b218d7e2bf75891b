import type { RetiredProcess } from "../core/harnesses/retirement.ts";
import { formatDuration } from "../core/duration.ts";
import type { HarnessReport, OwnersReport, ProcessReport } from "./model/owners.ts";
import { type Palette, visible } from "./visible.ts";

function formatBytes(bytes: number | null): string {
  return bytes === null ? "? MB" : `${Math.round(bytes / 1_048_576)} MB`;
}

/** What tells one process from another for a person: age, terminal, memory and place. */
export function formatProcess({ pid, agent, ageMs, terminal, memoryBytes, cwd }: ProcessReport): string {
  const age = ageMs === null ? "age unknown" : `up ${formatDuration(ageMs)}`;
  return `pid ${pid}  ${visible(agent)}  ${age}  ${terminal ?? "no terminal"}  ${formatBytes(memoryBytes)}  ${visible(cwd ?? "?")}`;
}

/** One line of the history: what was ended, or hung under what was, and what has become of it. */
export function retiredLine({ sessionId, role, pid, agent, signal, via, became }: RetiredProcess): string {
  const how = signal === null ? "" : ` (${signal}${via === "pid" ? " by its pid" : ""})`;
  return `  pid ${pid}  ${role}  ${visible(agent)}  ${became}${how}  ${visible(sessionId)}`;
}

function harnessLines(harness: HarnessReport, place: string, palette: Palette): readonly string[] {
  const { processes, hosts, children, helpers, signs, doubts, possible } = harness;
  const [first, ...rest] = processes;
  if (first === undefined) return [];
  const lines = [`  ${palette.strong(formatProcess(first))}  ${palette.faint(`${place}by ${signs.join(", ")}`)}`];
  for (const process of rest) lines.push(`    with     ${formatProcess(process)}`);
  for (const host of hosts) lines.push(`    under    ${formatProcess(host)}`);
  for (const child of children) {
    const stays = child.stays === null ? "" : `  ${palette.faint(`left alone: ${visible(child.stays)}`)}`;
    lines.push(`    child    ${formatProcess(child)}${stays}`);
  }
  if (helpers.length > 0)
    lines.push(palette.faint(`    and ${helpers.length} more ${helpers.length === 1 ? "process" : "processes"} below it`));
  if (possible !== null) lines.push(`    ${palette.undecided(`? possible: ${visible(possible)}`)}`);
  for (const doubt of doubts) lines.push(`    ${palette.undecided(`? ${visible(doubt)}`)}`);
  return lines;
}

function placeOf(index: number, count: number): string {
  if (count < 2) return "";
  if (index === count - 1) return "newest, ";
  return index === 0 ? "oldest, " : "older, ";
}

/** Who runs what: duplicates first, one count line last. */
export function ownersText({ sessions, unattributed, retired, summary }: OwnersReport, palette: Palette): readonly string[] {
  const lines: string[] = [];
  for (const { sessionId, duplicate, harnesses } of sessions) {
    const title = `${visible(sessionId)}${duplicate ? `: ${harnesses.length} harnesses` : ""}`;
    lines.push(duplicate ? palette.ghost(`! ${title}`) : `  ${title}`);
    for (const [index, harness] of harnesses.entries()) lines.push(...harnessLines(harness, placeOf(index, harnesses.length), palette));
  }
  if (unattributed.length > 0) {
    lines.push("", "Agents whose session cannot be told:");
    for (const { process, why } of unattributed) lines.push(`  ${formatProcess(process)}  ${palette.faint(visible(why))}`);
  }
  if (retired.length > 0) lines.push("", "Retired:", ...retired.map(retiredLine));
  if (lines.length > 0) lines.push("");
  const duplicates = summary.duplicates === 1 ? "1 duplicate" : `${summary.duplicates} duplicates`;
  lines.push(`${summary.sessions} ${summary.sessions === 1 ? "session" : "sessions"}: ${duplicates}, ${summary.harnesses} live harnesses`);
  return lines;
}
