// Breaks the code that decides, one way at a time, in a scratch copy, and expects the tests of project `core` to notice.
//   node scripts/mutate.mjs           every chosen mutation must be killed
//   node scripts/mutate.mjs --check   every chosen mutation still applies (nothing is run)
//   node scripts/mutate.mjs --score [N]   every Nth operator of src/core and src/registries, swapped; prints a score
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { mutations } from "./mutations.mjs";

const root = new URL("..", import.meta.url).pathname;
const [mode, every = "1"] = process.argv.slice(2);
/** Beyond this many times what the tests take without a mutation, a run has hung, which is noticed, too. */
const patience = 10;

/** The source with one mutation in it; throws when its place is not there or not the only one. */
function mutated({ file, name, find, replace }) {
  const source = readFileSync(join(root, file), "utf8");
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`"${name}" does not apply: ${JSON.stringify(find)} stands ${places} times in ${file}`);
  return source.replace(find, () => replace);
}

const swaps = [
  [" === ", " !== "],
  [" !== ", " === "],
  [" && ", " || "],
  [" || ", " && "],
  [" < ", " <= "],
  [" > ", " >= "],
  [" <= ", " < "],
  [" >= ", " > "],
  [" + ", " - "],
  [" - ", " + "],
  ["true", "false"],
  ["false", "true"],
  ["if (!", "if ("],
];

/** Every operator outside comments and imports, swapped. */
function* swapped(directory) {
  for (const name of readdirSync(join(root, directory), { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(directory, name);
    const source = readFileSync(join(root, file), "utf8");
    let at = 0;
    for (const line of source.split("\n")) {
      if (!/^\s*(\/\/|\*|\/\*|import |export type |type |readonly |\| )/.test(line)) {
        for (const [find, replace] of swaps) {
          for (let place = line.indexOf(find); place >= 0; place = line.indexOf(find, place + 1)) {
            const text = source.slice(0, at + place) + replace + source.slice(at + place + find.length);
            yield { file, name: `${line.trim()}  [${find.trim()} → ${replace.trim()}]`, text };
          }
        }
      }
      at += line.length + 1;
    }
  }
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
const chosen =
  mode === "--score"
    ? [...swapped("src/core"), ...swapped("src/registries")].filter((_, index) => index % Number(every) === 0)
    : mutations.map((mutation) => ({ ...mutation, text: mutated(mutation) }));
if (mode === "--check") {
  console.log(`${chosen.length} mutations apply`);
} else {
  const survivors = await survivorsOf(chosen);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${chosen.length - survivors.length} of ${chosen.length} mutations are killed (${seconds} s)`);
  if (mode !== "--score" && survivors.length > 0) process.exitCode = 1;
}
