import type { RetiredProcess } from "../core/harnesses/retirement.ts";
import { formatDuration } from "../core/duration.ts";
import type { HarnessReport, OwnersReport, ProcessReport } from "./model/owners.ts";
import type { Screen } from "./screen/screen.ts";
import { table, type Column } from "./screen/table.ts";
import { wrap, type Part } from "./screen/wrap.ts";
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

/** A process below the head line, and what is said of it beneath. */
type Row = { readonly cells: readonly string[]; readonly below: readonly Part[] };

/** Terminal and memory are left out below so many cells. */
const roomy = 80;
/** Rows stand below the line of their session. */
const indent = "    ";

function row(process: ProcessReport, said: string, rank = "", below: readonly Part[] = []): Row {
  const { pid, agent, ageMs, terminal, memoryBytes } = process;
  const up = ageMs === null ? "?" : formatDuration(ageMs);
  return { cells: [String(pid), agent, up, terminal ?? "-", formatBytes(memoryBytes), said, rank], below };
}

const rankOf = (index: number, count: number): string => {
  if (count < 2) return "";
  if (index === count - 1) return "newest";
  return index === 0 ? "oldest" : "older";
};

/** A harness, what stands around it, and what is in doubt. */
function harnessRows({ processes, hosts, children, helpers, signs, doubts, possible }: HarnessReport, rank: string): readonly Row[] {
  const [first, ...rest] = processes;
  if (first === undefined) return [];
  const doubted = [...(possible === null ? [] : [`possible: ${visible(possible)}`]), ...doubts.map((doubt) => visible(doubt))];
  const more = helpers.length === 0 ? [] : [`and ${helpers.length} more ${helpers.length === 1 ? "process" : "processes"} below it`];
  return [
    row(first, signs.join(", "), rank, [
      ...doubted.map((text): Part => ({ role: "undecided", text: `? ${text}` })),
      ...more.map((text): Part => ({ role: "faint", text })),
    ]),
    ...rest.map((process) => row(process, `with ${first.pid}`)),
    ...hosts.map((process) => row(process, `above ${first.pid}`)),
    ...children.map((process) => {
      const stays: readonly Part[] = process.stays === null ? [] : [{ role: "faint", text: `left alone: ${visible(process.stays)}` }];
      return row(process, `child of ${first.pid}`, "", stays);
    }),
  ];
}

function columnsFor(screen: Screen): readonly Column[] {
  const isRoomy = (screen.columns ?? roomy) >= roomy;
  const all: readonly (Column & { readonly spare?: true })[] = [
    { head: "PID", role: "strong" },
    { head: "AGENT", most: 24, least: 8, cut: "middle" },
    { head: "UP", align: "right" },
    { head: "TERMINAL", spare: true },
    { head: "MEMORY", align: "right", spare: true },
    { head: "SEEN BY", least: 8, role: "faint" },
    { head: "" },
  ];
  return isRoomy ? all : all.filter(({ spare }) => spare !== true);
}

const isShown = (screen: Screen, at: number): boolean => (screen.columns ?? roomy) >= roomy || (at !== 3 && at !== 4);

type Session = OwnersReport["sessions"][number];

/** Where its processes are: the place of the first that is known. */
function placeOf({ harnesses }: Session, shown: (path: string) => string): string {
  const cwd = harnesses.flatMap(({ processes }) => processes).find((process) => process.cwd !== null)?.cwd;
  return cwd === undefined || cwd === null ? "" : `, ${visible(shown(cwd))}`;
}

/** What a screen needs beside the report: how a path is written there. */
export type OwnersView = { readonly screen: Screen; readonly palette: Palette; readonly shown: (path: string) => string };

/** Who runs what: duplicates first, one count line last. */
export function ownersText(
  { sessions, unattributed, retired, summary }: OwnersReport,
  { screen, palette, shown }: OwnersView,
): readonly string[] {
  const blocks = [
    ...sessions.map((session) => {
      const { sessionId, duplicate, harnesses } = session;
      const count = `${harnesses.length} ${harnesses.length === 1 ? "harness" : "harnesses"}`;
      const title: readonly Part[] = [
        { role: duplicate ? "ghost" : "strong", text: visible(sessionId) },
        `  ${count}${placeOf(session, shown)}`,
      ];
      const rows = harnesses.flatMap((harness, index) => harnessRows(harness, rankOf(index, harnesses.length)));
      return { mark: duplicate ? palette.ghost("! ") : "  ", title, rows };
    }),
    ...(unattributed.length === 0
      ? []
      : [
          {
            mark: "? ",
            title: ["Agents whose session cannot be told"],
            rows: unattributed.map(({ process, why }) => row(process, visible(why))),
          },
        ]),
  ];
  const narrowed = { ...screen, columns: screen.columns === undefined ? undefined : screen.columns - indent.length };
  const cells = blocks.flatMap(({ rows }) => rows.map((one) => one.cells.filter((_, at) => isShown(screen, at))));
  const { head, rows: drawn } = table(columnsFor(screen), cells, narrowed, palette);
  let at = 0;
  const lines = blocks.flatMap(({ mark, title, rows }) => [
    ...wrap(title, { first: 2, hang: 2 }, screen, palette).map((line, index) => (index === 0 ? `${mark}${line}` : line)),
    ...rows.flatMap(({ below }) => [
      ...(drawn[at++] ?? []).map((line) => `${indent}${line}`),
      ...below.flatMap((part) => {
        const hang = indent.length + 2;
        return wrap([part], { first: hang, hang }, screen, palette).map((line, index) => (index === 0 ? " ".repeat(hang) : "") + line);
      }),
    ]),
  ]);
  const wrapped = (text: string): readonly string[] => wrap([text], { first: 0, hang: indent.length }, screen, palette);
  const duplicates = summary.duplicates === 1 ? "1 duplicate" : `${summary.duplicates} duplicates`;
  const harnesses = `${summary.harnesses} live ${summary.harnesses === 1 ? "harness" : "harnesses"}`;
  return [
    ...(cells.length === 0 ? [] : [`${indent}${head}`]),
    ...lines,
    ...(retired.length > 0 ? ["", "Retired", ...retired.flatMap((one) => wrapped(retiredLine(one)))] : []),
    ...(cells.length + retired.length === 0 ? [] : [""]),
    ...wrapped(`${summary.sessions} ${summary.sessions === 1 ? "session" : "sessions"}: ${duplicates}, ${harnesses}`),
  ];
}
