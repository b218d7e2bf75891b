/**
 * Kills the built tool at every system call of a sweep, or of a restore, that touches its files, and lets every such call
 * fail, one run each. The registry must be the old bytes or the new ones, a reaped entry must have its tombstone, exit 0
 * must mean that it is done, and the next run must finish the job and leave nothing behind. A registry that a process
 * writes to must keep its inode as well.
 *
 *   npm run build && npm run faults                    all points of all scenes
 *   npm run faults -- --every 9                        each ninth of them
 *   npm run faults -- --scene "restore of many"        only scenes whose name says so
 *   npm run faults -- --entries 20000                  so many are restored, in place of 300
 *   npm run faults -- --disk-full                      instead: a tmpfs with 0, 4, 8 … KiB left (root, in a namespace of its own)
 */
import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buriedKeys } from "./tombstones.mjs";

const { values } = parseArgs({
  options: {
    every: { type: "string", default: "1" },
    scene: { type: "string" },
    entries: { type: "string", default: "300" },
    errors: { type: "string", default: "EIO,ENOSPC,EDQUOT,EACCES,EROFS,EMFILE,EINTR" },
    "disk-full": { type: "boolean", default: false },
    "in-namespace": { type: "boolean", default: false },
  },
});

const tool = join(import.meta.dirname, "../dist/sessreap.cjs");
const calls = [
  ..."openat read pread64 write fsync rename renameat2 unlink mkdir newfstatat statx fstat lstat stat readlink".split(" "),
  ..."fchmod fchown getdents64 statfs fcntl ftruncate flistxattr close".split(" "),
];
/** Node aborts by itself when close fails; and an interrupted close has closed. */
const unfailing = new Set(["close"]);
const since = "2026-01-01T00:00:00Z";
const entry = (pid, id) => JSON.stringify({ id, pid, since });
const live = `  "live": ${entry(process.pid, "a")}`;
const older = `{\n${live},\n  "ghost": ${entry(4_190_000, "b")},\n  "note": 1e400\n}\n`;
const newer = `{\n${live},\n  "note": 1e400\n}\n`;

const fields = { sessionId: "id", pid: "pid", registeredAt: "since" };
const keyed = { format: "keyed-json", path: "reg/registrations.json", fields };
const oneMember = {
  registry: keyed,
  plant: (dir) => writeFileSync(join(dir, "reg/registrations.json"), older),
  stateOf: ({ dir }) => stateOfText(readFileSync(join(dir, "reg/registrations.json"), "utf8"), (now) => now === newer),
  ghosts: ["ghost"],
};

function stateOfText(now, isNew) {
  if (now === older) return "old";
  return isNew(now) ? "new" : `neither old nor new: ${JSON.stringify(now.slice(0, 80))}`;
}

/** The ghost says when and why it was released, and every other byte is as it was. */
const isReleased = (now) => /"gone":\s*"2\d{3}-/.test(now) && now.replace(/,\s*"gone":\s*"[^"]+",\s*"why":\s*"pid_gone"/, "") === older;

const many = Array.from({ length: Number(values.entries) }, (_, nth) => `ghost-${nth}.json`);
const contentOfMany = (name) => entry(4_190_000, name);

function plantMany(dir) {
  const old = Date.now() / 1000 - 86_400;
  for (const name of many) {
    writeFileSync(join(dir, "reg", name), contentOfMany(name));
    utimesSync(join(dir, "reg", name), old, old);
  }
}

/** Each of many is back as it was, or not there and in a tombstone. */
function stateOfMany({ dir, state }) {
  const there = new Set(readdirSync(join(dir, "reg")).filter((name) => !name.startsWith(".")));
  const broken = [...there].find((name) => readFileSync(join(dir, "reg", name), "utf8") !== contentOfMany(name));
  if (broken !== undefined) return `${broken} is not what it was`;
  const inTombstones = new Set(buriedKeys(state));
  const lost = many.find((name) => !there.has(name) && !inTombstones.has(name));
  if (lost !== undefined) return `${lost} is neither there nor in a tombstone`;
  return there.size === many.length ? "new" : "old";
}

const scenes = [
  { name: "one member", ...oneMember },
  { name: "busy", ...oneMember, held: true },
  {
    name: "onGhost: release",
    ...oneMember,
    registry: { ...keyed, onGhost: "release", fields: { ...fields, releasedAt: "gone", releaseReason: "why" } },
    stateOf: ({ dir }) => stateOfText(readFileSync(join(dir, "reg/registrations.json"), "utf8"), isReleased),
  },
  {
    name: "restore of one member",
    ...oneMember,
    restores: true,
    stateOf: ({ dir, state }) => {
      const now = readFileSync(join(dir, "reg/registrations.json"), "utf8");
      if (now === newer && !buriedKeys(state).includes("ghost")) return "lost: neither there nor in a tombstone";
      return now === newer ? "old" : now === older ? "new" : `neither old nor new: ${JSON.stringify(now.slice(0, 80))}`;
    },
  },
  {
    name: "restore of many files",
    registry: { format: "json-file", path: "reg", pattern: "*.json", fields },
    plant: plantMany,
    restores: true,
    stateOf: stateOfMany,
  },
];

