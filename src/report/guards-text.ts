import { formatDuration } from "../core/duration.ts";
import { isConcern, type Posture } from "./guards.ts";
import type { Guard } from "./model/guards.ts";
import type { LastRun } from "./model/last-run.ts";
import type { Screen } from "./screen/screen.ts";
import { wrap, type Part } from "./screen/wrap.ts";
import { type Palette, visible } from "./visible.ts";

/** What a guard is called, and several of its kind. */
const names = {
  timer: ["timer", "timers"],
  service: ["service", "services"],
  "last-run": ["last run", "last runs"],
  "run-lock": ["run lock", "run locks"],
  state: ["state", "states"],
  // A word of the output.
  ["eyes"]: ["eyes", "eyes"],
  registry: ["registry", "registries"],
  "app-server": ["app server", "app servers"],
  swap: ["swap", "swaps"],
  signals: ["signals", "signals"],
  "host-lock": ["host lock", "host locks"],
  tombstones: ["tombstones", "tombstones"],
  environment: ["environment", "environments"],
} as const satisfies Record<Guard["guard"], readonly [string, string]>;

/** A machine tells what runs from what was configured; a person only whether it is on. */
const words: Readonly<Record<Posture, string>> = {
  "off-runtime-divergent": "off",
  off: "off",
  blind: "blind",
  stale: "stale",
  "dry-run": "dry run",
  on: "on",
};

const roles: Readonly<Record<Posture, keyof Palette>> = {
  "off-runtime-divergent": "problem",
  off: "problem",
  blind: "problem",
  stale: "problem",
  "dry-run": "undecided",
  on: "live",
};

/** Kinds of which there is one: what they are called says all. */
const only: ReadonlySet<Guard["guard"]> = new Set(["last-run", "run-lock", "state", "eyes", "signals", "tombstones"]);

/** Below this many cells the sentence of a guard stands below its name. */
const narrow = 80;
const postureCells = 9;
/** No sentence is longer: a detail names paths and servers, and all of them matter. */
const longest = 1000;

export type DoctorReport = {
  readonly guards: readonly Guard[];
  readonly run: LastRun | undefined;
  readonly nowMs: number;
  /** How often a sweep is due; undefined where nothing sweeps by itself. */
  readonly periodMs: number | undefined;
  /** Shows a path as a person writes it. */
  readonly shown: (path: string) => string;
  readonly verbose: boolean;
};

function lineOf({ guard, name, cause, detail }: Guard, { shown, verbose }: DoctorReport): string {
  const said = visible(detail, longest);
  // What is said of the timer names it already.
  const isNamed = only.has(guard) || cause === "not-installed" || cause === "no-manager" || said.includes(name);
  const text = isNamed ? `${said.charAt(0).toUpperCase()}${said.slice(1)}` : `${visible(shown(name))}: ${said}`;
  const why = verbose && cause !== "fine" ? ` (${cause})` : "";
  return `${text}${/[.!?]$/.test(text) || why !== "" ? "" : "."}${why}`;
}

/** `last run, eyes, 3 registries`, in their order. */
function kinds(guards: readonly Guard[]): string {
  const counts = new Map<Guard["guard"], number>();
  for (const { guard } of guards) counts.set(guard, (counts.get(guard) ?? 0) + 1);
  return [...counts].map(([guard, count]) => (count === 1 ? names[guard][0] : `${count} ${names[guard][1]}`)).join(", ");
}

type Row = { readonly posture: Posture; readonly title: string; readonly text: readonly Part[]; readonly cure: string | null };

function rowLines({ posture, title, text, cure }: Row, titleCells: number, screen: Screen, palette: Palette): readonly string[] {
  const isNarrow = (screen.columns ?? narrow) < narrow;
  const hang = isNarrow ? postureCells : postureCells + titleCells + 2;
  const layout = { first: hang, hang };
  const indent = " ".repeat(hang);
  const [head = "", ...rest] = wrap(text, layout, screen, palette);
  const mark = palette[roles[posture]](words[posture]) + " ".repeat(postureCells - words[posture].length);
  const name = palette.strong(title);
  const first = isNarrow ? [`${mark}${name}`, `${indent}${head}`] : [`${mark}${name}${" ".repeat(titleCells + 2 - title.length)}${head}`];
  const done = cure === null ? [] : wrap(["do: ", { role: "command", text: visible(cure, longest) }], layout, screen, palette);
  return [...first, ...rest, ...done.map((line, index) => (index === 0 ? `${indent}${line}` : line))];
}

function lastSweep({ run, nowMs, periodMs }: DoctorReport): string {
  if (run?.finished === undefined || run.finished === null) return "";
  const failed = run.ok === true ? "nothing failed" : "and something failed";
  const next = periodMs === undefined ? "" : ` Next within ${formatDuration(periodMs).replace(/m$/, " min")}.`;
  return ` The last sweep was ${formatDuration(nowMs - Date.parse(run.finished))} ago: ${run.counts?.reaped ?? 0} reaped, ${failed}.${next}`;
}

/** How the guards stand: one sentence for each that needs a hand, and what mends it; all the others in one line. */
export function guardsText(report: DoctorReport, screen: Screen, palette: Palette): readonly string[] {
  const { guards, verbose } = report;
  const concerns = guards.filter(isConcern);
  const others = guards.filter((guard) => !isConcern(guard));
  const all = `All ${guards.length} guards are on.${lastSweep(report)}`;
  const need = concerns.length === 1 ? "needs" : "need";
  const title = concerns.length === 0 ? all : `${concerns.length} of ${guards.length} guards ${need} you.`;
  const head = wrap([title], { first: 0, hang: 0 }, screen, palette);
  const rowOf = (guard: Guard): Row => {
    return { posture: guard.posture, title: names[guard.guard][0], text: [lineOf(guard, report)], cure: guard.cure };
  };
  if (concerns.length === 0 && !verbose) return [...head, ...wrap([`  ${kinds(others)}`], { first: 0, hang: 2 }, screen, palette)];
  const rest = `${others.length} ${others.length === 1 ? "other" : "others"}`;
  const summed: readonly Row[] = others.length === 0 ? [] : [{ posture: "on", title: rest, text: [kinds(others)], cure: null }];
  const rows = [...concerns.map(rowOf), ...(verbose ? others.map(rowOf) : summed)];
  const titleCells = Math.max(...rows.map((row) => row.title.length));
  return [...head, ...rows.flatMap((row) => rowLines(row, titleCells, screen, palette))];
}
