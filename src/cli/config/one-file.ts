import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { hangs } from "../../host/files/held-directory.ts";
import type { Format } from "../../registries/format.ts";
import { Failure } from "../failure.ts";

/** A path, and the format whose entries are looked for below it. */
type Place = { readonly path: string; readonly format: Format };

const isDirectory = (path: string): boolean => !hangs(path) && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** A registry of one-file entries that is named by its only file: it is looked for in that file's directory. */
function only(path: string, format: Format): Place {
  const name = basename(path);
  if (/[*<]/.test(name)) throw new Failure("config", `${path}: a file's name with * or < in it can only be described by \`pattern\``);
  return { path: dirname(path), format: { ...format, patterns: [name] } as Format };
}

/**
 * Where the entries of a registry are looked for, given its path. That of a host lock may be the lock itself. A declared
 * registry without a pattern is its only file; `where` is its place in the configuration.
 */
export function placeAt(path: string, format: Format, where: string | undefined): Place {
  if (format.layout !== "files") return { path, format };
  if (format.hostLocks) return path.endsWith(".lock") && !isDirectory(path) ? only(path, format) : { path, format };
  if (format.patterns.some((pattern) => pattern !== "")) return { path, format };
  if (isDirectory(path))
    throw new Failure("config", `${where ?? path}.pattern: is missing; ${path} is a directory, and it says which files there are entries`);
  return only(path, format);
}
