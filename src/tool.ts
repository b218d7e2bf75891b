import { writeSync } from "node:fs";

declare const SESSREAP_VERSION: string;

const words = process.argv.slice(2);

/** Scripts and hooks ask for the version; it takes nothing else of the tool. */
function saysVersion(): boolean {
  if (words.length !== 1 || (words[0] !== "--version" && words[0] !== "-V")) return false;
  try {
    return writeSync(1, `${SESSREAP_VERSION}\n`) > 0;
  } catch {
    // The tool knows what to do with a pipe that is full or closed.
    return false;
  }
}

if (!saysVersion()) void import("./cli/main.ts").then(({ main }) => main(words, SESSREAP_VERSION));
