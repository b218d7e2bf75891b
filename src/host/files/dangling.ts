import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../observed.ts";

/**
 * The symbolic link that leads nowhere and because of which nothing is at `path`, an absolute path; undefined where no
 * link is to blame. A registry behind an unmounted disk is such a path, and that is no registry that is not there.
 */
export function danglingLink(path: string): string | undefined {
  try {
    if (lstatSync(path).isSymbolicLink()) return path;
  } catch (error) {
    const parent = dirname(path);
    return errorCode(error) === "ENOENT" && parent !== path ? danglingLink(parent) : undefined;
  }
  return undefined;
}
