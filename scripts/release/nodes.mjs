// Fetches the pinned Nodes from npm and prepares them: the bytes are compared with the pin, and a Linux one is stripped
// before anything is injected (afterwards it would no longer start).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const cache = resolve(".cache/release");

/** The path of a Node as npm carries it, fetched once. */
export function fetchNode({ package: name, node: version, integrity }) {
  const directory = join(cache, `${name}-${version}`);
  const archive = `${directory}.tgz`;
  mkdirSync(cache, { recursive: true });
  if (!existsSync(archive)) {
    execFileSync("npm", ["pack", `${name}@${version}`, "--pack-destination", cache], { stdio: ["ignore", "ignore", "inherit"] });
  }
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== integrity) {
    rmSync(archive);
    throw new Error(`${name}@${version} is not the one that was pinned: ${found}`);
  }
  const binary = join(directory, "package/bin/node");
  if (!existsSync(binary)) {
    mkdirSync(`${directory}.new`, { recursive: true });
    execFileSync("tar", ["-xzf", archive, "-C", `${directory}.new`]);
    rmSync(directory, { recursive: true, force: true });
    renameSync(`${directory}.new`, directory);
  }
  return binary;
}

/** Puts a Node where pkg looks for the one that it would otherwise download, and says where that is. */
export function seed(home, platform, version, binary) {
  const sea = join(home, ".pkg-cache/sea");
  const name = `node-v${version}-${platform}`;
  const seeded = join(sea, name, "bin/node");
  mkdirSync(join(sea, name, "bin"), { recursive: true });
  copyFileSync(binary, seeded);
  if (platform.startsWith("linux-")) execFileSync("llvm-strip", [seeded]);
  for (const mark of [`${seeded}.ok`, join(sea, `${name}.tar.gz`), join(sea, `${name}.tar.gz.ok`)]) writeFileSync(mark, "");
  return seeded;
}
