/**
 * The lost-update bench: a writer that knows no lock against a reaper of the same registry, method beside method.
 *
 *   npm run race                                   a short table
 *   npm run race -- --writes 50000                 the long one
 *   npm run race -- --delay 150 --writes 700 --burst 1 --pause 40 --methods compare,ours
 *                                                  every rename held up from outside for so many ms (needs strace)
 *   npm run race -- … --calls renameat2            only the exchange, so that a writer comes between nearly always
 *   npm run race -- … --reader                     beside a process that has the registry open to read all the time
 *   npm run race -- … --kill                       its helper killed at random moments
 *
 * Exits 1 when ours loses an update, or leaves a ghost or leftovers once the writer is quiet.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const { values } = parseArgs({
  options: {
    writes: { type: "string", default: "2000" },
    burst: { type: "string", default: "25" },
    pause: { type: "string", default: "80" },
    delay: { type: "string", default: "0" },
    calls: { type: "string", default: "rename,renameat,renameat2" },
    methods: { type: "string", default: "naive,compare,ours" },
    kinds: { type: "string", default: "in-place,rename,slow" },
    dir: { type: "string", default: tmpdir() },
    reader: { type: "boolean", default: false },
    kill: { type: "boolean", default: false },
  },
});

const here = import.meta.dirname;
const scratch = mkdtempSync(join(values.dir, "sessreap-race-"));

async function buildLibrary() {
  const outfile = join(scratch, "library.mjs");
  const contents = [
    'export { readRegistryFile } from "./src/host/files/files.ts";',
    'export { replaceJudged } from "./src/host/swap/swap.ts";',
    'export { memberKey, scan } from "./src/registries/json/json-bytes.ts";',
    'export { cutsFor, keptSpans } from "./src/registries/json/json-cuts.ts";',
  ].join("\n");
  const stdin = { contents, resolveDir: join(here, "../..") };
  await build({ stdin, outfile, bundle: true, platform: "node", format: "esm", loader: { ".pl": "text" } });
  return outfile;
}

function start(command, args) {
  const env = { PATH: process.env.PATH, HOME: scratch };
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env });
  const output = (async () => {
    let text = "";
    for await (const chunk of child.stdout) text += chunk;
    return text;
  })();
  return { child, output };
}

function reaper(path, method, library) {
  const words = [process.execPath, join(here, "reaper.mjs"), path, method, library];
  const delay = Number(values.delay) * 1000;
  if (delay === 0) return start(words[0], words.slice(1));
  const names = values.calls;
  return start("strace", [
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-o",
    "/dev/null",
    `-etrace=${names}`,
    `-einject=${names}:delay_enter=${delay}`,
    ...words,
  ]);
}

async function race(method, kind, library) {
  const directory = mkdtempSync(join(scratch, `${method}-${kind}-`));
  const path = join(directory, "registrations.json");
  writeFileSync(path, "{}");
  const reading = values.reader ? start(process.execPath, [join(here, "reader.mjs"), path]) : undefined;
  if (reading !== undefined) await new Promise((resolve) => void reading.child.stdout.once("data", resolve));
  const started = performance.now();
  const reaping = reaper(path, method, library);
  const enough = `${directory}.enough`;
  const killing = values.kill ? start(process.execPath, [join(here, "killer.mjs"), String(reaping.child.pid), enough]) : undefined;
  const writing = start(process.execPath, [join(here, "writer.mjs"), path, kind, values.writes, values.pause, values.burst]);
  const { writes, lost, worstMs, ledger } = JSON.parse(await writing.output);
  // The last pass, when the writer is quiet, is to reap all that is left.
  writeFileSync(enough, "");
  const killed = await killing?.output;
  reaping.child.stdin.end();
  const outcomes = JSON.parse(await reaping.output);
  reading?.child.stdin.end();
  const seconds = (performance.now() - started) / 1000;
  const registry = JSON.parse(readFileSync(path, "utf8"));
  const missing = ledger.filter(([slot, seq]) => registry[slot]?.seq !== seq).length;
  const ghosts = Object.keys(registry).filter((key) => key.startsWith("ghost-")).length;
  const leftovers = readdirSync(directory).length - 1;
  return {
    method: values.reader ? `${method} beside a reader` : method,
    kind,
    writes,
    "writes/s": Math.round(writes / seconds),
    lost: lost + missing,
    worstMs,
    ghosts,
    leftovers,
    outcomes: JSON.stringify(outcomes),
    ...(killed !== undefined && { killed }),
  };
}

try {
  const library = await buildLibrary();
  const rows = [];
  for (const kind of values.kinds.split(",")) {
    for (const method of values.methods.split(",")) {
      const row = await race(method, kind, library);
      rows.push(row);
      console.log(
        Object.entries(row)
          .map(([name, value]) => `${name} ${value}`)
          .join("  "),
      );
    }
  }
  const ours = rows.filter(({ method }) => method.startsWith("ours"));
  if (ours.some(({ lost, ghosts, leftovers }) => lost + ghosts + leftovers > 0)) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
