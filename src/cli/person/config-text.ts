import { tilde, plural, type View } from "../../report/listing/view.ts";
import { command, wrap, type Part } from "../../report/screen/wrap.ts";
import { visible } from "../../report/visible.ts";

/** A setting in force, and what said so. */
export type ShownSetting = { readonly name: string; readonly value: string; readonly from: string };

export type ShownRegistry = {
  readonly path: string;
  /** What is known of it beside its path. */
  readonly about: string;
  /** A well-known place at which nothing is. */
  readonly isAbsent: boolean;
  /** What its files say, a line each. */
  readonly checks: readonly string[];
};

export type ShownConfig = {
  readonly files: readonly string[];
  readonly settings: readonly ShownSetting[];
  readonly registries: readonly ShownRegistry[];
  /** What is not looked at, or declared more than once. */
  readonly remarks: readonly string[];
  readonly clock: string;
};

/** A check names members, and all of them matter. */
const longestCheck = 1000;

/** From so many cells on what said a setting stands in a column of its own. */
const roomyFrom = 60;

/** The settings that are always shown; of others only what is no default. */
const always: ReadonlySet<string> = new Set(["grace", "ttl", "state"]);

/** The configuration in force, as far as it is no default, and the registries that are there. */
export function configText({ files, settings, registries, remarks, clock }: ShownConfig, view: View): readonly string[] {
  const { screen, palette, home, verbose } = view;
  const isRoomy = (screen.columns ?? roomyFrom) >= roomyFrom;
  const shown = settings.filter(({ name, from }) => verbose || always.has(name) || from !== "default");
  const cells = Math.max(...shown.map(({ name }) => name.length), "registries".length) + 2;
  const named = (name: string, parts: readonly Part[]): readonly string[] => {
    const [first = "", ...rest] = wrap(parts, { first: cells, hang: cells }, screen, palette);
    return [`${palette.strong(name)}${" ".repeat(cells - name.length)}${first}`, ...rest];
  };
  const indented = (text: string, indent: number): readonly string[] =>
    wrap([visible(text, longestCheck)], { first: indent, hang: indent + 2 }, screen, palette).map((line, index) =>
      index === 0 ? `${" ".repeat(indent)}${line}` : line,
    );
  const read = files.length === 0 ? "no configuration file" : files.map((file) => visible(tilde(file, home), longestCheck)).join(", ");
  const settingLines = shown.flatMap(({ name, value, from }) =>
    named(name, [
      visible(tilde(value, home), longestCheck).padEnd(isRoomy ? 24 : 0),
      "  ",
      { role: "faint", text: visible(tilde(from, home)) },
    ]),
  );
  const left = settings.length - shown.length;
  const isShown = ({ isAbsent, checks }: ShownRegistry): boolean => verbose || !isAbsent || checks.length > 0;
  const absent = registries.filter((one) => !isShown(one)).length;
  return [
    ...named("read", [read]),
    ...settingLines,
    ...(left === 0
      ? []
      : wrap([`${left} more at their defaults: `, command("sessreap config -v")], { first: 0, hang: 2 }, screen, palette)),
    "",
    palette.strong("registries"),
    ...registries
      .filter(isShown)
      .flatMap(({ path, about, checks }) => [
        ...indented(`${tilde(path, home)} ${about}`, 2),
        ...checks.flatMap((line) => indented(line, 4)),
      ]),
    ...(absent === 0
      ? []
      : wrap(
          ["  nothing is at ", plural(absent, "well-known place"), ": ", command("sessreap config -v")],
          { first: 0, hang: 4 },
          screen,
          palette,
        )),
    ...remarks.flatMap((line) => indented(line, 2)),
    "",
    ...named("clock", [clock]),
  ];
}
