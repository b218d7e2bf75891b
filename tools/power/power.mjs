/**
 * Cuts the power at every change that a sweep, or a restore, makes to a file. Its system calls are recorded, the
 * perl helper's among them, and replayed into a model of a disk that remembers what was synced; each state that the disk
 * may then be in is built up for real. There the registry must be old or new, nothing may be lost, and the next real run
 * must finish and leave nothing behind. Exit 0 must mean that it is durable.
 *
 *   npm run build && npm run power                     every state
 *   npm run power -- --every 9                         each ninth of them
 *   npm run power -- --scene "without perl"            only scenes whose name says so
 *   npm run power -- --forgetful                       a disk that ignores every fsync: this must fail
 */
import { spawn } from "node:child_process";
import {
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { build, Model } from "./model.mjs";
import { changesIn, under } from "./record.mjs";
import { buriedKeys } from "../tombstones.mjs";

const { values } = parseArgs({
  options: {
    every: { type: "string", default: "1" },
    forgetful: { type: "boolean", default: false },
    scene: { type: "string" },
  },
});

const tool = join(import.meta.dirname, "../../dist/sessreap.cjs");
const since = "2026-01-01T00:00:00Z";
const ghostPid = 4_190_000;
const entry = (pid, id, at = since) => JSON.stringify({ id, pid, since: at });
// It is too young to be judged, wherever its process is looked for.
const liveEntry = entry(process.pid, "a", new Date().toISOString());
const live = `  "live": ${liveEntry}`;
const older = `{\n${live},\n  "ghost": ${entry(ghostPid, "b")},\n  "note": 1e400\n}\n`;
const newer = `{\n${live},\n  "note": 1e400\n}\n`;
const isRoot = process.getuid() === 0;
const nobody = 65_534;

/** Where the tool finds its programs, without perl. */
function withoutPerl(dir) {
  const bin = join(dir, "bin");
  mkdirSync(bin);
  for (const [name, path] of [
    ["node", process.execPath],
    ["cp", "/bin/cp"],
  ])
    symlinkSync(path, join(bin, name));
  return bin;
}

const keyed = {
  registry: {
    format: "keyed-json",
    path: "reg/registrations.json",
    fields: { sessionId: "id", pid: "pid", registeredAt: "since" },
  },
  before: [["reg/registrations.json", older]],
  ghost: { at: "reg/registrations.json", key: "ghost", old: older, gone: newer },
};
const single = {
  registry: {
    format: "json-file",
    path: "reg",
    pattern: "*.json",
    fields: { sessionId: "id", pid: "pid", registeredAt: "since" },
  },
  before: [
    ["reg/ghost.json", entry(ghostPid, "b")],
    ["reg/live.json", liveEntry],
  ],
  ghost: { at: "reg/ghost.json", key: "ghost.json", old: entry(ghostPid, "b"), gone: undefined },
};
const locked = {
  registry: { format: "omx-session", path: "reg" },
  before: [["reg/session.json.lock/owner.json", JSON.stringify({ pid: ghostPid, platform: "linux", created_at: since })]],
  ghost: {
    at: "reg/session.json.lock/owner.json",
    key: "session.json.lock/owner.json",
    old: JSON.stringify({ pid: ghostPid, platform: "linux", created_at: since }),
    gone: undefined,
  },
};

const marked = {
  ...keyed,
  registry: {
    ...keyed.registry,
    onGhost: "release",
    fields: { ...keyed.registry.fields, releasedAt: "gone", releaseReason: "why" },
  },
  ghost: {
    ...keyed.ghost,
    gone: (now) => now.replace(/,\s*"gone":\s*"2\d{3}-[^"]+",\s*"why":\s*"pid_gone"/, "") === older && now !== older,
  },
};

/** They are written together, and made durable before the first is named. */
const many = Array.from({ length: 5 }, (_, nth) => `ghost-${nth}.json`);
const restoredMany = {
  registry: single.registry,
  before: many.map((name) => [`reg/${name}`, entry(ghostPid, name)]),
  ghosts: many.map((name) => ({ at: `reg/${name}`, key: name, old: entry(ghostPid, name), gone: undefined })),
  restore: true,
};

/** Each is swept, and what was swept is put back. */
const scenes = [
  { name: "one member, swapped under a lease", ...keyed },
  {
    name: "one member, exchanged without a lease",
    ...keyed,
    ...(isRoot ? { leaseless: true } : { impossible: "only root can give up its leases" }),
  },
  {
    name: "one member, compared without perl",
    ...keyed,
    perl: false,
    ...(!isRoot && { impossible: "only root can be alone among processes" }),
  },
  { name: "a file of its own", ...single },
  { name: "a lock that is a directory", ...locked },
  { name: "one member, swept again with a history", ...keyed, twice: true },
  { name: "onGhost: release of one member", ...marked },
  { name: "one member of a busy registry", ...keyed, held: true },
  { name: "restore of one member", ...keyed, restore: true },
  { name: "restore of a file", ...single, restore: true },
  { name: "restore of a file and its directory", ...locked, restore: true },
  { name: "restore of many files", ...restoredMany },
];

function makeScene(scene) {
  const dir = mkdtempSync(join(tmpdir(), "sessreap-power-"));
  const disk = join(dir, "disk");
  mkdirSync(join(disk, "reg"), { recursive: true });
  return { dir, disk, bin: scene.perl === false ? withoutPerl(dir) : undefined };
}

function plant({ before, leaseless }, { disk }) {
  const old = Date.now() / 1000 - 86_400;
  for (const [path, text] of before) {
    mkdirSync(dirname(join(disk, path)), { recursive: true });
    writeFileSync(join(disk, path), text);
    utimesSync(join(disk, path), old, old);
  }
  if (leaseless) chownAll(disk);
}

/** The registry is somebody else's, so that whoever lacks `CAP_LEASE` can have no lease on it. */
function chownAll(disk) {
  for (const name of ["", ...readdirSync(join(disk, "reg"))]) chownSync(join(disk, "reg", name), nobody, nobody);
}

function run(scene, { dir, disk, bin }, words, before = []) {
  const registry = { ...scene.registry, path: join(disk, scene.registry.path) };
  const config = join(dir, "config.json");
  // Without a lease a process that may not be looked at keeps a file busy: there the tool is alone.
  const isAlone = scene.leaseless === true || scene.perl === false;
  const alone = isAlone ? ["unshare", "--pid", "--fork", "--mount-proc"] : [];
  writeFileSync(config, JSON.stringify({ ...(isAlone && { pidNamespace: "own" }), registries: [registry] }), { mode: 0o600 });
  const leaseless = scene.leaseless ? ["setpriv", "--bounding-set=-lease", "--inh-caps=-lease"] : [];
  const path = bin === undefined ? [] : ["env", `PATH=${bin}`];
  const [program, ...rest] = [...before, ...alone, ...leaseless, ...path, process.execPath, tool, ...words];
  const child = spawn(program, rest, {
    env: { PATH: process.env.PATH, HOME: dir, SESSREAP_CONFIG: config, SESSREAP_STATE_DIR: join(disk, "home/state") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.on("data", (text) => (said += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, said }));
  });
}

const sweepWords = ["sweep", "--now"];
const ghostsOf = ({ ghost, ghosts = [ghost] }) => ghosts;

/** What is restored: one entry by its name, several by the sweep that took them. */
function wordsOf(scene, { disk }) {
  if (!scene.restore) return sweepWords;
  if (scene.ghosts === undefined) return ["restore", scene.ghost.key];
  return ["restore", "--sweep", readdirSync(join(disk, "home/state/tombstones"))[0].replace(".jsonl", "")];
}

const hasTombstone = (disk, key) => buriedKeys(join(disk, "home/state")).includes(key);

const contentOf = (path) => (existsSync(path) && lstatSync(path).isFile() ? readFileSync(path, "utf8") : undefined);

/** An entry that is in quarantine for a moment is not lost: the next sweep puts it back. */
function isQuarantined(disk, { at, old }) {
  const directory = dirname(join(disk, at));
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith(".held")) : [];
  return names.some((name) => contentOf(join(directory, name)) === old);
}

