/**
 * Launches of agents, drawn from a grammar with a fixed seed and run as real processes: no sweep condemns a session that one
 * of them runs, whatever runs it and however it was told. Beside them sessions that are dead, and whose ids are left in the
 * argv of programs that only look, go at the first look that may act; those that an editor or a left-behind child of a tool
 * still carries are doubts that say so, and end with it.
 *
 *   npm run build && npm run launches              300 launches and 300 dead sessions
 *   npm run launches -- --count 60 --seed 7        fewer, and others
 *   npm run launches -- --show                     each launch, and what became of it
 *
 * Runtimes that stand on the PATH are used; for what the machine has not, a program that waits stands in under its name,
 * and is counted apart. Exits 1 when a live session is condemned, when fewer than four in five are known to be live, when a
 * dead one stays, or when one of them stays after all processes have ended.
 */
import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { grammarOf, randomFrom } from "./grammar.mjs";
import { startKeeper } from "./keeper.mjs";
import { programsIn } from "./programs.mjs";
import { writeTriedClock } from "./tried-clock.mjs";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "300" },
    batch: { type: "string", default: "50" },
    seed: { type: "string", default: "20261126" },
    tool: { type: "string", default: join(import.meta.dirname, "../../dist/sessreap.cjs") },
    show: { type: "boolean", default: false },
  },
});

const count = Number(values.count);
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "sessreap-launches-")));
const home = join(scratch, "home");
const registry = join(scratch, "agents.json");
const config = join(scratch, "config.json");
const stateDir = join(scratch, "state");
mkdirSync(home);
const since = new Date(Date.now() - 9 * 86_400_000).toISOString();
const fields = { sessionId: "id", registeredAt: "since" };
writeFileSync(config, JSON.stringify({ registries: [{ format: "keyed-json", path: registry, fields }] }));

const clean = { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: home, LC_ALL: "C.UTF-8", SHELL: "/bin/sh", TERM: "xterm" };
const random = randomFrom(Number(values.seed));
const programs = programsIn(scratch);
const grammar = grammarOf(programs, random);
const keeper = startKeeper(scratch);

/** The ids are new each time: another process of the machine may carry one that is written down somewhere. */
function newId() {
  const kind = random.pick(["uuid", "uuid", "uuid", "uuid", "uuid", "uuid", "uuid", "omx", "ses", "hex"]);
  if (kind === "omx") return `omx-${Date.now()}-${randomBytes(4).toString("hex")}`;
  if (kind === "ses") return `ses_${randomBytes(13).toString("hex")}`;
  return kind === "hex" ? randomBytes(10).toString("hex") : randomUUID();
}

function register(entries) {
  writeFileSync(registry, JSON.stringify(Object.fromEntries([...entries].map(([key, id]) => [key, { id, since }]))));
  const old = Date.now() / 1000 - 9 * 86_400;
  utimesSync(registry, old, old);
}

/** What a sweep says of each entry. */
async function sweep(...words) {
  const env = { ...clean, SESSREAP_CONFIG: config, SESSREAP_STATE_DIR: stateDir };
  const args = [values.tool, "sweep", "--json", "--grace", "0", ...words];
  const { code, stdout, stderr } = await new Promise((done) => {
    execFile(process.execPath, args, { env, maxBuffer: 1 << 28 }, (error, out, err) => {
      done({ code: error === null ? 0 : error.code, stdout: out, stderr: err });
    });
  });
  if (code !== 0) throw new Error(`sessreap exits with ${code}: ${stderr}${stdout.slice(0, 400)}`);
  return new Map(JSON.parse(stdout).entries.map((entry) => [entry.key, entry]));
}

const bare = (text) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** What a process shows: its argv, and the paths of its open files where they are asked for. */
function shown(pid, withFiles) {
  try {
    const files = withFiles ? readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)) : [];
    return [readFileSync(`/proc/${pid}/cmdline`, "utf8"), ...files].join("\0");
  } catch {
    return "";
  }
}

/** Those of these sessions that no process shows: the proof's own condition, looked at without the tool's code. */
async function unshown(sessions) {
  const hides = sessions.some(({ launch }) => launch?.hidesId);
  const text = (await keeper.list()).map((pid) => bare(shown(pid, hides))).join(" ");
  return sessions.filter(({ id }) => !text.includes(bare(id)));
}