async function makeScene(parent, kind) {
  const dir = mkdtempSync(join(parent, "sessreap-faults-"));
  mkdirSync(join(dir, "reg"));
  kind.plant(dir);
  const config = join(dir, "config.json");
  const registries = [{ ...kind.registry, path: join(dir, kind.registry.path) }];
  writeFileSync(config, JSON.stringify({ registries }), { mode: 0o600 });
  const scene = { kind, dir, config, state: join(dir, "state"), words: ["sweep"], held: undefined, inode: undefined };
  if (kind.restores) {
    await run({ ...scene, words: ["sweep", "--now"] });
    const [tombstones] = readdirSync(join(scene.state, "tombstones"));
    scene.words = ["restore", "--sweep", tombstones.replace(".jsonl", "")];
  }
  if (kind.held) {
    const path = join(dir, "reg/registrations.json");
    scene.held = openSync(path, "r+");
    scene.inode = statSync(path).ino;
  }
  return scene;
}

function run(scene, before = []) {
  const words = [...before, process.execPath, tool, ...scene.words];
  const child = spawn(words[0], words.slice(1), {
    env: { PATH: process.env.PATH, HOME: scene.dir, SESSREAP_STATE_DIR: scene.state, SESSREAP_CONFIG: scene.config },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.on("data", (text) => (said += text));
  return new Promise((resolve) => void child.once("close", (code) => resolve({ code, said })));
}

const hasTombstone = ({ state, kind }) => kind.ghosts.every((key) => buriedKeys(state).includes(key));

const kept = new Set(["memory.json", "last-run.json", "history.jsonl", "tombstones", "run.done"]);

function leftBehind({ dir, state }) {
  const beside = readdirSync(join(dir, "reg")).filter((name) => name.includes(".sessreap-"));
  return [...beside, ...readdirSync(state).filter((name) => !kept.has(name))];
}

function release(scene) {
  if (scene.held !== undefined) closeSync(scene.held);
  scene.held = undefined;
}

/** What is wrong after a fault in a sweep, and after the sweep that follows it. */
async function judgeSweep(scene, { code, said }, state) {
  const wrong = [];
  const { kind, inode } = scene;
  if (state === "new" && !hasTombstone(scene)) wrong.push("it went without a tombstone");
  if (code === 0 && state !== "new" && !/skipped|undecided|busy/.test(said)) wrong.push("exit 0, the ghost is there, and nobody says so");
  if (inode !== undefined) {
    if (state !== "old") wrong.push("it was changed although a process writes to it");
    if (statSync(join(scene.dir, kind.registry.path)).ino !== inode) wrong.push("it was moved although a process writes to it");
  }
  release(scene);
  const next = await run(scene);
  if (next.code !== 0) wrong.push(`the next sweep exits ${next.code}: ${next.said.slice(0, 300)}`);
  if (kind.stateOf(scene) !== "new") wrong.push(`the next sweep does not finish: ${next.said.slice(0, 1000)}`);
  if (!hasTombstone(scene)) wrong.push("no tombstone in the end");
  return wrong;
}

/** The same of a restore: the next one finishes, and what follows it loses nothing. */
async function judgeRestore(scene, { code }, state) {
  const wrong = [];
  if (code === 0 && state !== "new") wrong.push("exit 0, and not all are back");
  const next = await run(scene);
  if (![0, 3].includes(next.code) && state !== "new") wrong.push(`the next restore exits ${next.code}: ${next.said.slice(0, 300)}`);
  if (scene.kind.stateOf(scene) !== "new") wrong.push(`the next restore does not finish: ${scene.kind.stateOf(scene)}`);
  await run({ ...scene, words: ["sweep"] });
  const after = scene.kind.stateOf(scene);
  if (after !== "new" && after !== "old") wrong.push(`after the sweep that follows: ${after}`);
  return wrong;
}

async function judge(scene, ran) {
  const state = scene.kind.stateOf(scene);
  const isBroken = state !== "old" && state !== "new";
  const wrong = [
    ...(isBroken ? [state] : []),
    ...(/\n\s+at .*:\d+/.test(ran.said) ? ["a stack trace"] : []),
    ...(await (scene.kind.restores ? judgeRestore : judgeSweep)(scene, ran, state)),
  ];
  const left = leftBehind(scene);
  if (left.length > 0) wrong.push(`left behind: ${left.join(" ")}`);
  return { state, wrong };
}

/** The n-th call of each name, of every thread, that touches the scene. */
async function pointsOf(kind) {
  const scene = await makeScene(tmpdir(), kind);
  const log = join(scene.dir, "trace");
  await run(scene, ["strace", "-f", "-y", "-qq", "-o", log, `-etrace=${calls.map((name) => `?${name}`).join(",")}`]);
  const counts = new Map();
  const points = new Map();
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const [, thread, name] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (name === undefined) continue;
    const key = `${thread} ${name}`;
    const when = (counts.get(key) ?? 0) + 1;
    counts.set(key, when);
    if (line.includes(scene.dir) || line.includes("/proc/self/fd/")) points.set(`${name}:${when}`, { name, when });
  }
  release(scene);
  rmSync(scene.dir, { recursive: true });
  return [...points.values()];
}

async function inject(kind, { name, when }, fault) {
  const scene = await makeScene(tmpdir(), kind);
  try {
    // strace 6.1 delivers no signal under --seccomp-bpf.
    const quick = fault.startsWith("error") ? ["--seccomp-bpf"] : [];
    const under = ["strace", "-f", ...quick, "-qq", "-o", "/dev/null", `-etrace=${name}`, `-einject=${name}:${fault}:when=${when}`];
    return { what: `${name} ${when} ${fault}`, ...(await judge(scene, await run(scene, under))) };
  } finally {
    release(scene);
    rmSync(scene.dir, { recursive: true, force: true });
  }
}

function summarize(title, results) {
  const bad = results.filter(({ wrong }) => wrong.length > 0);
  const count = (state) => results.filter((result) => result.state === state).length;
  console.log(`${title}: ${results.length} runs, ${count("old")} old, ${count("new")} new, ${bad.length} bad`);
  for (const { what, wrong } of bad) console.log(`  ${what}: ${wrong.join("; ")}`);
  if (bad.length > 0 || results.length === 0) process.exitCode = 1;
}

async function faultEverywhere(kind) {
  const points = await pointsOf(kind);
  const kills = points.map((point) => [point, "signal=KILL"]);
  const errors = points
    .filter(({ name }) => !unfailing.has(name))
    .flatMap((point) => values.errors.split(",").map((error) => [point, `error=${error}`]));
  for (const [title, all] of [
    ["killed", kills],
    ["failed", errors],
  ]) {
    const chosen = all.filter((_, index) => index % Number(values.every) === 0);
    const results = [];
    const worker = async () => {
      for (let next = chosen.pop(); next !== undefined; next = chosen.pop()) results.push(await inject(kind, ...next));
    };
    await Promise.all([worker(), worker()]);
    summarize(`${kind.name}, ${String(title)} (${points.length} calls)`, results);
  }
}

/** Fills a small file system so that so many bytes are left. */
function fill(mount, left) {
  const { bavail, bsize } = statfsSync(mount);
  const filler = join(mount, "filler");
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - left)));
  return () => rmSync(filler);
}

