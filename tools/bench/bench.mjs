// `npm run bench`: sessreap, packed and built as users get it, beside what one would use instead, in turns, in one run.
// Prints medians and ratios, and writes the tables of docs/performance.md and its plot.
//
//   -- --quick             takes about a minute on a quiet machine and writes nothing
//   -- --only GROUP        measures this group of tables (start, processes, entries, markers; repeatable), writes nothing
//   -- --package-only      builds no binary
//   -- --make DIR          puts the package and the binary of this commit into DIR, and measures nothing
//   -- --beside DIR        measures what stands in DIR (`package/` and, if it is there, `sessreap-<platform>`) as well;
//                          its rows are printed and not written
//   -- --entries, --markers, --processes     set the sizes
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compare, tableOf } from "./compare.mjs";
import { plotCost } from "./plot.mjs";
import { agents, crowd, processCount, startTicksOf } from "./processes.mjs";
import { binaryNode, makePrograms, programsOf } from "./programs.mjs";
import { bridgeRegistry, markerTree } from "./registries.mjs";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    "package-only": { type: "boolean", default: false },
    make: { type: "string" },
    beside: { type: "string" },
    entries: { type: "string" },
    markers: { type: "string" },
    processes: { type: "string" },
  },
});
const { quick } = flags;
const entryCounts = (flags.entries ?? (quick ? "1000,20000" : "1000,100000,1000000")).split(",").map(Number);
const markerCount = Number(flags.markers ?? (quick ? 5000 : 285_000));
const crowdSize = Number(flags.processes ?? (quick ? 500 : 2000));
const here = import.meta.dirname;
const root = join(here, "../..");
const scratch = mkdtempSync(join(tmpdir(), "sessreap-bench-"));
const [home, stateDir] = [join(scratch, "home"), join(scratch, "state")];
mkdirSync(home);
// Without NODE_EXTRA_CA_CERTS and the like: on Node 20 that alone triples a bare start.
const env = { PATH: process.env.PATH, HOME: home, LC_ALL: "C.UTF-8" };
if (process.env.PYENV_ROOT !== undefined) env.PYENV_ROOT = process.env.PYENV_ROOT;

const node = process.execPath;
const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
const script = (name, ...words) => [join(here, name), ...words];
const bare = { name: "node -e 0", argv: [node, "-e", "0"] };

/** What is measured, known once it is made. */
let programs = [];
const packages = () => programs.filter(({ kind }) => kind === "package");

/** One command a program, all with the same words; `task` says what they do. */
function sessreap(task, words, { of = programs, before } = {}) {
  return of.map((program) => {
    const { kind, beside, argv, env: ownEnv } = program;
    const label = beside === undefined ? kind : `${kind}, ${beside}`;
    return { name: `sessreap (${label}) ${task}`, task, program, argv: [...argv, ...words], env: ownEnv, before };
  });
}

const run = (commands, rounds) => compare(commands, rounds, { scratch, env, python });

const tables = [];

/** Prints a table, and keeps it without the rows of `--beside`; `noteOf` says something of the rows above them. */
function report(title, results, noteOf) {
  const textOf = (rows, beside) =>
    [`### ${title}`, "", ...(noteOf === undefined ? [] : [noteOf(rows), ""]), tableOf(rows, beside), ""].join("\n");
  const isBeside = ({ program }) => program?.beside !== undefined;
  tables.push(textOf(results.filter((result) => !isBeside(result))));
  process.stdout.write(`${textOf(results, results.find(isBeside)?.program.beside)}\n`);
}

const points = [];

async function startUp() {
  const young = await bridgeRegistry(join(scratch, "young.json"), 24, false);
  const due = await bridgeRegistry(join(scratch, "due.json"), 24);
  const commands = [
    bare,
    ...sessreap("--version", ["--version"]),
    ...sessreap("--dry-run, nothing due", ["--dry-run", "--registry", young]),
    ...sessreap("nothing due", ["--registry", young]),
    ...sessreap("--dry-run", ["--dry-run", "--registry", due]),
    { name: "jq, careful", argv: script("careful.sh", due) },
    { name: "jq, naive", argv: script("naive.sh", due) },
    { name: "python3", argv: [python, ...script("sweep.py", due)] },
  ];
  report(`24 entries, ${processCount()} processes`, run(commands, quick ? 9 : 31));
}

