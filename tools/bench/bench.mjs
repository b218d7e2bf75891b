// `npm run bench`: sessreap beside what one would use instead, in turns, in one run. Prints medians and ratios, and
// writes the tables of docs/performance.md and its plot. `-- --quick` takes less than a minute on a quiet machine and
// writes nothing; `--entries`, `--markers` and `--processes` set the sizes.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { agents, crowd, processCount, startTicksOf } from "./processes.mjs";
import { plotCost } from "./plot.mjs";
import { bridgeRegistry, markerTree } from "./registries.mjs";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    entries: { type: "string" },
    markers: { type: "string" },
    processes: { type: "string" },
  },
});
const { quick } = flags;
const entryCounts = (flags.entries ?? (quick ? "1000,20000" : "1000,100000,1000000")).split(",").map(Number);
const markerCount = Number(flags.markers ?? (quick ? 5000 : 285_000));
const crowdSize = Number(flags.processes ?? (quick ? 500 : 2000));
const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const scratch = mkdtempSync(join(tmpdir(), "sessreap-bench-"));
const [home, stateDir] = [join(scratch, "home"), join(scratch, "state")];
mkdirSync(home);
// Without NODE_EXTRA_CA_CERTS and the like: on Node 20 that alone triples a bare start.
const env = { PATH: process.env.PATH, HOME: home, SESSREAP_STATE_DIR: stateDir, LC_ALL: "C.UTF-8" };
if (process.env.PYENV_ROOT !== undefined) env.PYENV_ROOT = process.env.PYENV_ROOT;

const node = process.execPath;
const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
const sessreap = (...words) => [node, join(root, "bin/sessreap.cjs"), ...words];
const beside = (name, ...words) => [join(here, name), ...words];
const bare = { name: "node -e 0", argv: [node, "-e", "0"] };

const median = (readings) => readings.toSorted((a, b) => a - b)[Math.floor(readings.length / 2)];

