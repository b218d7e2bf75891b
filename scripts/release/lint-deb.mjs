// Has Debian's lintian read the packages that were built: `npm run release:deb:lint`. An error, a warning or an override that
// overrides nothing fails.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const debs = readdirSync("release")
  .filter((name) => name.endsWith(".deb"))
  .map((name) => join("release", name));
if (debs.length === 0) throw new Error("no package is there: npm run release:deb");
const { status, stdout, error } = spawnSync("lintian", ["--allow-root", "--display-info", "--fail-on", "error,warning", ...debs], {
  encoding: "utf8",
});
if (error !== undefined) throw new Error(`lintian is not to be had: ${error.message}`);
// What Node's own strings and builders brought is for its builders to know.
const lines = stdout.split("\n").filter((line) => /^[EW]: | unused-override /.test(line));
process.stdout.write(`${[...lines, `lintian: ${lines.length} to do in ${debs.join(", ")}`].join("\n")}\n`);
if (status !== 0 || lines.length > 0) process.exitCode = 1;