/** CPU microseconds that each further process costs, by the same commands among few processes and among many. */
function costOfEach(few, many, count) {
  const above = (results, at) => results[at].cpu - results[0].cpu;
  return (at) => ((above(many, at) - above(few, at)) / count) * 1e6;
}

async function manyProcesses() {
  const due = await bridgeRegistry(join(scratch, "due.json"), 24);
  const rounds = quick ? 5 : 15;
  const looking = [
    bare,
    ...sessreap("--dry-run", ["--dry-run", "--registry", due]),
    // A second look of an absence is due, so that the open files of every process are read.
    ...sessreap("--dry-run, second look due", ["--dry-run", "--now", "--registry", due]),
    { name: "readdir, and a readFileSync each (node)", argv: [node, ...script("floor.cjs")] },
    { name: "ps-list (node)", argv: [node, ...script("ps-list.mjs")] },
  ];
  const fewCount = processCount();
  const few = run(looking, rounds);
  const sleepers = await crowd(crowdSize);
  // Entries are young for ten minutes only, and a slow machine takes them.
  const young = await bridgeRegistry(join(scratch, "young.json"), 24, false);
  try {
    const total = processCount();
    const many = run(
      [
        ...looking,
        ...sessreap("--dry-run, nothing due", ["--dry-run", "--registry", young]),
        { name: "jq, careful", argv: script("careful.sh", due) },
        { name: "jq, naive", argv: script("naive.sh", due) },
        { name: "python3", argv: [python, ...script("sweep.py", due)] },
      ],
      rounds,
    );
    const each = costOfEach(few, many, total - fewCount);
    const results = many.map((result, at) => (at > 0 && at < looking.length ? { ...result, each: each(at) } : result));
    const noteOf = (rows) => {
      const costs = rows.filter((row) => row.each !== undefined).map((row) => `${row.name} ${row.each.toFixed(1)} µs`);
      return `CPU time of each process above ${fewCount}: ${costs.join(", ")}.`;
    };
    report(`24 entries, ${total} processes`, results, noteOf);
  } finally {
    sleepers.stop();
  }
}

async function manyEntries(count, rounds) {
  const path = await bridgeRegistry(join(scratch, `entries-${count}.json`), count);
  const copy = join(scratch, "copy.json");
  const isHuge = count > 200_000;
  const dry = run(
    [
      ...sessreap("--dry-run -q", ["--dry-run", "-q", "--registry", path]),
      { name: "jq, careful", argv: script("careful.sh", path) },
      ...(count <= 1000 ? [{ name: "jq, naive", argv: script("naive.sh", path) }] : []),
      { name: "python3", argv: [python, ...script("sweep.py", path)] },
      { name: "JSON.parse alone (node)", argv: [node, ...script("parse.cjs", path)] },
    ],
    rounds,
  );
  report(`${count.toLocaleString("en")} entries, dry run`, dry);
  for (const { name, program, cpu } of dry) {
    if (program?.beside === undefined) points.push({ name: program === undefined ? name : `sessreap (${program.kind})`, size: count, cpu });
  }
  const before = ["cp", path, copy];
  const fresh = ["sh", "-c", `rm -rf ${stateDir}; cp ${path} ${copy}`];
  const apply = run(
    [
      ...sessreap("-q", ["-q", "--registry", copy], { before: fresh }),
      { name: "jq, careful", argv: script("careful.sh", "--apply", copy), before },
      { name: "python3", argv: [python, ...script("sweep.py", "--apply", copy)], before },
      { name: "the least in node", argv: [node, ...script("cut.cjs", "--apply", copy)], before },
    ],
    isHuge ? Math.min(rounds, 1) : rounds,
  );
  report(`${count.toLocaleString("en")} entries, apply`, apply);
  rmSync(path);
}

