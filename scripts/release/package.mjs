// Packs the npm package as it would be published and uses it as a stranger would: installed from the tarball alone,
// without a network, in an empty directory. `npm run release:package`
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const tools = resolve("scripts/release/tools");
const scratch = mkdtempSync(join(tmpdir(), "sessreap-package-"));
const env = { PATH: process.env.PATH, HOME: scratch, SESSREAP_STATE_DIR: join(scratch, "state") };

function run(program, words, options = {}) {
  return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], ...options });
}

function insist(isSo, what) {
  if (!isSo) throw new Error(what);
}

/** The scripts and tools of a checkout are no business of whoever installs: npm would even ask about `prepare`. */
function published({ scripts: _scripts, devDependencies: _tools, ...manifest }) {
  // Provenance is granted to the repository that the package names.
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  return repository === undefined ? manifest : { ...manifest, repository: { type: "git", url: `git+${server}/${repository}.git` } };
}

/** A tree of what is published, and nothing else. */
function stage() {
  const pack = ["pack", "--json", "--dry-run"];
  const [{ files }] = JSON.parse(run("npm", pack).replace(/^[^[]*/, ""));
  const stray = files.map(({ path }) => path).filter((path) => !allowed.test(path));
  insist(stray.length === 0, `these do not belong into the package: ${stray.join(", ")}`);
  const tree = join(scratch, "tree");
  for (const { path } of files) cpSync(path, join(tree, path));
  writeFileSync(join(tree, "package.json"), `${JSON.stringify(published(JSON.parse(readFileSync("package.json", "utf8"))), null, 2)}\n`);
  // Whatever the umask of the checkout was.
  for (const { path } of files) chmodSync(join(tree, path), path === "bin/sessreap.cjs" || path.endsWith(".sh") ? 0o755 : 0o644);
  return tree;
}

/** Everything that may be in the package. */
const allowed =
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/sessreap\.cjs|dist\/(?:sessreap\.cjs|parts\/[\w-]+\.cjs|(?:library|host)\.js|third-party-licenses\.txt|types\/[\w/-]+\.d\.ts)|man\/[\w-]+\.[157]|completions\/\w[\w.]*|examples\/(?:[\w-]+\/)?[\w.-]+\.(?:json|yml|mjs|sh|rules)|schema\/[\w.]+\.json|systemd\/(?:user|system)\/[\w@.-]+)$/;

const consumer = `import { builtInFormats, defaultPolicy, ladder, readMembers, type Verdict } from "sessreap";
import { reconcile, type Reconciled } from "sessreap/host";
const bridge = builtInFormats[0];
if (bridge.layout !== "members") throw new TypeError("the bridge keeps one file");
const verdicts: readonly Verdict[] = ["live", "ghost", "undecided"];
const read = readMembers(bridge, new TextEncoder().encode('{"a":{"threadId":"t"}}'));
const graceMs: number = defaultPolicy.graceMs;
const { state }: Reconciled = await reconcile({ registry: { format: "llmmsg-bridge", path: "/nowhere/registrations.json" } });
console.log(JSON.stringify({ state, read: read.ok && read.claims[0]?.claim.ok, rungs: ladder.map(({ name }) => name), graceMs, verdicts: verdicts.length }));
`;
const compilerOptions = { module: "nodenext", target: "es2023", lib: ["es2023", "dom"], types: [], strict: true };

try {
  mkdirSync("release", { recursive: true });
  const [{ filename, files, size }] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", resolve("release")], { cwd: stage() }),
  );
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
  insist(
    answer.read === true && answer.rungs.includes("grace") && answer.state === "missing",
    `the library answers ${JSON.stringify(answer)}`,
  );

  run(resolve("node_modules/.bin/publint"), ["run", tarball, "--strict"]);
  // ESM only, on purpose.
  run(join(tools, "node_modules/.bin/attw"), ["--profile", "esm-only", tarball]);
  process.stdout.write(`release/${filename}  ${(size / 1e6).toFixed(2)} MB, ${files.length} files; installed offline in ${tookMs} ms\n`);
} finally {
  rmSync(scratch, { recursive: true });
}
