// `npm run bench`: sessreap, packed and built as users get it, beside what one would use instead, in turns, in one run.
// Prints medians and ratios, and writes the tables of docs/performance.md and its plot.
//
//   -- --quick             takes about a minute on a quiet machine and writes nothing
//   -- --only GROUP        measures this group of tables (start, processes, entries, restore, watch, markers; repeatable), writes nothing
//   -- --package-only      builds no binary
//   -- --make DIR          puts the package and the binary of this commit into DIR, and measures nothing
//   -- --beside DIR        measures what stands in DIR (`package/` and, if it is there, `sessreap-<platform>`) as well;
//                          a full run writes its rows, too
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
import { watched } from "./watched.mjs";
import { bridgeRegistry, ghostCount, markerTree } from "./registries.mjs";

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
const entryCounts = (flags.entries ?? (quick ? "1000,20000" : "1000,10000,100000,1000000")).split(",").map(Number);
const markerCounts = (flags.markers ?? (quick ? "5000" : "5000,285000")).split(",").map(Number);
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
/** Where an older program has not the words, or not the promptness. */
const ownPackage = () => packages().filter(({ beside }) => beside === undefined);

/**
 * One command a program, all with the same words; `task` says what they do. Before each run its state is what a machine has
 * that sweeps have watched for an hour, and a registry that it changes is copied; `continues` leaves both as they are.
 */
function sessreap(task, words, { of = programs, copied = [], continues = false, env: moreEnv = {} } = {}) {
  return of.map((program) => {
    const { kind, beside, argv, env: ownEnv } = program;
    const label = beside === undefined ? kind : `${kind}, ${beside}`;
    const before = [node, ...script("fresh.mjs", ownEnv.SESSREAP_STATE_DIR, ...copied)];
    const command = { name: `sessreap (${label}) ${task}`, task, program, argv: [...argv, ...words], env: { ...ownEnv, ...moreEnv } };
    return continues ? command : { ...command, before };
  });
}

/** Ends the bench where a program would not reap as many: a sweep that finds nothing costs little. */
function expectGhosts(count, words) {
  for (const { name, argv, env: ownEnv, before } of sessreap("--dry-run --json", ["--dry-run", "--json", ...words])) {
    execFileSync(before[0], before.slice(1));
    const options = { env: { ...env, ...ownEnv }, encoding: "utf8", maxBuffer: 1 << 30 };
    const { entries } = JSON.parse(execFileSync(argv[0], argv.slice(1), options));
    const found = entries.filter(({ verdict }) => verdict === "ghost").length;
    if (found !== count) throw new Error(`${name} finds ${found} ghosts where ${count} are`);
  }
}

const run = (commands, rounds) => compare(commands, rounds, { scratch, env, python });

const tables = [];

/** Prints a table and keeps it; `note` says something of its rows. */
function report(title, results, note) {
  const beside = results.find(({ program }) => program?.beside !== undefined)?.program.beside;
  const text = [`### ${title}`, "", ...(note === undefined ? [] : [note, ""]), tableOf(results, beside), ""].join("\n");
  tables.push(text);
  process.stdout.write(`${text}\n`);
}

const points = [];

async function startUp() {
  const young = await bridgeRegistry(join(scratch, "young.json"), 24, false);
  const due = await bridgeRegistry(join(scratch, "due.json"), 24);
  expectGhosts(ghostCount(24), ["--registry", due]);
  const configured = { XDG_CONFIG_HOME: join(scratch, "config") };
  mkdirSync(join(scratch, "config/sessreap"), { recursive: true });
  writeFileSync(join(scratch, "config/sessreap/config.json"), JSON.stringify({ registries: [{ format: "llmmsg-bridge", path: due }] }));
  const commands = [
    bare,
    ...sessreap("--version", ["--version"]),
    ...sessreap("--dry-run, nothing due", ["--dry-run", "--registry", young]),
    ...sessreap("nothing due", ["--registry", young]),
    ...sessreap("--dry-run", ["--dry-run", "--registry", due]),
    ...sessreap("--dry-run, as configured", ["--dry-run"], { env: configured }),
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
    const costs = results.filter((row) => row.each !== undefined).map((row) => `${row.name} ${row.each.toFixed(1)} µs`);
    report(`24 entries, ${total} processes`, results, `CPU time of each process above ${fewCount}: ${costs.join(", ")}.`);
  } finally {
    sleepers.stop();
  }
}

