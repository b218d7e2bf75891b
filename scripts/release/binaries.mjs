// Builds the standalone binaries: `npm run release:binaries`, or `-- --only linux-x64`. Nothing comes from anywhere but
// npm, and nothing is believed that was not run, or where it cannot be run, looked into.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeCompiled } from "./compiled.mjs";
import { fetchNode, seed } from "./nodes.mjs";
import { platforms, writers } from "./platforms.mjs";
import { proveAlone } from "./prove-alone.mjs";
import { proveBytes, provePlaceless, proveRun } from "./prove.mjs";

const here = `${process.platform}-${process.arch}`;
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const tools = resolve("scripts/release/tools");
const work = resolve(".cache/release/build");
const home = join(work, "home");
const parts = { head: join(work, "head"), rest: join(work, "rest") };

function chosen() {
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
  const names = values.only ?? Object.keys(platforms).filter((name) => platforms[name].node !== undefined);
  const unknown = names.find((name) => !Object.hasOwn(platforms, name));
  if (unknown !== undefined) throw new Error(`no platform is called ${unknown} (known: ${Object.keys(platforms).join(", ")})`);
  return names;
}

/** The Node that a platform's binary is made of, and the one of the same patch release that writes its blob. */
function nodesFor(platform) {
  const pinned = platforms[platform];
  if (pinned.node !== undefined) return { version: pinned.node, base: fetchNode(pinned), writer: fetchNode(writers[pinned.node]) };
  if (platform !== here) throw new Error(`npm carries no Node for ${platform}: build it on such a machine`);
  return { version: process.versions.node, base: process.execPath, writer: process.execPath };
}

/** The first line of the bundle ends with the length of its head. */
function splitBundle() {
  const bundle = readFileSync("dist/sessreap.cjs");
  const length = Number(/^\/\/ .*build \w+ (\d+)\n/.exec(bundle.latin1Slice(0, 100))?.[1]);
  if (!(length < bundle.length)) throw new Error("dist/sessreap.cjs does not say how long its head is");
  writeFileSync(parts.head, bundle.subarray(0, length));
  writeFileSync(parts.rest, bundle.subarray(length));
}

function buildOne(platform) {
  const nodes = nodesFor(platform);
  const base = seed(home, platform, nodes.version, nodes.base);
  const output = resolve(`release/sessreap-${platform}`);
  const pkg = join(tools, "node_modules/@yao-pkg/pkg");
  rmSync(output, { force: true });
  const compiled = writeCompiled({ platform, node: nodes.base, head: parts.head, output: join(work, "compiled") });
  const words = [resolve("scripts/release/inject.cjs"), pkg, nodes.version, platform, output];
  execFileSync(nodes.writer, words, {
    cwd: work,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: join(work, "tmp") },
    stdio: ["ignore", "ignore", "inherit"],
  });
  chmodSync(output, 0o755);
  proveBytes(output, base, [parts.head, parts.rest, join(work, "compiled")]);
  provePlaceless(output);
  const proof = proveRun(output, platform, version);
  const alone = platform === "linux-x64" && platform === here ? proveAlone(output, version) : [];
  const size = `${(statSync(output).size / 1e6).toFixed(1)} MB`;
  process.stdout.write(`release/sessreap-${platform}  ${size}  node ${nodes.version}  ${[compiled, proof, ...alone].join("; ")}\n`);
}

execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
execFileSync("npm", ["ci", "--ignore-scripts", "--prefix", tools], { stdio: ["ignore", "ignore", "inherit"] });
rmSync(work, { recursive: true, force: true });
mkdirSync(join(work, "tmp"), { recursive: true });
mkdirSync("release", { recursive: true });
splitBundle();
copyFileSync("scripts/release/sea.cjs", join(work, "sea.cjs"));
for (const platform of chosen()) buildOne(platform);