/** Waits until every session shows and nothing has changed for a moment. */
async function settled(sessions) {
  let before = "";
  for (let quiet = 0, tries = 0; quiet < 3; tries += 1) {
    if (tries > 600) {
      const lost = await unshown(sessions);
      throw new Error(`these do not run:\n${lost.map(({ launch }) => JSON.stringify(launch)).join("\n") || "something that never rests"}`);
    }
    await pause(100);
    const now = (await keeper.list()).map((pid) => `${pid} ${shown(pid, false)}`).join("\n");
    quiet = now === before && (await unshown(sessions)).length === 0 ? quiet + 1 : 0;
    before = now;
  }
}

const transcript = (id) => programs.text("{}\n", "home", "transcripts", `${id}.jsonl`);

/** Runs a program in a terminal of its own, below a server of tmux that is started with `words` of its own. */
async function inTmux(name, ...words) {
  const { path, isReal } = programs.tool("tmux");
  if (!isReal) return false;
  const pid = await keeper.start({ cwd: scratch, path, argv: [path, "-S", join(scratch, name), "-f", "/dev/null", ...words], env: clean });
  while (/^\d+ \(.*\) [^Z]/.test(stat(pid))) await pause(10);
  return true;
}

function stat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
}

const lookers = {
  grep: (id) => [["grep", "-F", id]],
  tail: (id) => [["tail", "-f", transcript(id)]],
  jq: (id) => [["jq", "--arg", "session", id, "."]],
  less: (id, server) => [["less", transcript(id)], server],
  tmux: (id) => [["tmux", "new-session", "-s", id]],
};

/** A dead session whose id is left in the argv of one program that only looks. */
async function lookAt(id, index, servers) {
  const name = Object.keys(lookers)[index % 5];
  if (name === "tmux" && (await inTmux(`tmux-${id}`, "new-session", "-d", "-s", id.replaceAll(".", "-"), "sleep", "3600"))) return name;
  const [[program, ...words]] = lookers[name](id);
  const { path } = programs.tool(program);
  if (name === "less" && programs.tool("tmux").isReal) {
    const verb = servers.size === 0 ? ["new-session", "-d", "-x", "80", "-y", "20"] : ["new-window", "-d"];
    servers.add("less");
    await inTmux("less", ...verb, path, ...words);
  } else await keeper.start({ cwd: scratch, path, argv: [path, ...words], env: clean });
  return name;
}

/** A dead session that a program carries of which it cannot be told what it does. Returns what the doubt has to name. */
async function leaveDoubt(id, index) {
  if (index % 2 === 0) {
    const path = programs.native("editors", random.pick(["vim", "nano", "emacs", "code"]));
    return keeper.start({ cwd: scratch, path, argv: [path, transcript(id)], env: clean });
  }
  const { path } = programs.tool("sleep");
  const output = programs.text("", "claude-0", "w", id, "tasks", "b.output");
  return keeper.start({ cwd: scratch, path, argv: ["sleep", "3600"], env: clean, writes: [output] });
}

const rows = new Map();
const [faults, shownLaunches] = [[], []];
const sums = { live: 0, doubted: 0, condemned: 0, standIns: 0, liveStandIns: 0, dead: 0, reaped: 0, doubts: 0, ended: 0, gone: 0 };

function note({ launch, key }, entry) {
  const row = rows.get(launch.kind) ?? { launches: 0, live: 0, doubted: 0, condemned: 0 };
  const verdict = entry.verdict === "live" ? "live" : entry.verdict === "undecided" ? "doubted" : "condemned";
  row.launches += 1;
  row[verdict] += 1;
  rows.set(launch.kind, row);
  sums[verdict] += 1;
  if (launch.isStandIn) sums.standIns += 1;
  if (launch.isStandIn && verdict === "live") sums.liveStandIns += 1;
  const line = `${verdict} ${entry.reason} ${launch.kind}: ${launch.words.join(" ")}`;
  shownLaunches.push(line);
  if (verdict === "condemned") faults.push(`condemned: ${line} (${key}, ${entry.detail})`);
}

