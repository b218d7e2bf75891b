import { MultiSelectPrompt, isCancel } from "@clack/core";
import { formatDuration } from "../../core/duration.ts";
import { reasonShort } from "../../core/reasons.ts";
import { idsIn } from "../../report/listing/ids.ts";
import { tilde } from "../../report/listing/view.ts";
import type { EntryReport } from "../../report/model/sweep.ts";
import type { Screen } from "../../report/screen/screen.ts";
import { table, type Cell, type Column } from "../../report/screen/table.ts";
import { wrap } from "../../report/screen/wrap.ts";
import { type Palette, visible } from "../../report/visible.ts";
import type { Reapable } from "../../sweep/reapable.ts";
import type { Output } from "../output.ts";

/** What a list is drawn with. */
export type ListView = {
  readonly screen: Screen;
  readonly palette: Palette;
  readonly home: string;
  /** Lines of the terminal. */
  readonly rows: number;
};

/** Cells before the row itself: the cursor, and the box that is marked. */
const margin = 6;

const columns: readonly Column[] = [
  { head: "ID", most: 24, least: 8, cut: "middle", role: "strong" },
  { head: "AGE", align: "right", role: "faint" },
  { head: "WHERE", least: 8, most: 44, droppable: true, cut: "path" },
  { head: "WHY", role: "faint" },
];

function cellsOf({ report }: Reapable, idOf: (entry: EntryReport) => string, home: string): readonly Cell[] {
  const { cwd, ageMs, reason, body, action } = report;
  const held = action === "withheld" ? "; held back" : action === "pending" ? "; waits" : "";
  return [
    idOf(report),
    ageMs === null ? "?" : formatDuration(ageMs),
    cwd === null ? "" : tilde(cwd, home),
    `${reasonShort(reason)}${body === undefined ? "" : `, file ${body}`}${held}`,
  ];
}

/** What is known of the entry at the cursor, a line each. */
function aboutLines({ report }: Reapable, { screen, palette, home }: ListView): readonly string[] {
  const { sessionId, registry, detail, reason, cwd } = report;
  const said = [
    ["session", sessionId ?? "unknown"],
    ["in", tilde(registry, home)],
    ["place", cwd === null ? "unknown" : tilde(cwd, home)],
    ["why", `${reason}: ${detail}`],
  ] as const;
  return said.flatMap(([name, text]) => {
    const [first = "", ...more] = wrap([visible(text, 400)], { first: 11, hang: 11 }, screen, palette);
    return [`  ${palette.faint(name.padEnd(9))}${first}`, ...more];
  });
}

/** The rows that fit on the terminal, around the one at the cursor. */
function windowOf(count: number, cursor: number, room: number): readonly [from: number, to: number] {
  const from = Math.max(0, Math.min(cursor - Math.floor(room / 2), count - room));
  return [from, Math.min(count, from + room)];
}

/** One frame of the list, no taller and no wider than the terminal. */
export function listFrame(all: readonly Reapable[], cursor: number, marked: ReadonlySet<number>, view: ListView): string {
  const { screen, palette, home, rows } = view;
  const ofFiles = new Set(all.filter(({ isFile }) => isFile).map(({ report }) => report));
  const idOf = idsIn(
    all.map(({ report }) => report),
    (report) => ({ title: "", isFiles: ofFiles.has(report) }),
  );
  const narrow = { ...screen, columns: screen.columns === undefined ? undefined : Math.max(1, screen.columns - margin) };
  const lines = table(
    columns,
    all.map((one) => cellsOf(one, idOf, home)),
    narrow,
    palette,
  ).rows.map((row) => [row].flat().join(" "));
  const registries = new Set(all.map(({ name }) => name.registry)).size;
  const proven = all.filter(({ isProven }) => isProven).length;
  const { dot } = screen.signs;
  const where = registries === 1 ? "1 registry" : `${registries} registries`;
  const title = `${proven} to choose from in ${where} ${dot} space marks ${dot} a all ${dot} enter reaps ${dot} esc leaves`;
  const head = wrap([title], { first: 0, hang: 2 }, screen, palette);
  const below = all[cursor] === undefined ? [] : aboutLines(all[cursor], view);
  const [from, to] = windowOf(all.length, cursor, Math.max(1, rows - head.length - below.length - 4));
  const shown = lines.slice(from, to).map((line, nth) => {
    const index = from + nth;
    const box = all[index]?.isProven === true ? (marked.has(index) ? "[x]" : "[ ]") : ` ${dot} `;
    return `${index === cursor ? palette.strong(">") : " "} ${box} ${line}`;
  });
  const hidden = all.length - shown.length;
  return [...head, ...shown, ...(hidden === 0 ? [] : [palette.faint(`      ${hidden} more`)]), "", ...below].join("\n");
}

/** The entries that were marked, none where the person left; and whether that was by Ctrl-C. */
export type Picked = { readonly chosen: readonly Reapable[]; readonly isInterrupted: boolean };

/** Lets a person mark entries of a list; those that may not go cannot be marked. */
export async function pickFrom(all: readonly Reapable[], output: Output, view: () => ListView, signal: AbortSignal): Promise<Picked> {
  let isInterrupted = false;
  const prompt = new MultiSelectPrompt({
    input: process.stdin,
    output: output.stream,
    signal,
    accessible: false,
    options: all.map(({ isProven }, value) => ({ value, disabled: !isProven })),
    initialValues: [...all.keys()].filter((index) => all[index]?.isProven === true),
    render() {
      if (this.state === "submit" || this.state === "cancel") return "";
      return listFrame(all, this.cursor, new Set(this.value ?? []), view());
    },
  });
  prompt.on("key", (_, { name, ctrl }) => {
    isInterrupted = ctrl === true && name === "c";
  });
  const answer = await prompt.prompt();
  const marked = new Set(isCancel(answer) ? [] : answer);
  return { isInterrupted, chosen: all.filter(({ isProven }, index) => isProven && marked.has(index)) };
}
