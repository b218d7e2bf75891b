// The types of the library entry. Its modules import each other as `.ts`, which not every reader of types follows from a
// `.d.ts`; as `.js` all do.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = "dist/types";
rmSync(out, { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], { stdio: "inherit" });
for (const name of readdirSync(out, { recursive: true })) {
  if (!name.endsWith(".d.ts")) continue;
  const path = join(out, name);
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(from|import\()( ?"\.[^"]+)\.ts"/g, '$1$2.js"'));
}
