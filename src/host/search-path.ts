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

/** Whether root alone decides what is in a real directory: it and all above it are root's, and only root can write there. */
function isRoots(directory: string): boolean {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined || stat.uid !== 0) return false;
  const isSticky = (stat.mode & 0o1000) !== 0;
  return ((stat.mode & 0o022) === 0 || isSticky) && (directory === "/" || isRoots(dirname(directory)));
}

/**
 * What an environment names for programs may be another user's: `sudo -E` and `su` keep that user's PATH. Root finds
 * programs where root alone could have put them, or else in the usual places.
 */
export function rootsSearchPath(path: string): string {
  const kept = path
    .split(":")
    .flatMap((directory) => realDirectory(directory) ?? [])
    .filter(isRoots);
  return [...kept, ...(kept.length === 0 ? [rootsPath] : [])].join(":");
}

/** For root the PATH of this process loses what is not root's. */
export function narrowSearchPath(): void {
  if (process.getuid?.() === 0) process.env["PATH"] = rootsSearchPath(process.env["PATH"] ?? "");
}