async function startLaunch(launch) {
  const [first, ...others] = launch.words;
  const argv0 = launch.path === undefined ? first : launch.words[0];
  const { cwd = scratch, env = {}, writes = [] } = launch;
  await keeper.start({ cwd, path: launch.path ?? first, argv: [argv0, ...others], env: { ...clean, ...env }, writes });
}

async function runBatch(size, from) {
  const keyed = (kind, number) => Array.from({ length: number }, (_, index) => ({ key: `${kind}-${from + index}`, id: newId() }));
  const sessions = keyed("live", size).map((session) => ({ ...session, launch: grammar.draw(session.id) }));
  const dead = keyed("dead", size);
  const doubts = keyed("doubt", Math.ceil(size / 8));
  register([...sessions, ...dead, ...doubts].map(({ key, id }) => [key, id]));
  for (const { launch } of sessions) await startLaunch(launch);
  const servers = new Set();
  for (const [index, { id }] of dead.entries()) await lookAt(id, index, servers);
  const carriers = new Map();
  for (const [index, { key, id }] of doubts.entries()) carriers.set(key, await leaveDoubt(id, index));
  await settled(sessions);
  const first = await sweep();
  const second = await sweep("--now");
  const lost = await unshown(sessions);
  if (lost.length > 0) throw new Error(`these have ended: ${lost.map(({ launch }) => launch.words.join(" ")).join("\n")}`);
  for (const session of sessions) {
    const { key } = session;
    const worse = [first, second].map((looked) => looked.get(key)).toSorted((a, b) => rank(b) - rank(a))[0];
    note(session, worse);
  }
  for (const { key } of dead) {
    sums.dead += 1;
    if (second.get(key)?.action === "reaped") sums.reaped += 1;
    else faults.push(`a dead session stays: ${JSON.stringify(second.get(key))}`);
  }
  for (const { key } of doubts) {
    const { verdict, detail } = second.get(key);
    if (verdict === "undecided" && detail.includes(`(pid ${carriers.get(key)})`)) sums.doubts += 1;
    else faults.push(`no doubt that names pid ${carriers.get(key)}: ${JSON.stringify(second.get(key))}`);
  }
  await keeper.kill(...carriers.values());
  await pause(50);
  const third = await sweep("--now");
  for (const { key } of doubts) {
    if (third.get(key)?.action === "reaped") sums.ended += 1;
    else faults.push(`a doubt that stays: ${JSON.stringify(third.get(key))}`);
  }
  await keeper.endAll();
  const last = await sweep("--now");
  for (const { key, launch } of sessions) {
    if (last.get(key)?.action === "reaped") sums.gone += 1;
    else faults.push(`stays after its end: ${launch.words.join(" ")}: ${JSON.stringify(last.get(key))}`);
  }
}

const rank = (entry) => (entry?.verdict === "live" ? 0 : entry?.verdict === "undecided" ? 1 : 2);

let failed;
writeTriedClock(stateDir);
try {
  for (let from = 0; from < count; from += Number(values.batch)) await runBatch(Math.min(Number(values.batch), count - from), from);
} catch (error) {
  failed = error;
} finally {
  await keeper.close();
}
if (failed !== undefined) throw failed;

for (const [kind, { launches, live, doubted, condemned }] of [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
  console.log(`${kind.padEnd(10)} ${launches} launches, ${live} live, ${doubted} doubted, ${condemned} condemned`);
}
if (values.show) for (const line of shownLaunches) console.log(line);
for (const fault of faults) console.log(fault);
const { live, doubted, condemned, standIns, liveStandIns, dead, reaped, doubts, ended, gone } = sums;
console.log(`seed ${values.seed}, ${count} launches: ${live} live, ${doubted} doubted, ${condemned} condemned`);
console.log(`in stand-ins: ${standIns} of them, ${liveStandIns} live`);
console.log(`after their end: ${gone} reaped`);
console.log(`dead, carried by readers: ${dead}, ${reaped} reaped`);
console.log(`dead, carried by editors and left-behind children: ${doubts} doubts that name them, ${ended} reaped after them`);
if (faults.length > 0 || live < count * 0.8) process.exitCode = 1;
