import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expandHome } from "../config/paths.ts";
import type { Candidate } from "./wanted.ts";

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The files that a path can go on with. A directory ends in a slash, so that a shell adds no blank. */
export function fileNames(typed: string): readonly Candidate[] {
  const head = typed.slice(0, typed.lastIndexOf("/") + 1);
  const base = typed.slice(head.length);
  const directory = head === "" ? "." : expandHome(head);
  return readdirSync(directory)
    .filter((name) => name.startsWith(base) && (base !== "" || !name.startsWith(".")))
    .map((name) => ({ word: `${head}${name}${isDirectory(join(directory, name)) ? "/" : ""}`, meaning: "" }));
}
