// Compiles the head of the bundle with the Node of a platform, so that a binary need not when it starts. Two builds give
// the same bytes: nothing is run meanwhile, and strings are hashed with a fixed seed.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { emulator } from "./prove.mjs";

/** Where V8 notes under which of its own flags it compiled. The two of ours change nothing of what it makes. */
const flagsAt = 12;

/** Writes the compiled head to `output`; nothing where no Node of that platform can be run. */
export function writeCompiled({ platform, node, head, output }) {
  const under = emulator(platform);
  writeFileSync(output, "");
  if (under === undefined) return "not compiled ahead";
  const run = (flags, verb) => {
    const [program, ...words] = [...under, node, ...flags, resolve("scripts/release/compile-all.cjs"), verb, head, output];
    return execFileSync(program, words, { encoding: "utf8", env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "inherit"] });
  };
  run(["--no-lazy", "--hash-seed=1"], "make");
  const bytes = readFileSync(output);
  bytes.writeUInt32LE(Number(run([], "flags")), flagsAt);
  writeFileSync(output, bytes);
  if (run([], "take") !== "true") throw new Error(`the Node of ${platform} would not take what it compiled itself`);
  return `${(bytes.length / 1e6).toFixed(1)} MB compiled ahead`;
}
