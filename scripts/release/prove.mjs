// Proves that a file is the tool and not a bare Node: a builder that failed quietly leaves just that.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:";

function insist(isSo, what) {
  if (!isSo) throw new Error(what);
}

/** By its bytes, which any machine can read: the fuse is lit, and every part of the tool is in it, at its full size. */
export function proveBytes(path, bareNode, parts) {
  const bytes = readFileSync(path);
  insist(bytes.includes(`${fuse}1`) && !bytes.includes(`${fuse}0`), `${path} is a bare node: its fuse is not lit`);
  for (const part of parts) insist(bytes.includes(readFileSync(part)), `${path} does not hold ${part}`);
  // A Mach-O loses its old signature, which is larger than the bundle, so its size says nothing.
  if (!bytes.subarray(0, 4).equals(Buffer.from("\u007fELF"))) return;
  const [grown, wanted] = [statSync(path).size - statSync(bareNode).size, parts.reduce((sum, part) => sum + statSync(part).size, 0)];
  insist(grown >= wanted, `${path} is only ${grown} bytes larger than its node; its parts have ${wanted}`);
}

/** Whatever of this machine's paths stands in the file. */
export function provePlaceless(path) {
  const bytes = readFileSync(path);
  insist(!bytes.includes(resolve(".")), `${path} names the directory in which it was built`);
}

/** The words before a program of that platform; undefined where it cannot be run. */
export function emulator(platform) {
  if (platform === `${process.platform}-${process.arch}`) return [];
  const isQemu = platform === "linux-arm64" && process.platform === "linux" && spawnSync("qemu-aarch64-static", ["--version"]).status === 0;
  return isQemu ? ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"] : undefined;
}

/** By running it, with an empty environment and with a hostile one. A node would complain of a bad option. */
export function proveRun(path, platform, version) {
  const under = emulator(platform);
  if (under === undefined) return `not run here (${platform}): proven by its bytes only`;
  const home = mkdtempSync(join(tmpdir(), "sessreap-prove-"));
  const run = (words, env = {}) => {
    const [program, ...rest] = [...under, resolve(path), ...words];
    const emulated = under.length === 0 ? {} : { PATH: process.env.PATH };
    return execFileSync(program, rest, { cwd: home, env: { ...emulated, ...env }, encoding: "utf8", timeout: 120_000 });
  };
  try {
    const coverage = join(home, "coverage");
    for (const env of [{}, { NODE_OPTIONS: "--no-such-option" }, { NODE_V8_COVERAGE: coverage }]) {
      insist(run(["--version"], env).trim() === version, `${path} does not say version ${version}`);
    }
    insist(!existsSync(coverage), `${path} writes its coverage`);
    const state = { HOME: home, SESSREAP_STATE_DIR: join(home, "state"), SESSREAP_PID_NAMESPACE: "own" };
    // qemu puts another root before `/`, so that only a native program finds the example by its path.
    const words = under.length === 0 ? ["--registry", resolve("examples/registrations.json")] : [];
    const report = JSON.parse(run(["--dry-run", "--json", ...words], state));
    insist(report.dryRun === true, `${path} does no dry run`);
    insist(words.length === 0 || report.registries[0]?.registrations === 4, `${path} does not see the example's registrations`);
    insist(run(["manual"]) === readFileSync("man/sessreap.1", "utf8"), `${path} prints another manual`);
    insist(run(["completion", "bash"]) === readFileSync("completions/sessreap.bash", "utf8"), `${path} prints other completions`);
  } finally {
    rmSync(home, { recursive: true });
  }
  return under.length === 0 ? "run here" : "run under qemu";
}