async function allEntries() {
  for (const count of entryCounts) await manyEntries(count, quick || count > 200_000 ? 2 : count > 10_000 ? 5 : 9);
}

async function markers() {
  const rounds = quick ? 2 : 3;
  const tree = join(scratch, "cache");
  const holders = await crowd(Math.ceil(markerCount / 100));
  const size = markerCount.toLocaleString("en");
  try {
    const live = holders.children().map((pid) => ({ pid, startTicks: startTicksOf(pid) }));
    markerTree(tree, markerCount, 17, live);
    const dry = run(
      [
        { name: "readdir alone (node)", argv: [node, ...script("readdir.cjs", tree)] },
        { name: "readdir, lstat and kill, nothing judged", argv: [node, ...script("markers-look.cjs", tree)] },
        ...sessreap("--dry-run -q", ["--dry-run", "-q", "--registry", `claude-plugin-in-use:${tree}`]),
      ],
      rounds,
    );
    report(`${size} marker files, 1 % live, dry run`, dry);
    const copy = join(scratch, "cache-copy");
    const fresh = ["sh", "-c", `rm -rf ${copy} ${stateDir}; cp -a ${tree} ${copy}`];
    // The script knows the numbers of x86_64's system calls alone.
    const perl = { name: "the calls that keep the promises (perl)", argv: script("markers-reap.pl", copy, join(scratch, "kept")) };
    const apply = run(
      [
        { name: "find -delete (all of them, unasked)", argv: ["find", copy, "-type", "f", "-delete"], before: fresh },
        ...(process.arch === "x64" ? [{ ...perl, before: fresh }] : []),
        // A run takes a minute, nearly all of it in the kernel: the binary would say the same.
        ...sessreap("-q", ["-q", "--registry", `claude-plugin-in-use:${copy}`], { of: packages(), before: fresh }),
      ],
      rounds,
    );
    report(`${size} marker files, 1 % live, apply`, apply);
    const few = join(scratch, "few");
    markerTree(few, Math.min(markerCount, 2000), 17, []);
    const loop = run([{ name: "bash loop over 2,000, dry run", argv: script("markers.sh", few), fails: true }], 1);
    report("A bash loop, for scale", loop);
  } finally {
    holders.stop();
  }
}

const groups = { start: startUp, processes: manyProcesses, entries: allEntries, markers };

function chosenGroups() {
  const names = flags.only ?? Object.keys(groups);
  const unknown = names.find((name) => !Object.hasOwn(groups, name));
  if (unknown !== undefined) throw new Error(`no group of tables is called ${unknown} (known: ${Object.keys(groups).join(", ")})`);
  return names.map((name) => groups[name]);
}

function writePage(machine) {
  const doc = join(root, "docs/performance.md");
  const text = readFileSync(doc, "utf8");
  const [open, close] = ["<!-- bench: written by npm run bench -->", "<!-- /bench -->"];
  const [head, tail] = [text.slice(0, text.indexOf(open) + open.length), text.slice(text.indexOf(close))];
  writeFileSync(doc, `${head}\n\n${machine}.\n\n${tables.join("\n")}\n${tail}`);
  writeFileSync(join(root, "docs/performance.svg"), plotCost(points));
}

async function measure() {
  const chosen = chosenGroups();
  const own = join(scratch, "own");
  makePrograms(own, flags["package-only"]);
  programs = programsOf(own, flags.beside, stateDir);
  const started = Date.now();
  const attached = agents(3);
  try {
    for (const group of chosen) await group();
  } finally {
    attached.stop();
  }
  const nodes = programs.some(({ kind }) => kind === "binary")
    ? `Node ${process.version} (in the binary v${binaryNode})`
    : `Node ${process.version}`;
  const machine = `${nodes}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${new Date().toISOString().slice(0, 10)}`;
  process.stdout.write(`${machine}; ${Math.round((Date.now() - started) / 1000)} s\n`);
  if (!quick && flags.only === undefined) writePage(machine);
}

try {
  if (flags.make === undefined) await measure();
  else makePrograms(resolve(flags.make), flags["package-only"]);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