async function manyEntries(count, rounds) {
  const path = await bridgeRegistry(join(scratch, `entries-${count}.json`), count);
  const copy = join(scratch, "copy.json");
  const isHuge = count > 200_000;
  if (!isHuge) expectGhosts(ghostCount(count), ["--registry", path]);
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
  const apply = run(
    [
      ...sessreap("-q --now", ["-q", "--now", "--registry", copy], { copied: [path, copy] }),
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

/** What a sweep of one registry took is put back, and the registry is swept again. */
async function putBack() {
  const count = quick ? 2000 : 20_000;
  const all = await bridgeRegistry(join(scratch, "all.json"), count);
  const size = count.toLocaleString("en");
  const tree = markerTree(join(scratch, "back"), count, 17, []);
  for (const [what, source, registryOf] of [
    [`one file of ${size} entries`, all, (copy) => copy],
    [`${size} markers`, tree, (copy) => `claude-plugin-in-use:${copy}`],
  ]) {
    const copy = join(scratch, "put-back");
    const words = ["-q", "--now", "--registry", registryOf(copy)];
    const of = ownPackage();
    const rows = [
      ...sessreap("-q --now", words, { of, copied: [source, copy] }),
      ...sessreap("restore --sweep last", ["restore", "--sweep", "last"], { of, continues: true }),
      ...sessreap("-q --now, after it", words, { of, continues: true }),
    ];
    report(`Restore, ${what}`, run(rows, quick ? 1 : 3));
  }
}

async function markers() {
  for (const count of markerCounts) await manyMarkers(count);
}

async function manyMarkers(markerCount) {
  const rounds = quick ? 2 : 3;
  const [tree, copy] = [join(scratch, "cache"), join(scratch, "cache-copy")];
  const holders = await crowd(Math.ceil(markerCount / 100));
  const size = markerCount.toLocaleString("en");
  try {
    const live = holders.children().map((pid) => ({ pid, startTicks: startTicksOf(pid) }));
    markerTree(tree, markerCount, 17, live);
    expectGhosts(markerCount - live.length, ["--registry", `claude-plugin-in-use:${tree}`]);
    const dry = run(
      [
        { name: "readdir alone (node)", argv: [node, ...script("readdir.cjs", tree)] },
        { name: "readdir, lstat and kill, nothing judged", argv: [node, ...script("markers-look.cjs", tree)] },
        ...sessreap("--dry-run -q", ["--dry-run", "-q", "--registry", `claude-plugin-in-use:${tree}`]),
      ],
      rounds,
    );
    report(`${size} marker files, 1 % live, dry run`, dry);
    const fresh = ["sh", "-c", `rm -rf ${copy}; cp -a ${tree} ${copy}`];
    // The script knows the numbers of x86_64's system calls alone.
    const perl = { name: "the calls that keep the promises (perl)", argv: script("markers-reap.pl", copy, join(scratch, "kept")) };
    const apply = run(
      [
        { name: "find -delete (all of them, unasked)", argv: ["find", copy, "-type", "f", "-delete"], before: fresh },
        ...(process.arch === "x64" ? [{ ...perl, before: fresh }] : []),
        // In the kernel the binary would do the same.
        ...sessreap("-q --now", ["-q", "--now", "--registry", `claude-plugin-in-use:${copy}`], { of: packages(), copied: [tree, copy] }),
      ],
      // Each run of the large tree takes a minute, nearly all of it in the kernel.
      markerCount > 100_000 ? 1 : rounds,
    );
    report(`${size} marker files, 1 % live, apply`, apply);
  } finally {
    holders.stop();
    for (const path of [tree, copy]) rmSync(path, { recursive: true, force: true });
  }
}

/** A watch at rest, and the end of some holders; of this commit alone. */
async function watching() {
  const rows = [];
  for (const [entries, holders] of [
    [20, 20],
    [10_000, 2000],
  ]) {
    const [path, config] = [join(scratch, `watched-${entries}.json`), join(scratch, `watched-${entries}.config.json`)];
    for (const { argv, env: ownEnv } of ownPackage()) {
      const found = { entries, holders, seconds: quick ? 20 : 120, ends: 20, path, config };
      const { idle, peak, went } = await watched({ argv, env: { ...env, ...ownEnv } }, found);
      const times = [went[went.length >> 1], went.at(-1)].map((ms) => ms.toFixed(0));
      const size = `${entries.toLocaleString("en")} | ${holders.toLocaleString("en")}`;
      rows.push(`| ${size} | ${(idle * 100).toFixed(2)} | ${(peak / 1e6).toFixed(0)} | ${times.join(" | ")} |`);
    }
  }
  const head = ["| registrations | holders | CPU % at rest | peak MB | p50 ms, end to row gone | longest |", "|--:|--:|--:|--:|--:|--:|"];
  const text = ["### A watch", "", ...head, ...rows, ""].join("\n");
  tables.push(text);
  process.stdout.write(`${text}\n`);
}

const groups = { start: startUp, processes: manyProcesses, entries: allEntries, restore: putBack, watch: watching, markers };

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
