/**
 * Registries as no bridge writes them: 1 GiB, a million entries, a key of 100 MB, a hundred thousand levels. A dry run and
 * a sweep must end with a clear result or a refusal that names the limit, in memory that is bounded by the file's
 * size, and lose nothing.
 *
 *   npm run build && npm run huge                      all of them: 10 GB of disk, a few minutes
 *   npm run huge -- --size 0.02                        each at a fiftieth of its size
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { size: { type: "string", default: "1" }, only: { type: "string" }, tool: { type: "string" } } });
const scale = Number(values.size);
const tool = values.tool ?? join(import.meta.dirname, "../dist/sessreap.cjs");
const [MiB, since] = [1024 * 1024, "2026-01-01T00:00:00Z"];
const ghostPid = 4_190_000;
const entry = (pid, more = "") => `{"id":"session-${pid}","pid":${pid},"since":"${since}"${more}}`;
const live = entry(process.pid);

/** Writes pieces of text one after the other; `cut` is what is to be left when the ghosts have gone. */
function write(path, pieces) {
  const fd = openSync(path, "w");
  const left = createHash("sha256");
  for (const { text, ghost = false } of pieces) {
    for (let at = 0, bytes = Buffer.from(text); at < bytes.length;) at += writeSync(fd, bytes, at);
    if (!ghost) left.update(text);
  }
  closeSync(fd);
  return left.digest("hex");
}

const ghost = `,\n"ghost":${entry(ghostPid)}`;

function* ofMembers(count, size) {
  yield { text: `{"live":${live}` };
  for (let at = 0; at < count; at += 1) yield { text: `,\n"k${at}":${entry(process.pid, `,"pad":"${"x".repeat(size)}"`)}` };
  yield { text: ghost, ghost: true };
  yield { text: "\n}\n" };
}

function* ofEntries(count) {
  yield { text: `{"live":${live}` };
  for (let at = 0; at < count; at += 1) yield { text: `,\n"mars-${at}":${entry(process.pid)}` };
  yield { text: ghost, ghost: true };
  yield { text: "\n}\n" };
}

/** So many millions of letters. */
const xs = (millions) => Array.from({ length: Math.ceil(millions) }, () => ({ text: "x".repeat(1_000_000) }));

const around = (text) => [{ text: `{"live":${live}` }, { text }, { text: ghost, ghost: true }, { text: "\n}\n" }];

/** `refused` is what a sweep has to say of it; otherwise the ghost goes and every other byte stays. */
const scenes = [
  { name: "1 GiB in members of 1 MiB", pieces: () => ofMembers(Math.ceil(1024 * scale), MiB) },
  { name: "1,000,000 entries", pieces: () => ofEntries(Math.ceil(1_000_000 * scale)), mayTakeMiB: 1200 },
  { name: "a key of 100 MB", pieces: () => around(`,\n"${"k".repeat(100_000_000 * scale)}":${live}`) },
  {
    name: "a ghost of 100 MB",
    pieces: () => around(`,\n"big":${entry(ghostPid, `,"pad":"${"x".repeat(100_000_000 * scale)}"`)}`),
    ...(scale < 1 && { alsoGone: true }),
  },
  {
    name: "one value of 600 MB",
    pieces: () => [
      { text: `{"live":${live},\n"big":{"pad":"` },
      ...xs(600 * scale),
      { text: `"}` },
      { text: ghost, ghost: true },
      { text: "\n}\n" },
    ],
  },
  {
    name: "100,000 levels in a member",
    pieces: () => around(`,\n"deep":${"[".repeat(100_000)}${"]".repeat(100_000)}`),
    refused: /nested deeper than 512 levels/,
  },
  {
    name: "100,000 levels around everything",
    pieces: () => [{ text: "[".repeat(100_000) + "]".repeat(100_000) }],
    refused: /nested deeper than 512 levels|holds an array/,
  },
  { name: "3 GiB, sparse", sparse: 3 * 1024 * MiB, refused: /has 3221225472 bytes; keep it below/ },
];

