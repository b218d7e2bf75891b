// Cuts the tool in parts. V8 looks at every function of a file before the first one runs, needed or not, and even what
// it compiled before has to be read. So what is imported with `import()` and seldom needed is kept as text that is
// compiled when somebody asks for it: each package is a part of its own, and so are all commands but the sweep together.
import { relative, resolve } from "node:path";
import { build } from "esbuild";

/** The bundler works on several files at once, and the result must not depend on which is done first. */
const sorted = (names) => [...names].toSorted((one, other) => (one < other ? -1 : 1));

const slashed = (path) => relative(".", path).replaceAll("\\", "/");

/** The part in which a module of ours is kept. */
const partFor = (module) => (module.startsWith("src/cli/commands/") ? "commands" : module);

/** What `import()` asks for becomes a part, noted in `asked` by the name of the part. */
const apart = (asked) => ({
  name: "apart",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^/]/ }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import" || path.startsWith("node:")) return undefined;
      const isOwn = path.startsWith(".");
      const module = isOwn ? slashed(resolve(resolveDir, path)) : path;
      const part = isOwn ? partFor(module) : path;
      if (!asked.has(part)) asked.set(part, { isOwn, modules: new Set() });
      asked.get(part).modules.add(module);
      const contents = `module.exports = __part(${JSON.stringify(part)})${isOwn ? `[${JSON.stringify(module)}]()` : ""};`;
      return { path: module, namespace: "apart", pluginData: { contents } };
    });
    onLoad({ filter: /.*/, namespace: "apart" }, ({ pluginData }) => pluginData);
  },
});

/** A module that is in the head is taken from there, so that there is one of it. */
const sharing = (inHead, shared) => ({
  name: "sharing",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
      const module = slashed(resolve(resolveDir, path));
      if (kind === "dynamic-import" || !inHead.has(module)) return undefined;
      shared.add(module);
      return { path: module, namespace: "shared" };
    });
    onLoad({ filter: /.*/, namespace: "shared" }, ({ path }) => ({ contents: `module.exports = __shared[${JSON.stringify(path)}]();` }));
  },
});

async function exportsOf(modules) {
  const { metafile } = await build({ entryPoints: modules, outdir: ".", format: "esm", write: false, metafile: true, logLevel: "warning" });
  return new Map(Object.values(metafile.outputs).map(({ entryPoint, exports }) => [entryPoint, exports]));
}

/** The entry point, and behind it whatever the parts share with it. */
async function headOf(entryPoint, shared) {
  const exported = await exportsOf(sorted(shared));
  const lines = sorted(shared).map((module, index) => {
    const members = exported.get(module).map((name) => `${name}: m${index}.${name}`);
    return `import * as m${index} from "./${module}"; __shared[${JSON.stringify(module)}] = () => ({ ${members.join(", ")} });`;
  });
  return [`import "./${entryPoint}";`, ...lines].join("\n");
}

/** The text of the head, and that of each part by its name. */
export async function partsOf(entryPoint, options) {
  const asked = new Map();
  const whole = (contents, ...plugins) =>
    build({ ...options, stdin: { contents, resolveDir: ".", loader: "js" }, plugins: [...plugins, ...options.plugins] });
  const { metafile: first } = await whole(await headOf(entryPoint, new Set()), apart(asked));
  const inHead = new Set(Object.keys(first.inputs));
  const [shared, texts, metafiles] = [new Set(), new Map(), []];
  // A part may ask for parts that nothing before it has asked for: they are appended while this runs.
  for (const [part, { isOwn, modules }] of asked) {
    const getters = sorted(modules).map((module) => `${JSON.stringify(module)}: () => require("./${module}")`);
    const contents = isOwn ? `module.exports = { ${getters.join(", ")} };` : `module.exports = require(${JSON.stringify(part)});`;
    const { outputFiles, metafile } = await whole(contents, apart(asked), ...(isOwn ? [sharing(inHead, shared)] : []));
    texts.set(part, { text: outputFiles[0].text, count: modules.size });
    metafiles.push(metafile);
  }
  for (const [part, { modules }] of asked)
    if (modules.size !== texts.get(part).count) throw new Error(`${part} was built before all of it was known`);
  const { outputFiles, metafile } = await whole(await headOf(entryPoint, shared), apart(asked));
  return {
    head: `var __shared = {};${outputFiles[0].text}`,
    texts: Object.fromEntries(sorted(texts.keys()).map((part) => [part, texts.get(part).text])),
    metafiles: [...metafiles, metafile],
  };
}
