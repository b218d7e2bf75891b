// Builds the standalone binaries: `npm run release:binaries`, or `-- --only linux-x64`. Nothing comes from anywhere but
// npm, and nothing is believed that was not run, or where it cannot be run, looked into.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { binaryName } from "./names.mjs";
import { fetchNode, seed } from "./nodes.mjs";
import { platforms, writers } from "./platforms.mjs";
import { proveAlone } from "./prove-alone.mjs";
import { proveBytes, provePlaceless, proveRun } from "./prove.mjs";

const here = `${process.platform}-${process.arch}`;
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const tools = resolve("scripts/release/tools");
const work = resolve(".cache/release/build");
const home = join(work, "home");
const files = join(work, "files");

function chosen() {
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
  const names = values.only ?? Object.keys(platforms).filter((name) => name === here || !platforms[name].isBuiltThere);
  const unknown = names.find((name) => !Object.hasOwn(platforms, name));
  if (unknown !== undefined) throw new Error(`no platform is called ${unknown} (known: ${Object.keys(platforms).join(", ")})`);
  return names;
}

/** The Node that a platform's binary is made of, and the one of the same patch release that writes its blob. */
function nodesFor(platform) {
  const pinned = platforms[platform];
  const base = fetchNode(pinned);
  return { version: pinned.node, base, writer: platform === here ? base : fetchNode(writers[pinned.node]) };
}

/** Lays the files of the bundle side by side, under the names that their assets get. */
function layFiles() {
  mkdirSync(files);
  const paths = ["dist/sessreap.cjs", ...readdirSync("dist/parts").map((name) => `dist/parts/${name}`)];
  for (const path of paths) copyFileSync(path, join(files, basename(path)));
}

function buildOne(platform) {
  const nodes = nodesFor(platform);
  const base = seed(home, platform, nodes.version, nodes.base);
  const output = resolve(`release/${binaryName(platform)}`);
  const pkg = join(tools, "node_modules/@yao-pkg/pkg");
  rmSync(output, { force: true });
  const words = [resolve("scripts/release/inject.cjs"), pkg, nodes.version, platform, output];
  execFileSync(nodes.writer, words, {
    cwd: work,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: join(work, "tmp") },
    stdio: ["ignore", "ignore", "inherit"],
  });
  chmodSync(output, 0o755);
  proveBytes(
    output,
    base,
    readdirSync(files).map((name) => join(files, name)),
  );
  provePlaceless(output);
  const proof = proveRun(output, platform, version);
  const alone = platform === "linux-x64" && platform === here ? proveAlone(output, version) : [];
  const size = `${(statSync(output).size / 1e6).toFixed(1)} MB`;
  process.stdout.write(`release/${binaryName(platform)}  ${size}  node ${nodes.version}  ${[proof, ...alone].join("; ")}\n`);
}

execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
execFileSync("npm", ["ci", "--ignore-scripts", "--prefix", tools], { stdio: ["ignore", "ignore", "inherit"] });
rmSync(work, { recursive: true, force: true });
mkdirSync(join(work, "tmp"), { recursive: true });
mkdirSync("release", { recursive: true });
layFiles();
copyFileSync("scripts/release/sea.cjs", join(work, "sea.cjs"));
for (const platform of chosen()) buildOne(platform);
