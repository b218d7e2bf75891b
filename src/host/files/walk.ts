import { closeSync } from "node:fs";
import { openCwd, type DirHandle } from "./held-directory.ts";

/** Stands in a held directory, where it may, and says how a name in it is called from there. */
export type Enter = (directory: DirHandle) => DirHandle["at"];

const bare: DirHandle["at"] = (name) => name;

/** A descriptor by which one comes back to where this process stands; undefined where that is not sure. */
function wayBack(): DirHandle | undefined {
  let here: DirHandle | undefined;
  try {
    // The caller's working directory may be one that our user may not read.
    here = openCwd();
    if (here !== undefined) process.chdir(here.at("."));
    return here;
  } catch {
    if (here !== undefined) closeSync(here.fd);
    return undefined;
  }
}

/**
 * Goes from one held directory to the next, and back in the end: a name is walked in half the time that the way through
 * `/proc/self/fd` takes. The directory is the very one that is held, wherever its path leads. Nothing else runs
 * meanwhile; where a directory cannot be entered, or one could not come back, names are called by the long way.
 */
export function walking<T>(act: (enter: Enter) => T): T {
  const back = wayBack();
  if (back === undefined) return act(({ at }) => at);
  let stands: DirHandle | undefined;
  const enter: Enter = (directory) => {
    if (stands === directory) return bare;
    try {
      process.chdir(directory.at("."));
      stands = directory;
      return bare;
    } catch {
      // We stand where we stood, and every other name is called by the long way.
      return directory.at;
    }
  };
  try {
    return act(enter);
  } finally {
    try {
      process.chdir(back.at("."));
    } catch {
      // What was done counts for more than where one stands: every path of ours begins at the root.
    }
    back.close();
  }
}
