import type { Palette } from "../visible.ts";
import type { Screen } from "../screen/screen.ts";

/** For whom a report is printed, and on what. */
export type View = {
  readonly screen: Screen;
  readonly palette: Palette;
  /** The home directory, for which `~` stands. */
  readonly home: string;
  readonly verbose: boolean;
};

/** A path below the home directory begins with `~`. */
export function tilde(path: string, home: string): string {
  if (home === "" || home === "/") return path;
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
