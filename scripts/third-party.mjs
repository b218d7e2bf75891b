// What of others travels in the bundle, as the bundler itself says.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every package of which at least one byte is in the outputs, sorted by name. */
export function bundledPackages(...metafiles) {
  const directories = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const directory = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
        if (directory !== undefined && bytesInOutput > 0) directories.add(directory);
      }
    }
  }
  return [...directories]
    .map((directory) => {
      const { name, version, license, homepage } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
      return { name, version, license, homepage, text: licenceText(directory, name) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function licenceText(directory, name) {
  const file = readdirSync(directory).find((entry) => /^licen[cs]e(?:[.-].*)?$/i.test(entry));
  if (file !== undefined) return readFileSync(join(directory, file), "utf8").replaceAll("\r\n", "\n").trim();
  // Some have it at the end of their page alone.
  const page = readFileSync(join(directory, "README.md"), "utf8").replaceAll("\r\n", "\n");
  const section = /^#+ licen[cs]e\n+([^#]*copyright[^#]*)/im.exec(page)?.[1]?.trim();
  if (section === undefined) throw new Error(`${name} is bundled, but brings no licence text`);
  return section;
}

export function licencesFile(packages) {
  const parts = packages.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`);
  return `sessreap's own licence is in LICENSE. Its bundle holds parts of these packages:\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
