// Bundles the tool into one CommonJS file: it starts twice as fast as a tree of modules, and lazily imported parts
// stay lazy inside it.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The tool; the result says which files of which packages are really in it. */
export function bundleTool() {
  return build({
    entryPoints: ["src/cli/main.ts"],
    outfile: "dist/sessreap.cjs",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    legalComments: "none",
    metafile: true,
    define: { SESSREAP_VERSION: JSON.stringify(version), "import.meta.url": "__importMetaUrl" },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "warning",
  });
}

/** What programs import: the ladder and the formats, without anything that touches the world. */
export function bundleLibrary() {
  return build({
    entryPoints: ["src/library.ts"],
    outfile: "dist/library.js",
    bundle: true,
    platform: "neutral",
    target: "node20",
    format: "esm",
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
}
