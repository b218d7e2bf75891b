// Packs the npm package as it would be published and uses it as a stranger would: installed from the tarball alone,
// without a network, in an empty directory. `npm run release:package`
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const tools = resolve("scripts/release/tools");
const scratch = mkdtempSync(join(tmpdir(), "sessreap-package-"));
const env = { PATH: process.env.PATH, HOME: scratch, SESSREAP_STATE_DIR: join(scratch, "state") };

function run(program, words, options = {}) {
  return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], ...options });
}

function insist(isSo, what) {
  if (!isSo) throw new Error(what);
}

/** Everything that may be in the package. */
const allowed =
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/(?:sessreap\.js|package\.json)|dist\/(?:sessreap\.cjs|library\.js|third-party-licenses\.txt|types\/[\w/-]+\.d\.ts)|man\/[\w-]+\.[157]|completions\/\w[\w.]*|schema\/[\w.]+\.json|systemd\/(?:user|system)\/[\w@.-]+)$/;

const consumer = `import { builtInFormats, defaultPolicy, ladder, readMembers, type Verdict } from "sessreap";
const bridge = builtInFormats[0];
if (bridge.layout !== "members") throw new TypeError("the bridge keeps one file");
const verdicts: readonly Verdict[] = ["live", "ghost", "undecided"];
const read = readMembers(bridge, new TextEncoder().encode('{"a":{"threadId":"t"}}'));
const graceMs: number = defaultPolicy.graceMs;
console.log(JSON.stringify({ read: read.ok && read.claims[0]?.claim.ok, rungs: ladder.map(({ name }) => name), graceMs, verdicts: verdicts.length }));
`;
const compilerOptions = { module: "nodenext", target: "es2023", lib: ["es2023", "dom"], types: [], strict: true };

/** attw's own reader of archives sees only the end of ours, so it is handed the installed files. */
async function typeProblems(modules) {
  const core = createRequire(join(tools, "node_modules/@arethetypeswrong/cli/dist/index.js")).resolve("@arethetypeswrong/core");
  const { checkPackage, Package } = await import(pathToFileURL(core).href);
  const files = {};
  for (const entry of readdirSync(join(modules, "sessreap"), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[`/node_modules/${relative(modules, path)}`] = readFileSync(path);
  }
  const { problems } = await checkPackage(new Package(files, "sessreap", "0.0.0"));
  // The package is ESM only, on purpose.
  return problems.filter(({ kind, resolutionKind }) => kind !== "CJSResolvesToESM" && resolutionKind !== "node10");
}

try {
  mkdirSync("release", { recursive: true });
  const [{ filename, files, size }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", "release"]).replace(/^[^[]*/, ""));
  const stray = files.map(({ path }) => path).filter((path) => !allowed.test(path));
  insist(stray.length === 0, `these do not belong into the package: ${stray.join(", ")}`);
  const tarball = resolve("release", filename);

  const app = join(scratch, "app");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{ "private": true, "type": "module" }');
  const started = Date.now();
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { cwd: app, env });
  const tookMs = Date.now() - started;
  const installed = readdirSync(join(app, "node_modules")).filter((name) => !name.startsWith("."));
  insist(installed.join() === "sessreap", `the install brought more than sessreap: ${installed.join(", ")}`);
  const said = run("npx", ["--offline", "sessreap", "--dry-run"], { cwd: app, env: { ...env, SESSREAP_PID_NAMESPACE: "own" } });
  insist(said.includes("(dry run)"), `npx sessreap --dry-run says: ${said}`);

  writeFileSync(join(app, "consumer.ts"), consumer);
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  run(resolve("node_modules/.bin/tsc"), ["-p", app], { stdio: "inherit" });
  const answer = JSON.parse(run(process.execPath, ["consumer.js"], { cwd: app, env }));
  insist(answer.read === true && answer.rungs.length === 4, `the library answers ${JSON.stringify(answer)}`);

  const problems = await typeProblems(join(app, "node_modules"));
  insist(problems.length === 0, `are the types wrong? ${JSON.stringify(problems)}`);
  process.stdout.write(`release/${filename}  ${(size / 1e6).toFixed(2)} MB, ${files.length} files; installed offline in ${tookMs} ms\n`);
} finally {
  rmSync(scratch, { recursive: true });
}