async function fillTheDisk() {
  const results = [];
  for (let left = 0; left <= 96; left += 4) {
    const mount = mkdtempSync(join(tmpdir(), "sessreap-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
    const scene = await makeScene(mount, scenes[0]);
    const registry = join(scene.dir, scene.kind.registry.path);
    const padding = `,\n  "padding": "${"x".repeat(33_000)}"\n}\n`;
    const [was, becomes] = [older, newer].map((text) => text.replace(/\n}\n$/, padding));
    writeFileSync(registry, was);
    const empty = fill(mount, left * 1024);
    const { code, said } = await run(scene);
    const now = readFileSync(registry, "utf8");
    const wrong = [];
    const state = now === becomes ? "new" : now === was ? "old" : "BROKEN";
    if (state === "BROKEN") wrong.push(`cut to ${now.length} bytes`);
    if (state === "new" && !hasTombstone(scene)) wrong.push("reaped without a tombstone");
    if (code === 0 && state !== "new") wrong.push(`exit 0, and the ghost is there: ${said}`);
    empty();
    const next = await run(scene);
    if (next.code !== 0 || readFileSync(registry, "utf8") !== becomes) wrong.push(`the next sweep exits ${next.code}: ${next.said}`);
    const leftovers = leftBehind(scene);
    if (leftovers.length > 0) wrong.push(`left behind: ${leftovers.join(" ")}`);
    results.push({ what: `${left} KiB left`, state, wrong });
    execFileSync("umount", [mount]);
    rmSync(mount, { recursive: true });
  }
  summarize("disk full", results);
}

async function faultAll() {
  for (const kind of scenes) if (values.scene === undefined || kind.name.includes(values.scene)) await faultEverywhere(kind);
}

if (values["disk-full"] && !values["in-namespace"]) {
  const again = spawn("unshare", ["-m", process.execPath, import.meta.filename, "--disk-full", "--in-namespace"], { stdio: "inherit" });
  process.exitCode = await new Promise((resolve) => void again.once("close", resolve));
} else await (values["disk-full"] ? fillTheDisk() : faultAll());
