import { plural, tilde, type View } from "../../report/listing/view.ts";
import { command, wrap, type Part } from "../../report/screen/wrap.ts";
import { type Palette, visible } from "../../report/visible.ts";

/** What was done by an installation, or would be, one line a fact. */
export type UnitsRow = { readonly label: string; readonly text: readonly Part[]; readonly role?: keyof Palette };

/** Names of files below one directory, as one row. */
export function filesRow(label: string, names: readonly string[], directory: string, home: string): readonly UnitsRow[] {
  return names.length === 0 ? [] : [{ label, text: [`${names.join(", ")} in ${visible(tilde(directory, home), 4096)}`] }];
}

/** What of an earlier installation stays, and the option that takes it back. */
export function keptRow(option: string, takesBack: string, dot: string): UnitsRow {
  return { label: "keeps", text: [`${option} ${dot} `, command(takesBack), " takes it back"] };
}

type FirstRun = {
  readonly ok: boolean;
  readonly detail: string;
  readonly counts: { readonly registrations: number; readonly ghosts: number; readonly reaped: number } | undefined;
  /** The words that put back what it took; undefined where it took nothing. */
  readonly undo: string | undefined;
  readonly problems: readonly string[];
};

/** What the first run did, in the words of its own record. */
export function firstRunRows({ ok, detail, counts, undo, problems }: FirstRun, dot: string): readonly UnitsRow[] {
  const said =
    counts === undefined
      ? "done"
      : `${plural(counts.registrations, "registration")}: ${plural(counts.ghosts, "ghost")}, ${counts.reaped} reaped`;
  const back: readonly Part[] = undo === undefined ? [] : [` ${dot} undo: `, command(undo)];
  return [
    ok
      ? { label: "first", text: [said, ...back] }
      : { label: "FAILED", text: [`the first run: ${visible(detail, 1000)}`], role: "problem" },
    ...problems.map((problem): UnitsRow => ({ label: "", text: [visible(problem, 1000)] })),
  ];
}

/** Lingering is off: the manager of a user ends with the user's last session, and the timer with it. */
export function lingerRow(user: string): UnitsRow {
  return {
    label: "warning",
    text: ["it stops about ten seconds after you log out: ", command(`loginctl enable-linger ${user}`), " (or the same with sudo)"],
    role: "undecided",
  };
}

export const checkRow: UnitsRow = { label: "check", text: [command("sessreap doctor")] };

/** Cells of a label, and of the indent below it. */
const labelCells = 9;

export function unitsText(rows: readonly UnitsRow[], { screen, palette }: Pick<View, "screen" | "palette">): readonly string[] {
  return rows.flatMap(({ label, text, role = "strong" }) => {
    const cells = Math.max(labelCells, label.length + 1);
    const [first = "", ...more] = wrap(text, { first: cells, hang: labelCells }, screen, palette);
    return [`${label === "" ? "" : palette[role](label)}${" ".repeat(cells - label.length)}${first}`, ...more];
  });
}
