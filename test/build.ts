import { execFileSync } from "node:child_process";

/** Tests that start the tool run the file that ships, so it is built from the sources at hand before the first of them. */
export function setup(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
