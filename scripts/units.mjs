// Writes the units that ship from the one place that also writes the installed ones; `--check` fails when a checked-in
// file differs.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const root = new URL("../systemd/", import.meta.url);
const bundled = await build({ entryPoints: ["src/systemd/units/units.ts"], bundle: true, platform: "node", format: "esm", write: false });
const { shippedCommand, unitFiles } = await import(`data:text/javascript,${encodeURIComponent(bundled.outputFiles[0].text)}`);
const choice = { command: shippedCommand, header: "Made by scripts/units.mjs; changes belong into a drop-in (systemctl edit)." };
const files = ["user", "system"].flatMap((manager) =>
  Object.values(unitFiles(manager, choice)).map(({ name, text }) => [`${manager}/${name}`, text]),
);

function read(path) {
  try {
    return readFileSync(new URL(path, root), "utf8");
  } catch {
    return undefined;
  }
}

for (const [path, text] of files) {
  if (!process.argv.includes("--check")) {
    writeFileSync(new URL(path, root), text);
  } else if (read(path) !== text) {
    process.stderr.write(`systemd/${path} is out of date: run node scripts/units.mjs\n`);
    process.exitCode = 1;
  }
}
