// Builds a release twice and compares the bytes: `npm run release:twice` (all that can be built here).
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

function build() {
  rmSync("release", { recursive: true, force: true });
  for (const part of ["binaries", "package", "deb", "finish"]) {
    execFileSync("npm", ["run", "--silent", `release:${part}`], { stdio: ["ignore", "ignore", "inherit"] });
  }
  return readFileSync("release/SHA256SUMS", "utf8");
}

const [first, second] = [build(), build()];
const before = new Set(first.split("\n"));
const changed = second.split("\n").filter((line) => !before.has(line));
if (changed.length > 0 || first !== second) throw new Error(`two builds differ in: ${changed.map((line) => line.slice(66)).join(", ")}`);
process.stdout.write(`two builds gave the same bytes:\n${second}`);
