import { readFileSync } from "node:fs";
import { nodeBinding } from "../sockets/node-binding.ts";

type Read = (path: string) => string;

/** `readFileSync` is this call and a good deal of looking at its arguments, a third of the time that a process takes. */
function fastest(): Read {
  const read = nodeBinding<{ readonly readFileUtf8: (path: string, flags: number) => string }>("fs")?.readFileUtf8;
  return read === undefined ? (path) => readFileSync(path, "utf8") : (path) => read(path, 0);
}

let chosen: Read | undefined;

/** The text of a file; throws what `readFileSync` throws. For paths that are read by the thousand. */
export function readText(path: string): string {
  chosen ??= fastest();
  return chosen(path);
}
