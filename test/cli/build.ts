import { execFileSync } from "node:child_process";

/** The tests of this project run the file that ships, so it is built from the sources at hand, once a run. */
export function setup(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
