// Bundles the tool into a few CommonJS files. V8 looks at every function of a file before the first line runs, so what
// is imported with `import()` stands in files of its own below dist/parts, and what several files share in further ones.
// Nothing is minified: a stack trace shows the names of the sources, and so does the package.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { build, transform } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  loader: { ".pl": "text" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

/** The bundler splits ES modules only; each of them becomes CommonJS afterwards, which Node starts 3 to 4 ms sooner. */
const commonJs = {
  format: "cjs",
  platform: "node",
  target: "node20",
  // `import()` becomes `require`, which is faster than Node's loader of modules.
  supported: { "dynamic-import": false },
  // ps-list makes a path of it when it is loaded, and uses that on Windows only.
  define: { "import.meta.url": '"file:///sessreap"' },
};

/** The tool; the metafiles say which files of which packages are really in it. */
export async function bundleTool() {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { sessreap: "src/tool.ts" },
    format: "esm",
    splitting: true,
    outdir: "dist",
    chunkNames: "parts/[name]-[hash]",
    outExtension: { ".js": ".cjs" },
    define: { SESSREAP_VERSION: JSON.stringify(version) },
    write: false,
  });
  mkdirSync("dist/parts", { recursive: true });
  for (const { path, text } of outputFiles) writeFileSync(path, (await transform(text, commonJs)).code);
  const built = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of readdirSync("dist/parts")) if (!built.has(name)) rmSync(`dist/parts/${name}`);
  return { metafiles: [metafile] };
}

/** What programs import: the ladder and the formats, without anything that touches the world. */
export async function bundleLibrary() {
  const entryPoints = ["src/library.ts"];
  const { metafile } = await build({ ...common, entryPoints, outfile: "dist/library.js", platform: "neutral", format: "esm" });
  return { metafiles: [metafile] };
}

/** What bridges import: a sweep of their own registry. Packages in it that are CommonJS ask for Node's modules by `require`. */
export async function bundleHostLibrary() {
  const { metafile } = await build({
    ...common,
    entryPoints: ["src/host-library.ts"],
    outfile: "dist/host.js",
    format: "esm",
    define: { SESSREAP_VERSION: JSON.stringify(version) },
    banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
  });
  return { metafiles: [metafile] };
}
