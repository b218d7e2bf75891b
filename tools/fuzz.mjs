/**
 * Bends registries, entry files, names and our own state out of shape, guided by what code each text reaches, and holds
 * what reads them against laws: JSON.parse and a second reader agree with the cutter, every byte that is not cut stays,
 * and nothing ever throws.
 *
 *   npm run fuzz                            each target for a second of processor time
 *   npm run fuzz -- --minutes 10            ten minutes of processor time in all
 *   npm run fuzz -- --target cutter --seed 7
 *   npm run fuzz -- --executions 2000       so many a target: the same run for the same seed
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    executions: { type: "string" },
    seed: { type: "string" },
    target: { type: "string" },
  },
});

const root = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "sessreap-fuzz-"));

async function load() {
  const outfile = join(scratch, "fuzz.mjs");
  const entryPoints = [join(root, "test/fuzz/main.ts")];
  await build({ entryPoints, bundle: true, platform: "node", format: "esm", outfile, absWorkingDir: root, logLevel: "warning" });
  const url = pathToFileURL(outfile).href;
  return { ...(await import(url)), url, code: readFileSync(outfile, "utf8") };
}

/** The law's own second reader guides, too; what is told of is the source alone. */
const isWanted = (file) => file.startsWith("src/") || file === "test/fuzz/reference.ts";

function secondsSince(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function reportOf(target, { executions, corpus, found }, coverage, seconds) {
  const shares = [...coverage.share()].filter(([file, { all, ran }]) => file.startsWith("src/") && all > 0 && ran > 0);
  const [ran, all] = shares.reduce((sum, [, share]) => [sum[0] + share.ran, sum[1] + share.all], [0, 0]);
  console.log(
    `${target.name}: ${executions} executions in ${seconds.toFixed(1)} s of processor time, ${corpus.length} texts kept,` +
      ` ${((100 * ran) / all).toFixed(1)} % of ${shares.length} files reached so far`,
  );
  if (found === undefined) return;
  process.exitCode = 1;
  const path = join(tmpdir(), `sessreap-fuzz-${target.name}-${process.pid}`);
  writeFileSync(path, found.bytes);
  console.log(`  BROKEN with --target ${target.name} --seed ${seed}: ${found.law}`);
  console.log(`  ${found.bytes.length} bytes in ${path}: ${JSON.stringify(found.bytes.toString("latin1").slice(0, 300))}`);
}

const seed = Number(values.seed ?? Date.now() % 1_000_000);
const { fuzz, targetsIn, watchCoverage, url, code } = await load();
const all = targetsIn(root);
const targets = all.filter(({ name }) => values.target === undefined || name === values.target);
if (targets.length === 0) throw new Error(`--target is one of ${all.map(({ name }) => name).join(", ")}`);
const bounded = values.executions !== undefined;
/** The cutter decides which bytes go: it gets half of the time. */
const shareOf = ({ name }) => (targets.length === 1 ? 1 : name === "cutter" ? 0.5 : 0.5 / (targets.length - 1));
const wholeMs = values.minutes === undefined ? targets.length * 1000 : Number(values.minutes) * 60_000;
console.log(`seed ${seed}`);
try {
  const coverage = watchCoverage(url, code, isWanted);
  for (const target of targets) {
    const before = process.cpuUsage();
    const limits = {
      seed,
      executions: bounded ? Number(values.executions) : Infinity,
      cpuMs: bounded ? Infinity : wholeMs * shareOf(target),
    };
    const fuzzed = fuzz(target, coverage, limits);
    reportOf(target, fuzzed, coverage, secondsSince(before));
  }
} finally {
  for (const { clear } of all) clear?.();
  rmSync(scratch, { recursive: true });
}
