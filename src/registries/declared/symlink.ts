import type { DeclaredShape } from "./declared.ts";
import type { Format } from "../format.ts";
import { textFile } from "./text-file.ts";

/** One symbolic link an entry, whose claim is where it leads, such as `HOST-PID`. What it leads to need not be there. */
export function symlink(shape: DeclaredShape): Format {
  return {
    ...textFile({ ...shape, ownDirectory: false }),
    name: "symlink",
    title: undefined,
    summary: "a symbolic link, or a directory with one per registration, whose claim is where it leads, described by `text`",
    body: "link",
  };
}
