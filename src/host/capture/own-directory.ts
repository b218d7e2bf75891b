import { readdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { UntrustedSymlink, withPlace } from "../files/held-directory.ts";
import { errorCode } from "../observed.ts";

function inDirectory<T>(root: string, key: string, act: (path: string) => T): T | undefined {
  const directory = dirname(join(root, key));
  if (directory === root) return undefined;
  try {
    return withPlace(directory, "there", (at, name) => act(at(name)));
  } catch (error) {
    if (error instanceof UntrustedSymlink || errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Removes the directory of an entry that existed for its sake; one that holds more stays. Returns what is to be said of it. */
export function dropDirectory(root: string, key: string): string | undefined {
  return inDirectory(root, key, (path) => {
    try {
      rmdirSync(path);
      return undefined;
    } catch (error) {
      if (errorCode(error) === "ENOTEMPTY" || errorCode(error) === "EEXIST") return "its directory stays, for it holds more";
      throw error;
    }
  });
}

/** What is said of a directory that an entry has left empty: one that is a lock still blocks what waits for it. */
export function leftDirectory(root: string, key: string): string | undefined {
  const isLeft = inDirectory(root, key, (path) => readdirSync(path).length === 0);
  return isLeft === true ? 'its directory stays, and is empty ("ownDirectory": true removes it)' : undefined;
}
