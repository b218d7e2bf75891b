// Bundles the tool into one CommonJS file: it starts twice as fast as a tree of modules, and lazily imported parts
// stay lazy inside it.
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const common = { bundle: true, platform: "node", target: "node20", legalComments: "none", metafile: true, logLevel: "warning" };

/** What a quiet sweep never runs: packages, and the one module of ours that is made of a package. */
const seldom = /^(?:[^.].*|\.\/config-schema\.ts)$/;

/**
 * V8 reads every function of a file before the first one runs, needed or not. So what is imported with `import()` and
 * seldom needed goes into the file as one string literal, which is passed over in a tenth of the time and compiled
 * when somebody asks for it. Its stack traces carry its own name.
 */
const packed = (metafiles) => ({
  name: "packed",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: seldom }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import" || path.startsWith("node:")) return undefined;
      return { path, namespace: "packed", pluginData: { resolveDir } };
    });
    onLoad({ filter: /.*/, namespace: "packed" }, async ({ path, pluginData: { resolveDir } }) => {
      const stdin = { contents: `module.exports = require(${JSON.stringify(path)});`, resolveDir };
      const { outputFiles, metafile } = await build({ ...common, stdin, format: "cjs", write: false, minify: true });
      metafiles.push(metafile);
      const [text, filename] = [outputFiles[0].text, `sessreap/${path.replace("./", "")}`].map((value) => JSON.stringify(value));
      const contents = `
        const { compileFunction } = require("node:vm");
        compileFunction(${text}, ["module", "require", "__filename"], { filename: ${filename} })(module, require, __filename);`;
      return { contents, resolveDir };
    });
  },
});

/** commander loads `node:child_process` at once, for subcommands that are programs of their own: there are none here. */
const withoutPrograms = {
  name: "without-programs",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      /node_modules\/commander\//.test(importer) ? { path, namespace: "without-programs" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "without-programs" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** The tool; the metafiles say which files of which packages are really in it. */
export async function bundleTool() {
  const inside = [];
  const { metafile } = await build({
    ...common,
    entryPoints: ["src/cli/main.ts"],
    outfile: "dist/sessreap.cjs",
    format: "cjs",
    plugins: [packed(inside), withoutPrograms],
    // Node's own modules are loaded by `require` when `import()` asks for them: that is faster than its module loader.
    supported: { "dynamic-import": false },
    define: { SESSREAP_VERSION: JSON.stringify(version), "import.meta.url": "__importMetaUrl" },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  const made = createHash("sha256").update(readFileSync("dist/sessreap.cjs")).digest("hex");
  appendFileSync("dist/sessreap.cjs", `// build ${made.slice(0, 32)}\n`);
  return { metafiles: [metafile, ...inside] };
}

/** What programs import: the ladder and the formats, without anything that touches the world. */
export async function bundleLibrary() {
  const entryPoints = ["src/library.ts"];
  const { metafile } = await build({ ...common, entryPoints, outfile: "dist/library.js", platform: "neutral", format: "esm" });
  return { metafiles: [metafile] };
}