function leftoversIn(disk) {
  const kept = new Set(["memory.json", "last-run.json", "history.jsonl", "tombstones", "run.done"]);
  const state = join(disk, "home/state");
  return [
    ...readdirSync(join(disk, "reg"), { recursive: true }).filter((name) => name.includes(".sessreap-")),
    ...(existsSync(state) ? readdirSync(state).filter((name) => !kept.has(name)) : []),
  ];
}

function stateOf(disk, { at, old, gone }) {
  const now = contentOf(join(disk, at));
  if (now === old) return "old";
  return (typeof gone === "function" && now !== undefined ? gone(now) : now === gone) ? "gone" : "BROKEN";
}

/** What is wrong with one entry on a disk as the power cut left it. `isOver`: the run had ended with 0. */
function wrongOf({ disk }, ghost, { restore, held }, isOver) {
  const state = stateOf(disk, ghost);
  const wrong = [];
  if (state === "BROKEN") wrong.push(`neither old nor new: ${JSON.stringify(contentOf(join(disk, ghost.at))?.slice(0, 80) ?? "no file")}`);
  if (state === "gone" && !hasTombstone(disk, ghost.key) && !isQuarantined(disk, ghost))
    wrong.push("lost: neither there nor in a tombstone");
  if (isOver && state !== (restore || held ? "old" : "gone")) wrong.push("it had ended with 0, and is undone");
  if (held && state !== "old") wrong.push("it was changed although a process writes to it");
  return wrong;
}

