// A TypeScript module of the tool, bundled and imported: Node 20 runs no TypeScript by itself.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

export async function importSource(entryPoint) {
  const directory = mkdtempSync(join(tmpdir(), "sessreap-source-"));
  const outfile = join(directory, "source.mjs");
  try {
    await build({ entryPoints: [entryPoint], bundle: true, platform: "node", format: "esm", outfile, logLevel: "warning" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
