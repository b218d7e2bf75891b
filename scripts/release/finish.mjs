// The rest of a release: the SBOM, the licences, this version's part of the changelog, and checksums of everything.
// `npm run release:finish`
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { architectures } from "./platforms.mjs";
import { allLicences } from "./licences.mjs";
import { binaryName, checksums, debName } from "./names.mjs";
import { notesOf, open } from "./notes.mjs";
import { sbom } from "./sbom.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const directory = "release";

/** The part of the changelog under a heading of this version. What is built between releases has what is not released yet. */
function notes() {
  const text = readFileSync("CHANGELOG.md", "utf8");
  const found = notesOf(text, open) || notesOf(text, version) || "";
  if (found === "") throw new Error("the changelog says nothing of this release");
  return `${found}\n`;
}

const found = readdirSync(directory);
const debs = Object.entries(architectures).filter(([platform]) => platform === "linux-x64" || found.includes(binaryName(platform)));
const packages = debs.map(([, architecture]) => debName(version, architecture));
for (const wanted of [binaryName("linux-x64"), `sessreap-${version}.tgz`, ...packages]) {
  if (!found.includes(wanted)) throw new Error(`${directory}/${wanted} is missing: it is built first`);
}
writeFileSync(join(directory, "sbom.cdx.json"), `${JSON.stringify(await sbom(), null, 2)}\n`);
writeFileSync(join(directory, "third-party-licenses.txt"), allLicences());
writeFileSync(join(directory, "notes.md"), notes());
const names = readdirSync(directory)
  .filter((name) => name !== "SHA256SUMS" && name !== "notes.md")
  .toSorted();
const sums = checksums(directory, names);
writeFileSync(join(directory, "SHA256SUMS"), sums);
process.stdout.write(sums);
