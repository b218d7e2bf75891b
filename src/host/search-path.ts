import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Where root finds programs. */
export const rootsPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where a directory really is: another user may lead a symbolic link elsewhere later. Undefined where there is none. */
function realDirectory(path: string): string | undefined {
  try {
    return path.startsWith("/") ? realpathSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether root alone can write in a directory, all above it aside. */
function isRootsAlone(directory: string): boolean {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined || stat.uid !== 0) return false;
  const isSticky = (stat.mode & 0o1000) !== 0;
  return (stat.mode & 0o022) === 0 || isSticky;
}

/**
 * What an environment names for programs may be another user's: `sudo -E` and `su` keep that user's PATH. Root finds
 * programs where root alone could have put them, or else in the usual places.
 */
export function rootsSearchPath(path: string): string {
  // Most directories of a PATH share all that is above them: each is looked at once.
  const known = new Map<string, boolean>();
  const isRoots = (directory: string): boolean => {
    const before = known.get(directory);
    if (before !== undefined) return before;
    const found = isRootsAlone(directory) && (directory === "/" || isRoots(dirname(directory)));
    known.set(directory, found);
    return found;
  };
  const kept = path
    .split(":")
    .flatMap((directory) => realDirectory(directory) ?? [])
    .filter(isRoots);
  return [...kept, ...(kept.length === 0 ? [rootsPath] : [])].join(":");
}

let own: { readonly named: string; readonly found: string } | undefined;

/** Where this process finds the programs that it runs. It is asked for when one is to be run: most runs need none. */
export function searchPath(): string | undefined {
  const named = process.env["PATH"];
  if (process.getuid?.() !== 0) return named;
  if (own === undefined || own.named !== (named ?? "")) own = { named: named ?? "", found: rootsSearchPath(named ?? "") };
  return own.found;
}