/** Runs the commands in turns; ratios are taken run by run against the first, for the machine's speed drifts. */
function compare(commands, rounds) {
  const job = { commands, rounds, warmup: rounds > 4 ? 1 : 0, env, output: join(scratch, "output") };
  const { stdout, status } = spawnSync(python, [join(here, "measure.py")], {
    input: JSON.stringify(job),
    stdio: ["pipe", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`measure.py ended with ${status}`);
  const runs = commands.map(() => []);
  for (const line of stdout.toString().trim().split("\n")) {
    const run = JSON.parse(line);
    runs[run.index].push(run);
  }
  return commands.map(({ name, fails }, index) => {
    const own = runs[index];
    const failed = own.find(({ code }) => code !== 0);
    if (failed !== undefined && fails !== true) throw new Error(`${name} ended with ${failed.code}`);
    const of = (what) => median(own.map((run) => run[what]));
    const against = (what) => median(own.map((run, at) => run[what] / runs[0][at][what]));
    return { name, wall: of("wall"), cpu: of("cpu"), peak: of("peak"), wallRatio: against("wall"), cpuRatio: against("cpu") };
  });
}

const ms = (seconds) => (seconds < 0.1 ? (seconds * 1000).toFixed(1) : (seconds * 1000).toFixed(0));
const mb = (bytes) => (bytes / 1e6).toFixed(0);

const tables = [];
function report(title, results, note) {
  const rows = results.map(({ name, cpu, wall, peak, cpuRatio, wallRatio }) => {
    return `| ${name} | ${ms(cpu)} | ${ms(wall)} | ${mb(peak)} | ${cpuRatio.toFixed(2)} | ${wallRatio.toFixed(2)} |`;
  });
  const head = ["| command | CPU ms | wall ms | peak MB | CPU × | wall × |", "|---|---:|---:|---:|---:|---:|"];
  const table = [`### ${title}`, "", ...(note === undefined ? [] : [note, ""]), ...head, ...rows, ""].join("\n");
  tables.push(table);
  process.stdout.write(`${table}\n`);
}

const scenario = { plot: [] };

async function startUp() {
  const young = await bridgeRegistry(join(scratch, "young.json"), 24, false);
  const due = await bridgeRegistry(join(scratch, "due.json"), 24);
  const commands = [
    bare,
    { name: "sessreap --version", argv: sessreap("--version") },
    { name: "all the code of a sweep, without one", argv: [node, join(here, "head.cjs")] },
    { name: "sessreap --dry-run, 24 entries, nothing due", argv: sessreap("--dry-run", "--registry", young) },
    { name: "sessreap, 24 entries, nothing due", argv: sessreap("--registry", young) },
    { name: "the same, compiled by nobody before", argv: [node, join(root, "dist/sessreap.cjs"), "--registry", young] },
    { name: "sessreap --dry-run, 24 entries", argv: sessreap("--dry-run", "--registry", due) },
    { name: "jq, careful", argv: beside("careful.sh", due) },
    { name: "jq, naive", argv: beside("naive.sh", due) },
    { name: "python3", argv: [python, ...beside("sweep.py", due)] },
  ];
  report(`24 entries, ${processCount()} processes`, compare(commands, quick ? 9 : 31));
}

async function manyProcesses(count) {
  const due = join(scratch, "due.json");
  const sleepers = await crowd(count);
  // Entries are young for ten minutes only, and a slow machine takes them.
  await bridgeRegistry(join(scratch, "young.json"), 24, false);
  try {
    const total = processCount();
    const commands = [
      bare,
      { name: "sessreap --dry-run", argv: sessreap("--dry-run", "--registry", due) },
      { name: "sessreap --dry-run, nothing due", argv: sessreap("--dry-run", "--registry", join(scratch, "young.json")) },
      { name: "jq, careful", argv: beside("careful.sh", due) },
      { name: "jq, naive", argv: beside("naive.sh", due) },
      { name: "python3", argv: [python, ...beside("sweep.py", due)] },
    ];
    report(`24 entries, ${total} processes`, compare(commands, quick ? 3 : 15));
    await snapshot(total);
  } finally {
    sleepers.stop();
  }
}

/** The look at the processes alone, each in a fresh process, beside the same file that does not look. */
async function snapshot(total) {
  const look =
    'import { lookAtProcesses } from "./src/host/processes/linux.ts"; const look = () => lookAtProcesses({ pids: new Set(), owners: [] });';
  const entries = {
    still: `${look} if (process.argv.length > 99) look();`,
    look: `${look} look();`,
    list: 'import psList from "ps-list"; void psList();',
  };
  for (const [name, contents] of Object.entries(entries)) {
    await build({
      stdin: { contents, resolveDir: root },
      bundle: true,
      platform: "node",
      outfile: join(scratch, `${name}.cjs`),
      define: { "import.meta.url": "__u" },
      banner: { js: 'const __u = "file:///";' },
    });
  }
  const commands = [
    { name: "the same file, without the look", argv: [node, join(scratch, "still.cjs")] },
    { name: "the look of a sweep", argv: [node, join(scratch, "look.cjs")] },
    { name: "readdir, and a readFileSync each", argv: [node, join(here, "floor.cjs")] },
    { name: "ps-list", argv: [node, join(scratch, "list.cjs")] },
  ];
  const results = compare(commands, quick ? 5 : 15);
  const each = (at) => (((results[at].cpu - results[0].cpu) / total) * 1e6).toFixed(1);
  const said = `${each(1)} µs a process, readdir and readFileSync ${each(2)} µs, ps-list ${each(3)} µs`;
  report(`The processes alone, ${total} of them`, results, `CPU above the first row: ${said}.`);
}

async function manyEntries(count, rounds) {
  const path = await bridgeRegistry(join(scratch, `entries-${count}.json`), count);
  const copy = join(scratch, "copy.json");
  const before = ["cp", path, copy];
  const isHuge = count > 200_000;
  const dry = compare(
    [
      { name: "sessreap --dry-run -q", argv: sessreap("--dry-run", "-q", "--registry", path) },
      { name: "jq, careful", argv: beside("careful.sh", path) },
      ...(count <= 1000 ? [{ name: "jq, naive", argv: beside("naive.sh", path) }] : []),
      { name: "python3", argv: [python, ...beside("sweep.py", path)] },
      { name: "JSON.parse alone (node)", argv: [node, join(here, "parse.cjs"), path] },
    ],
    rounds,
  );
  report(`${count.toLocaleString("en")} entries, dry run`, dry);
  for (const { name, cpu } of dry) scenario.plot.push({ name, size: count, cpu });
  const clean = () => rmSync(stateDir, { recursive: true, force: true });
  clean();
  const fresh = ["sh", "-c", `rm -rf ${stateDir}; cp ${path} ${copy}`];
  const apply = compare(
    [
      { name: "sessreap -q", argv: sessreap("-q", "--registry", copy), before: fresh },
      { name: "jq, careful", argv: beside("careful.sh", "--apply", copy), before },
      { name: "python3", argv: [python, ...beside("sweep.py", "--apply", copy)], before },
      { name: "the least in node", argv: [node, ...beside("cut.cjs", "--apply", copy)], before },
    ],
    isHuge ? Math.min(rounds, 1) : rounds,
  );
  report(`${count.toLocaleString("en")} entries, apply`, apply);
  rmSync(path);
}

async function markers(count, rounds) {
  const tree = join(scratch, "cache");
  const holders = await crowd(Math.ceil(count / 100));
  try {
    const live = holders.children().map((pid) => ({ pid, startTicks: startTicksOf(pid) }));
    markerTree(tree, count, 17, live);
    const registry = `claude-plugin-in-use:${tree}`;
    const dry = compare(
      [
        { name: "readdir alone (node)", argv: [node, join(here, "readdir.cjs"), tree] },
        { name: "readdir, lstat and kill, nothing judged", argv: [node, join(here, "markers-look.cjs"), tree] },
        { name: "sessreap --dry-run -q", argv: sessreap("--dry-run", "-q", "--registry", registry) },
      ],
      rounds,
    );
    report(`${count.toLocaleString("en")} marker files, 1 % live, dry run`, dry);
    const copy = join(scratch, "cache-copy");
    const fresh = ["sh", "-c", `rm -rf ${copy} ${stateDir}; cp -a ${tree} ${copy}`];
    const apply = compare(
      [
        { name: "find -delete (all of them, unasked)", argv: ["find", copy, "-type", "f", "-delete"], before: fresh },
        // It knows the numbers of one machine's system calls.
        ...(process.arch === "x64"
          ? [
              {
                name: "the calls that keep the promises (perl)",
                argv: beside("markers-reap.pl", copy, join(scratch, "kept")),
                before: fresh,
              },
            ]
          : []),
        { name: "sessreap -q", argv: sessreap("-q", "--registry", `claude-plugin-in-use:${copy}`), before: fresh },
      ],
      Math.min(rounds, 3),
    );
    report(`${count.toLocaleString("en")} marker files, 1 % live, apply`, apply);
    const few = join(scratch, "few");
    markerTree(few, Math.min(count, 2000), 17, []);
    const loop = compare([{ name: "bash loop over 2,000, dry run", argv: beside("markers.sh", few), fails: true }], 1);
    report("A bash loop, for scale", loop);
  } finally {
    holders.stop();
  }
}

const started = Date.now();
const attached = agents(3);
try {
  execFileSync(node, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
  copyFileSync(join(root, "package.json"), join(scratch, "package.json"));
  await startUp();
  await manyProcesses(crowdSize);
  for (const count of entryCounts) await manyEntries(count, quick || count > 200_000 ? 2 : count > 10_000 ? 5 : 9);
  await markers(markerCount, quick ? 2 : 3);
  const machine = `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${new Date().toISOString().slice(0, 10)}`;
  process.stdout.write(`${machine}; ${Math.round((Date.now() - started) / 1000)} s\n`);
  if (!quick) {
    const doc = join(root, "docs/performance.md");
    const text = readFileSync(doc, "utf8");
    const [open, close] = ["<!-- bench: written by npm run bench -->", "<!-- /bench -->"];
    const [head, tail] = [text.slice(0, text.indexOf(open) + open.length), text.slice(text.indexOf(close))];
    writeFileSync(doc, `${head}\n\n${machine}.\n\n${tables.join("\n")}\n${tail}`);
    writeFileSync(join(root, "docs/performance.svg"), plotCost(scenario.plot));
  }
} finally {
  attached.stop();
  rmSync(scratch, { recursive: true, force: true });
}
