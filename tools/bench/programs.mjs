// The programs that the bench measures: the npm package and the standalone binary of this checkout, as users get them, and
// with `--beside` those of another commit.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { platforms } from "../../scripts/release/platforms.mjs";

const root = join(import.meta.dirname, "../..");
const platform = `${process.platform}-${process.arch}`;
const binaryName = `sessreap-${platform}`;

/** The Node in the binary of this platform. */
export const binaryNode = platforms[platform]?.node ?? process.versions.node;

/** Packs `package/` into a directory and, unless only the package is wanted, builds `sessreap-<platform>` beside it. */
export function makePrograms(directory, isPackageOnly) {
  mkdirSync(directory, { recursive: true });
  // An older program must not stand beside a newer one.
  for (const name of ["package", binaryName]) rmSync(join(directory, name), { recursive: true, force: true });
  // What the build prints must not get between the tables.
  const options = { cwd: root, stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, npm_config_loglevel: "error" } };
  execFileSync("npm", ["pack", "--pack-destination", directory], options);
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  execFileSync("tar", ["-xzf", join(directory, `${name}-${version}.tgz`), "-C", directory]);
  if (isPackageOnly) return;
  execFileSync(process.execPath, ["scripts/release/binaries.mjs", "--only", platform], options);
  copyFileSync(join(root, "release", binaryName), join(directory, binaryName));
}

/** The package in a directory, and the binary beside it if there is one. Each keeps a state directory of its own. */
function programsIn(directory, stateDir) {
  const packed = join(directory, "package");
  const manifest = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  const programs = [{ kind: "package", argv: [process.execPath, join(packed, manifest.bin.sessreap)] }];
  const binary = join(directory, binaryName);
  if (existsSync(binary)) programs.push({ kind: "binary", argv: [binary] });
  return programs.map((program) => ({ ...program, env: { SESSREAP_STATE_DIR: join(stateDir, program.kind) } }));
}

/** The programs of this checkout, each followed by its counterpart in `beside`. */
export function programsOf(own, beside, stateDir) {
  const programs = programsIn(own, join(stateDir, "own"));
  if (beside === undefined) return programs;
  const name = basename(resolve(beside));
  const others = programsIn(resolve(beside), join(stateDir, "beside"));
  return programs.flatMap((program) => [
    program,
    ...others.filter(({ kind }) => kind === program.kind).map((other) => ({ ...other, beside: name })),
  ]);
}
