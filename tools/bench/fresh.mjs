// What stands before a measured run, each time anew: `fresh.mjs STATE_DIR [SOURCE COPY]` empties a state directory but for the
// memory of a clock that was tried, and copies a registry, be it a file or a tree.
import { cpSync, rmSync } from "node:fs";
import { writeTriedClock } from "../launches/tried-clock.mjs";

const [stateDir, source, copy] = process.argv.slice(2);
rmSync(stateDir, { recursive: true, force: true });
writeTriedClock(stateDir);
if (copy !== undefined) {
  rmSync(copy, { recursive: true, force: true });
  cpSync(source, copy, { recursive: true, preserveTimestamps: true });
}
