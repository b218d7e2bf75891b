// Bundles the tool into one CommonJS file: it starts twice as fast as a tree of modules. What a quiet sweep runs is its
// head; everything else lies behind it as text (see parts.mjs).
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { partsOf } from "./parts.mjs";

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

const tool = {
  ...common,
  format: "cjs",
  write: false,
  minify: true,
  // Node's own modules are loaded by `require` when `import()` asks for them: that is faster than its module loader.
  supported: { "dynamic-import": false },
  define: { SESSREAP_VERSION: JSON.stringify(version) },
};

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

/** Gives a part when it is first asked for; a stack trace names it. */
const loader = `
function __part(name) {
  const loaded = (__part.loaded ??= {});
  if (loaded[name] === undefined) {
    const part = (loaded[name] = { exports: {} });
    const { compileFunction } = require("node:vm");
    const names = ["module", "exports", "require", "__filename", "__part", "__shared"];
    compileFunction(__texts()[name], names, { filename: "sessreap/" + name })(part, part.exports, require, __filename, __part, __shared);
  }
  return loaded[name].exports;
}`;

/** Each module of ours asks for Node's own by itself; the way there through Node's loader is 2 µs every time. */
const asker = `
var __had = {}, __ask = require;
require = (name) => (__had[name] ??= __ask(name));
`;

/** The tool; the metafiles say which files of which packages are really in it. */
export async function bundleTool() {
  const { head, texts, metafiles } = await partsOf("src/cli/main.ts", { ...tool, plugins: [withoutPrograms] });
  // The head alone is a function, the whole file calls it: bin/sessreap.cjs reads no further when it need not.
  const start = `(function (require, module, __filename, __texts) {${asker}${head}${loader}\n})\n`;
  const rest = `(require, module, __filename, () => (${JSON.stringify(texts)}));\n`;
  const made = createHash("sha256").update(start).update(rest).digest("hex");
  const lineFor = (length) => `// sessreap ${version}, build ${made.slice(0, 32)} ${String(length).padStart(9, "0")}\n`;
  writeFileSync("dist/sessreap.cjs", lineFor(lineFor(0).length + start.length) + start + rest);
  return { metafiles };
}

/** What programs import: the ladder and the formats, without anything that touches the world. */
export async function bundleLibrary() {
  const entryPoints = ["src/library.ts"];
  const { metafile } = await build({ ...common, entryPoints, outfile: "dist/library.js", platform: "neutral", format: "esm" });
  return { metafiles: [metafile] };
}
