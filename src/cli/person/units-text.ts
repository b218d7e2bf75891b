import { plural, tilde, type View } from "../../report/listing/view.ts";
import { command, wrap, type Part } from "../../report/screen/wrap.ts";
import { type Palette, visible } from "../../report/visible.ts";

/** What was done by an installation, or would be, one line a fact. */
export type UnitsRow = { readonly label: string; readonly text: readonly Part[]; readonly role?: keyof Palette };

/** Files by the directory in which they are, the first of which is named: what is below that one is said with its folder. */
export function filesRow(label: string, paths: readonly string[], directory: string, home: string): readonly UnitsRow[] {
  const isBelow = (path: string): boolean => path.startsWith(`${directory}/`);
  const row = (at: number, names: readonly string[], where: string): UnitsRow => {
    return { label: at === 0 ? label : "", text: [`${names.join(", ")} in ${visible(tilde(where, home), 4096)}`] };
  };
  const below = paths.filter(isBelow).map((path) => path.slice(directory.length + 1));
  const groups = [...(below.length === 0 ? [] : [[below, directory] as const]), ...paths.filter((path) => !isBelow(path)).map(apart)];
  return groups.map(([names, where], at) => row(at, names, where));
}

function apart(path: string): readonly [names: readonly string[], directory: string] {
  const at = path.lastIndexOf("/");
  return [[path.slice(at + 1)], path.slice(0, at)];
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

/** Who looks, and for whom; undefined for the user who installed it. */
export function checkRow(user: string | undefined): UnitsRow {
  return { label: "check", text: [command(user === undefined ? "sessreap doctor" : `sudo sessreap doctor --system ${user}`)] };
}

/** Cells of a label, and of the indent below it. */
const labelCells = 9;

export function unitsText(rows: readonly UnitsRow[], { screen, palette }: Pick<View, "screen" | "palette">): readonly string[] {
  return rows.flatMap(({ label, text, role = "strong" }) => {
    const cells = Math.max(labelCells, label.length + 1);
    const [first = "", ...more] = wrap(text, { first: cells, hang: labelCells }, screen, palette);
    return [`${label === "" ? "" : palette[role](label)}${" ".repeat(cells - label.length)}${first}`, ...more];
  });
}