/** Runs the tool and watches how much memory it takes at most. */
function run(dir, config, words) {
  const started = Date.now();
  const child = spawn(process.execPath, [tool, ...words], {
    env: { PATH: process.env.PATH, HOME: dir, SESSREAP_CONFIG: config, SESSREAP_STATE_DIR: join(dir, "state") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let peakMiB = 0;
  const timer = setInterval(() => {
    try {
      peakMiB = Math.max(peakMiB, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  }, 20);
  const said = { out: "", length: 0 };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said.length += text.length;
      if (said.out.length < 4000 || stream === child.stderr) said.out += text;
    });
  }
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearInterval(timer);
      resolve({ code: code ?? signal, said: said.out, length: said.length, peakMiB, seconds: (Date.now() - started) / 1000 });
    });
  });
}

function digestOf(path) {
  const hash = createHash("sha256");
  return new Promise((resolve, reject) => {
    createReadStream(path, { highWaterMark: 8 * MiB })
      .on("data", (chunk) => hash.update(chunk))
      .on("error", reject)
      .on("end", () => resolve(hash.digest("hex")));
  });
}

async function tryScene(scene) {
  const dir = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), "sessreap-huge-"));
  const wrong = [];
  try {
    mkdirSync(join(dir, "reg"));
    const path = join(dir, "reg/registrations.json");
    let left;
    if (scene.sparse === undefined) left = write(path, scene.pieces());
    else {
      const fd = openSync(path, "w");
      ftruncateSync(fd, scene.sparse);
      closeSync(fd);
    }
    const config = join(dir, "config.json");
    const fields = { sessionId: "id", pid: "pid", registeredAt: "since" };
    writeFileSync(config, JSON.stringify({ registries: [{ format: "keyed-json", path, fields }] }), { mode: 0o600 });
    const sizeMiB = statSync(path).size / MiB;
    const before = scene.sparse === undefined ? await digestOf(path) : undefined;
    const dry = await run(dir, config, ["sweep", "--dry-run", "-q", "--max-size", "2G"]);
    if (before !== undefined && (await digestOf(path)) !== before) wrong.push("a dry run changed it");
    const swept = await run(dir, config, ["sweep", "-q", "--max-size", "2G"]);
    const after = scene.sparse === undefined ? await digestOf(path) : undefined;
    if (scene.refused !== undefined) {
      if (after !== before) wrong.push("it was refused and changed");
      if (!scene.refused.test(swept.said)) wrong.push(`the refusal does not say why: ${swept.said.slice(0, 300)}`);
      if (swept.code !== 1) wrong.push(`exit ${swept.code}`);
    } else {
      if (swept.code !== 0) wrong.push(`exit ${swept.code}: ${swept.said.slice(0, 300)}`);
      if (!scene.alsoGone && after !== left)
        wrong.push(after === before ? "the ghost is still there" : "other bytes than the ghost's have changed");
    }
    if (/\n\s+at .*:\d+/.test(swept.said + dry.said)) wrong.push(`a stack trace: ${swept.said.slice(-500)}`);
    const mayTake = (scene.mayTakeMiB ?? 0) * scale + 4 * sizeMiB + 200;
    const peak = Math.max(dry.peakMiB, swept.peakMiB);
    if (scene.sparse === undefined && peak > mayTake)
      wrong.push(`${peak.toFixed(0)} MiB of memory for a file of ${sizeMiB.toFixed(0)} MiB`);
    const leftovers = readdirSync(join(dir, "reg")).filter((name) => name !== "registrations.json");
    if (leftovers.length > 0) wrong.push(`left behind: ${leftovers.join(" ")}`);
    console.log(
      `${scene.name} (${sizeMiB.toFixed(0)} MiB): dry run ${dry.seconds.toFixed(1)} s, ${dry.peakMiB.toFixed(0)} MiB, exit ${dry.code};` +
        ` sweep ${swept.seconds.toFixed(1)} s, ${swept.peakMiB.toFixed(0)} MiB, exit ${swept.code}; ${wrong.length === 0 ? "as it should be" : `WRONG: ${wrong.join("; ")}`}`,
    );
    if (scene.refused !== undefined || wrong.length > 0)
      console.log(`  ${swept.said.trim().split("\n").slice(0, 6).join("\n  ").slice(0, 700)}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
  if (wrong.length > 0) process.exitCode = 1;
}

for (const scene of scenes) if (values.only === undefined || scene.name.includes(values.only)) await tryScene(scene);