/** What is wrong with a disk as the power cut left it, and after the run that follows. `isOver`: it had ended with 0. */
async function judge(scene, at, isOver) {
  const { disk } = at;
  const { restore } = scene;
  const ghosts = ghostsOf(scene);
  const wrong = ghosts.flatMap((ghost) => wrongOf(at, ghost, scene, isOver));
  const states = new Set(ghosts.map((ghost) => stateOf(disk, ghost)));
  const state = states.has("BROKEN") ? "BROKEN" : states.has("gone") ? "gone" : "old";
  // What was in quarantine goes back into its place, where the sweep after that judges it.
  if (ghosts.some((ghost) => isQuarantined(disk, ghost))) await run(scene, at, wordsOf(scene, at));
  const next = await run(scene, at, wordsOf(scene, at));
  // Of an entry that is back already no tombstone stands, or a newcomer has its name.
  if (next.code !== 0 && !(restore && states.has("old"))) wrong.push(`the next run exits ${next.code}: ${next.said.slice(0, 300)}`);
  for (const ghost of ghosts) {
    if (stateOf(disk, ghost) !== (restore ? "old" : "gone")) wrong.push(`the next run does not finish: ${next.said.slice(0, 300)}`);
    if (!restore && !hasTombstone(disk, ghost.key)) wrong.push("no tombstone in the end");
  }
  if (restore) {
    const later = await run(scene, at, ["sweep"]);
    const stays = ghosts.every((ghost) => stateOf(disk, ghost) === "old");
    if (isOver && !stays) wrong.push(`the next sweep takes away what was put back: ${later.said.slice(0, 300)}`);
  }
  const leftovers = leftoversIn(disk);
  if (leftovers.length > 0) wrong.push(`left behind: ${leftovers.join(" ")}`);
  return { state, wrong };
}

async function record(scene) {
  const at = makeScene(scene);
  mkdirSync(join(at.disk, "home"));
  plant(scene, at);
  if (scene.restore || scene.twice) await run(scene, at, sweepWords);
  if (scene.twice) plant(scene, at);
  if (scene.leaseless) chownAll(at.disk);
  const model = new Model(at.disk, values);
  const log = join(at.dir, "trace");
  const started = Date.now();
  // What holds a registry is gone after a power cut.
  const held = scene.held ? openSync(join(at.disk, scene.ghost.at), "r+") : undefined;
  const { code, said } = await run(scene, at, wordsOf(scene, at), under(log));
  if (held !== undefined) closeSync(held);
  if (code !== 0) throw new Error(`${scene.name}: the run that is recorded exits ${code}: ${said}`);
  const changes = changesIn(log, at.disk);
  const states = new Map();
  const add = (isOver) => {
    for (const { tree, how, print } of model.states()) {
      const key = `${isOver}${print}`;
      if (!states.has(key)) states.set(key, { tree, isOver, started, what: `after ${model.step} of ${changes.length} changes, ${how}` });
    }
  };
  add(false);
  for (const change of changes) {
    model.apply(change);
    add(false);
  }
  add(true);
  rmSync(at.dir, { recursive: true });
  return { changes, disk: at.disk, states: [...states.values()] };
}

async function cut(scene, recorded, { tree, isOver, started, what }) {
  const at = makeScene(scene);
  try {
    rmSync(at.disk, { recursive: true });
    mkdirSync(at.disk);
    // Tombstones say where their registry is; both names have the same length.
    build(tree, at.disk, started, (bytes) => Buffer.from(bytes.toString("latin1").replaceAll(recorded, at.disk), "latin1"));
    if (scene.leaseless) chownAll(at.disk);
    return { what, ...(await judge(scene, at, isOver)) };
  } finally {
    rmSync(at.dir, { recursive: true, force: true });
  }
}

async function cutEverywhere(scene) {
  const { changes, disk, states } = await record(scene);
  const chosen = states.filter((_, index) => index % Number(values.every) === 0 || index === states.length - 1);
  const results = [];
  const worker = async () => {
    for (let next = chosen.pop(); next !== undefined; next = chosen.pop()) results.push(await cut(scene, disk, next));
  };
  await Promise.all([worker(), worker()]);
  const bad = results.filter(({ wrong }) => wrong.length > 0);
  const count = (state) => results.filter((result) => result.state === state).length;
  console.log(
    `${scene.name}: ${changes.length} changes, ${states.length} states, ${results.length} tried: ${count("old")} with it, ${count("gone")} without, ${bad.length} bad`,
  );
  for (const { what, wrong } of bad.slice(0, 12)) console.log(`  ${what}: ${wrong.join("; ")}`);
  if (bad.length > 0 || results.length === 0) process.exitCode = 1;
}

for (const scene of scenes) {
  if (values.scene !== undefined && !scene.name.includes(values.scene)) continue;
  if (scene.impossible === undefined) await cutEverywhere(scene);
  else console.log(`${scene.name}: not tried, ${scene.impossible}`);
}
