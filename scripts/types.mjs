// The types of the library entries, and of what they name. Their modules import each other as `.ts`, which not every
// reader of types follows from a `.d.ts`; as `.js` all do.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const out = "dist/types";
rmSync(out, { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], { stdio: "inherit" });

const named = new Set();
function follow(path) {
  if (named.has(path) || !existsSync(path)) return;
  named.add(path);
  const text = readFileSync(path, "utf8").replaceAll(/(from|import\()( ?"\.[^"]+)\.ts"/g, '$1$2.js"');
  writeFileSync(path, text);
  for (const [, to] of text.matchAll(/(?:from|import\() ?"(\.[^"]+)\.js"/g)) follow(join(dirname(path), `${to}.d.ts`));
}
for (const entry of ["library.d.ts", "host-library.d.ts"]) follow(join(out, entry));
for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !named.has(path)) rmSync(path);
}
for (const { parentPath, name } of readdirSync(out, { recursive: true, withFileTypes: true })
  .filter((one) => one.isDirectory())
  .toReversed()) {
  const path = join(parentPath, name);
  if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
}
