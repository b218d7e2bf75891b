// Breaks the code that decides, one way at a time, in a scratch copy, and expects the tests of project `core` to notice.
//   node scripts/mutate.mjs           every chosen mutation must be killed
//   node scripts/mutate.mjs --check   every chosen mutation still applies, and every explained survivor is one (nothing is run)
//   node scripts/mutate.mjs --score [core] [apply]   every part of the code that decides, or that writes; prints a score
//       --every N   one mutant in N, always the same ones under one --seed S
//       --goal P    fails below so many per cent
//       --only PART     mutants of the sources whose path holds PART (repeatable)
//       --tests PART    with the tests whose path holds PART (repeatable)
//       --strict    halves of conditions and numbers off by one, too
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { score, staleExplanations } from "./mutation/score.mjs";
import { mutations } from "./mutations.mjs";

const root = new URL("..", import.meta.url).pathname;
const { values: told, positionals: scopes } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: "boolean", default: false },
    score: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    every: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    goal: { type: "string", default: "0" },
    only: { type: "string", multiple: true, default: [""] },
    tests: { type: "string", multiple: true, default: [""] },
  },
});
/** Beyond this many times what the tests take without a mutation, a run has hung, which is noticed, too. */
const patience = 10;

/** The source with one mutation in it; throws when its place is not there or not the only one. */
function mutated({ file, name, find, replace }) {
  const source = readFileSync(join(root, file), "utf8");
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`"${name}" does not apply: ${JSON.stringify(find)} stands ${places} times in ${file}`);
  return source.replace(find, () => replace);
}

function scratchCopy() {
  const copy = mkdtempSync(join(tmpdir(), "mutate-"));
  for (const part of ["src", "test", "examples", "schema", "systemd", "package.json", "tsconfig.json", "vitest.config.ts"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

const children = new Set();
const copies = new Set();

function stop() {
  for (const child of children) child.kill("SIGKILL");
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  process.exit(130);
}
process.once("SIGINT", stop).once("SIGTERM", stop);

/** Do the tests of project `core` that can see a file pass in this copy? */
function testsPass(copy, file, timeoutMs) {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const where = file?.startsWith("src/core/") === true ? ["test/core"] : [];
  const args = ["node_modules/vitest/vitest.mjs", "run", "--project", "core", "--bail", "1", "--reporter", "dot", "--no-isolate", ...where];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: copy, env: { ...env, SESSREAP_LAW_RUNS: "60" }, stdio: "ignore" });
    children.add(child);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.on("exit", (code) => {
      clearTimeout(timer);
      children.delete(child);
      resolve(code === 0);
    });
  });
}

async function survivorsOf(mutants) {
  const left = [...mutants];
  const survivors = [];
  async function work() {
    const copy = scratchCopy();
    copies.add(copy);
    const began = performance.now();
    if (!(await testsPass(copy))) throw new Error("the tests fail without any mutation");
    const timeoutMs = 30_000 + patience * (performance.now() - began);
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      writeFileSync(join(copy, mutant.file), mutant.text);
      if (await testsPass(copy, mutant.file, timeoutMs)) {
        survivors.push(mutant);
        console.log(`survives: ${mutant.file}: ${mutant.name}`);
      }
      cpSync(join(root, mutant.file), join(copy, mutant.file));
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));
  } finally {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  }
  return survivors;
}

const started = performance.now();
if (told.score) {
  const [every, goal] = [Number(told.every), Number(told.goal)];
  const { seed, strict, only, tests } = told;
  for (const scope of scopes.length === 0 ? ["core", "apply"] : scopes) {
    if (!(await score({ scope, every, seed, strict, goal, only, tests }))) process.exitCode = 1;
  }
} else {
  const chosen = mutations.map((mutation) => ({ ...mutation, text: mutated(mutation) }));
  if (told.check) {
    console.log(`${chosen.length} mutations apply`);
    const stale = staleExplanations();
    for (const id of stale) console.log(`explained, but there is no such mutant: ${id}`);
    if (stale.length > 0) process.exitCode = 1;
  } else {
    const survivors = await survivorsOf(chosen);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`${chosen.length - survivors.length} of ${chosen.length} mutations are killed (${seconds} s)`);
    if (survivors.length > 0) process.exitCode = 1;
  }
}
