/**
 * Kills the built tool at every system call of a sweep that touches its files, and lets every such call fail, one run
 * each. The registry must be the old bytes or the new ones, a reaped entry must have its tombstone, exit 0 must mean
 * that the ghost is gone, and the next sweep must finish the job and leave nothing behind.
 *
 *   npm run build && npm run faults                    all points
 *   npm run faults -- --every 9                        each ninth of them
 *   npm run faults -- --disk-full                      instead: a tmpfs with 0, 4, 8 … KiB left (root, in a namespace of its own)
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buriedKeys } from "./tombstones.mjs";

const { values } = parseArgs({
  options: {
    every: { type: "string", default: "1" },
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

function makeScene(parent) {
  const dir = mkdtempSync(join(parent, "sessreap-faults-"));
  const registry = join(dir, "reg/registrations.json");
  mkdirSync(join(dir, "reg"));
  writeFileSync(registry, older);
  const fields = { sessionId: "id", pid: "pid", registeredAt: "since" };
  const config = join(dir, "config.json");
  writeFileSync(config, JSON.stringify({ registries: [{ format: "keyed-json", path: registry, fields }] }), {
    mode: 0o600,
  });
  return { dir, registry, config, state: join(dir, "state") };
}

function run(scene, before = []) {
  const words = [...before, process.execPath, tool, "sweep", "--config", scene.config];
  const child = spawn(words[0], words.slice(1), {
    env: { PATH: process.env.PATH, HOME: scene.dir, SESSREAP_STATE_DIR: scene.state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.on("data", (text) => (said += text));
  return new Promise((resolve) => void child.once("close", (code) => resolve({ code, said })));
}

const hasTombstone = ({ state }) => buriedKeys(state).includes("ghost");

function leftBehind({ dir, state }) {
  const beside = readdirSync(join(dir, "reg")).filter((name) => name !== "registrations.json");
  const inState = readdirSync(state).filter(
    (name) => !["memory.json", "last-run.json", "history.jsonl", "tombstones", "run.done"].includes(name),
  );
  return [...beside, ...inState];
}

/** What is wrong after a fault, and after the sweep that follows it. */
async function judge(scene, { code, said }, recover = () => undefined) {
  const wrong = [];
  const now = readFileSync(scene.registry, "utf8");
  const state = now === newer ? "new" : now === older ? "old" : "BROKEN";
  if (state === "BROKEN") wrong.push(`the registry is neither old nor new: ${JSON.stringify(now.slice(0, 80))}`);
  if (state === "new" && !hasTombstone(scene)) wrong.push("reaped without a tombstone");
  if (code === 0 && state !== "new" && !/skipped|undecided/.test(said)) wrong.push("exit 0, the ghost is there, and nobody says so");
  if (/\n\s+at .*:\d+/.test(said)) wrong.push("a stack trace");
  recover();
  const next = await run(scene);
  if (next.code !== 0) wrong.push(`the next sweep exits ${next.code}: ${next.said.slice(0, 300)}`);
  if (readFileSync(scene.registry, "utf8") !== newer) wrong.push("the next sweep does not finish");
  if (!hasTombstone(scene)) wrong.push("no tombstone in the end");
  const left = leftBehind(scene);
  if (left.length > 0) wrong.push(`left behind: ${left.join(" ")}`);
  return { state, wrong };
}

/** The n-th call of each name, of every thread, that touches the scene. */
async function pointsOf() {
  const scene = makeScene(tmpdir());
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
  rmSync(scene.dir, { recursive: true });
  return [...points.values()];
}

async function inject({ name, when }, fault) {
  const scene = makeScene(tmpdir());
  try {
    // strace 6.1 delivers no signal under --seccomp-bpf.
    const quick = fault.startsWith("error") ? ["--seccomp-bpf"] : [];
    const under = ["strace", "-f", ...quick, "-qq", "-o", "/dev/null", `-etrace=${name}`, `-einject=${name}:${fault}:when=${when}`];
    return { what: `${name} ${when} ${fault}`, ...(await judge(scene, await run(scene, under))) };
  } finally {
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

async function faultEverywhere() {
  const points = await pointsOf();
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
      for (let next = chosen.pop(); next !== undefined; next = chosen.pop()) results.push(await inject(...next));
    };
    await Promise.all([worker(), worker()]);
    summarize(`${String(title)} (${points.length} calls)`, results);
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
    const scene = makeScene(mount);
    const padding = `,\n  "padding": "${"x".repeat(33_000)}"\n}\n`;
    const [was, becomes] = [older, newer].map((text) => text.replace(/\n}\n$/, padding));
    writeFileSync(scene.registry, was);
    const empty = fill(mount, left * 1024);
    const { code, said } = await run(scene);
    const now = readFileSync(scene.registry, "utf8");
    const wrong = [];
    const state = now === becomes ? "new" : now === was ? "old" : "BROKEN";
    if (state === "BROKEN") wrong.push(`cut to ${now.length} bytes`);
    if (state === "new" && !hasTombstone(scene)) wrong.push("reaped without a tombstone");
    if (code === 0 && state !== "new") wrong.push(`exit 0, and the ghost is there: ${said}`);
    empty();
    const next = await run(scene);
    if (next.code !== 0 || readFileSync(scene.registry, "utf8") !== becomes) wrong.push(`the next sweep exits ${next.code}: ${next.said}`);
    const leftovers = leftBehind(scene);
    if (leftovers.length > 0) wrong.push(`left behind: ${leftovers.join(" ")}`);
    results.push({ what: `${left} KiB left`, state, wrong });
    execFileSync("umount", [mount]);
    rmSync(mount, { recursive: true });
  }
  summarize("disk full", results);
}

if (values["disk-full"] && !values["in-namespace"]) {
  const again = spawn("unshare", ["-m", process.execPath, import.meta.filename, "--disk-full", "--in-namespace"], { stdio: "inherit" });
  process.exitCode = await new Promise((resolve) => void again.once("close", resolve));
} else await (values["disk-full"] ? fillTheDisk() : faultEverywhere());
