/**
 * Root sweeps many homes while the user of one does what a user can: swaps links, FIFOs, sockets and huge files for the
 * registries there as fast as it can, plants the names of temporary files, locks what it has, and sits on the name of root's
 * run lock. Nothing of another user's may change, and every other home must be swept each time.
 *
 *   npm run hostile                         ten minutes, 50 homes
 *   npm run hostile -- --seconds 20 --homes 6
 *
 * Needs root. Exits 1 when something was harmed, or when the hostile user was never in the way, for then nothing was tried.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "600" }, homes: { type: "string", default: "50" }, hostile: { type: "string" } },
});

const [alice, bob, firstHome] = [61_000, 61_001, 61_100];
const dayMs = 86_400_000;
const old = (path) => fs.utimesSync(path, (Date.now() - 30 * dayMs) / 1000, (Date.now() - 30 * dayMs) / 1000);
const since = new Date(Date.now() - dayMs).toISOString();
const gonePid = () => spawnSync("true").pid;
const attempt = (act) => {
  try {
    return act();
  } catch {
    // The sweep was faster: the next round tries again.
    return undefined;
  }
};

/**
 * Sits on the name that version 0.1.0 takes for root's run lock, which every user can take, as soon as there is a state
 * directory, and lets go of it and takes it again all the time. Counts how often it had it.
 */
const squat = `use Socket; my ($state, $count) = @ARGV; my $had = 0;
  while (1) {
    my @stat = stat $state or select(undef, undef, undef, 0.01) && 0 || next;
    my $name = "\\0sessreap-0-$stat[0]-$stat[1]"; $name .= "-" x (108 - length $name);
    socket(my $s, PF_UNIX, SOCK_STREAM, 0);
    if (bind($s, pack("S a*", AF_UNIX, $name)) && listen($s, 1)) {
      $had++;
      if (open(my $out, ">", "$count.new")) { print $out $had; close $out; rename "$count.new", $count }
      select(undef, undef, undef, $had % 2 ? 0.3 : 0.0002);
    }
  }`;

/** What the hostile user does, in a process of that user's, until it is ended. */
function beHostile(home) {
  const kit = join(home, "kit");
  const at = (name) => join(kit, name);
  fs.mkdirSync(kit);
  spawnSync("mkfifo", [at("fifo")]);
  fs.closeSync(fs.openSync(at("huge"), "w"));
  fs.truncateSync(at("huge"), 2 ** 31);
  createServer().listen(at("socket"));
  const bobs = join(home, "..", "bob");
  fs.symlinkSync(join(bobs, "reg"), at("to-bobs-directory"));
  fs.symlinkSync(join(bobs, "agents.json"), at("to-bobs-file"));
  fs.symlinkSync(bobs, at("to-bob"));
  fs.symlinkSync("../../root/reg", at("to-roots"));
  const [file, directory, middle] = [join(home, "agents.json"), join(home, "reg"), join(home, "middle")];
  const tricks = [
    ...["fifo", "huge", "socket", "to-bobs-file"].map((name) => [file, name]),
    ...["to-roots", "fifo", "huge"].map((name) => [directory, name]),
    [middle, "to-bob"],
  ];
  fs.chmodSync(file, 0o660);
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const pid = gonePid();
  const lock = spawn("flock", [join(home, "locked.json"), "sleep", "1000"], { stdio: "ignore" });
  lock.on("error", () => undefined);
  const squatter = spawn("perl", ["-e", squat, join(home, "..", "state"), join(home, "squatted")], { stdio: "ignore" });
  squatter.on("error", () => undefined);
  for (let turn = 0; ; turn += 1) {
    // A link to another user's directory is the worst of them, if it is followed: half of the time it is that.
    const [place, trick] = turn % 2 === 0 ? [directory, "to-bobs-directory"] : tricks[Math.floor(turn / 2) % tricks.length];
    attempt(() => fs.renameSync(place, at("parked")));
    attempt(() => fs.renameSync(at(trick), place));
    if (turn % 3 < 2) Atomics.wait(clock, 0, 0, Math.random() * 5);
    attempt(() => fs.renameSync(place, at(trick)));
    attempt(() => fs.renameSync(at("parked"), place));
    for (const name of [".agents.json", ".ghost.json"]) {
      const planted = join(turn % 4 < 2 ? home : directory, `${name}.sessreap-${turn % 60_000}-1.held`);
      attempt(() => fs.symlinkSync(join(bobs, "agents.json"), planted));
      attempt(() => fs.unlinkSync(planted));
    }
    if (turn % 10 !== 0) continue;
    // New ghosts, for a sweep to be at work here, and an entry that names what is not this user's.
    for (const path of [join(directory, "ghost.json"), join(middle, "reg", "ghost.json"), join(directory, "socket.json")])
      attempt(() => {
        fs.writeFileSync(path, JSON.stringify({ pid, since, endpoint: `unix:${bobs}/socket` }), { flag: "wx" });
        old(path);
      });
    attempt(() => fs.writeFileSync(file, JSON.stringify({ ghost: { pid, since } }), { flag: "r+" }));
    fs.writeFileSync(at("turns"), String(turn));
    fs.renameSync(at("turns"), join(home, "turns"));
  }
}

if (values.hostile !== undefined) beHostile(values.hostile);

const scratch = fs.mkdtempSync("/tmp/sessreap-hostile-");
fs.chmodSync(scratch, 0o755);
const under = (...parts) => join(scratch, ...parts);

function make(uid, path, mode = 0o700) {
  fs.mkdirSync(path, { mode });
  fs.chownSync(path, uid, uid);
}

function write(uid, path, value) {
  const temporary = `${path}.writing`;
  fs.writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
  fs.chownSync(temporary, uid, uid);
  old(temporary);
  fs.renameSync(temporary, path);
}

/** A home with a registry of each kind: a ghost and a living entry in the file, a ghost in the directory. */
function fill(uid, home) {
  const pid = gonePid();
  write(uid, join(home, "agents.json"), { ghost: { pid, since, id: randomUUID() }, live: { pid: process.pid, since } });
  write(uid, join(home, "reg", "ghost.json"), { pid, since, id: randomUUID() });
}

function treeOf(path) {
  const stat = fs.lstatSync(path);
  const about = `${path} ${stat.mode} ${stat.uid} ${stat.gid} ${stat.ino}`;
  if (stat.isDirectory()) return [about, ...fs.readdirSync(path).flatMap((name) => treeOf(join(path, name)))];
  return [stat.isFile() ? `${about} ${stat.mtimeMs} ${createHash("sha256").update(fs.readFileSync(path)).digest("hex")}` : about];
}

const harm = [];
const count = { sweeps: 0, unreadable: 0, swept: 0, reaped: 0, restored: 0 };
const names = Array.from({ length: Number(values.homes) - 1 }, (_, nth) => `home-${nth}`);
for (const [uid, name] of [[alice, "alice"], [bob, "bob"], [0, "root"], ...names.map((home, nth) => [firstHome + nth, home])]) {
  make(uid, under(name));
  make(uid, under(name, "reg"));
  fill(uid, under(name));
}
make(alice, under("alice", "middle"));
make(alice, under("alice", "middle", "reg"));
write(alice, under("alice", "locked.json"), { ghost: { pid: gonePid(), since } });

const fields = { pid: "pid", registeredAt: "since" };
const inFile = (path) => ({ format: "keyed-json", path, fields });
const inDirectory = (path) => ({ format: "json-file", path, pattern: "*.json", fields });
const registries = [
  ...["alice", ...names].flatMap((name) => [inFile(under(name, "agents.json")), inDirectory(under(name, "reg"))]),
  inDirectory(under("alice", "middle", "reg")),
  inFile(under("alice", "locked.json")),
];
const config = under("config.json");
fs.writeFileSync(config, JSON.stringify({ registries }));
const grouped = under("grouped.json");
fs.writeFileSync(grouped, JSON.stringify({ registries }));
fs.chownSync(grouped, 0, alice);
fs.chmodSync(grouped, 0o664);

function run(...words) {
  const env = { PATH: process.env.PATH, HOME: under("root"), SESSREAP_STATE_DIR: under("state"), LC_ALL: "C" };
  const tool = join(import.meta.dirname, "../dist/sessreap.cjs");
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [tool, ...words], {
    env,
    encoding: "utf8",
    timeout: 900_000,
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) harm.push(`${words[0]} did not end: ${error.message}`);
  return { status, stdout, stderr };
}

/** What a sweep said; one that was refused says nothing of registries. */
const parsed = (text) => ({ registries: [], sweepId: "", summary: {}, ...attempt(() => JSON.parse(text)) });

function round(before) {
  for (const [nth, name] of names.entries()) fill(firstHome + nth, under(name));
  const { status, stdout, stderr } = run("sweep", "--config", config, "--json");
  count.sweeps += 1;
  if (![0, 3].includes(status)) harm.push(`a sweep ended with ${status}: ${stderr}${stdout.slice(0, 300)}`);
  const { registries: seen, sweepId, summary } = parsed(stdout);
  count.reaped += summary.reaped ?? 0;
  for (const { state } of seen.filter((registry) => registry.path.startsWith(under("alice/")))) {
    if (state === "unreadable" || state === "swept") count[state] += 1;
  }
  for (const name of names) {
    const left = Object.keys(JSON.parse(fs.readFileSync(under(name, "agents.json"), "utf8"))).join();
    if (left !== "live") harm.push(`${name}/agents.json has ${left}`);
    if (fs.existsSync(under(name, "reg", "ghost.json"))) harm.push(`${name}/reg was not swept`);
  }
  if (count.sweeps % 3 === 0) {
    run("restore", "--sweep", sweepId);
    count.restored += 1;
    if (run("sweep", "--config", grouped).status !== 2) harm.push("a configuration of alice's group was taken");
  }
  const now = [...treeOf(under("bob")), ...treeOf(under("root", "reg"))];
  for (const line of now.filter((one) => !before.includes(one))) harm.push(`changed: ${line}`);
  for (const line of before.filter((one) => !now.includes(one))) harm.push(`gone: ${line}`);
}

const script = under("hostile.mjs");
fs.copyFileSync(import.meta.filename, script);
const before = [...treeOf(under("bob")), ...treeOf(under("root", "reg"))];
const enemy = spawn(process.execPath, [script, "--hostile", under("alice")], { uid: alice, gid: alice, stdio: "inherit", detached: true });
const begun = Date.now();
/** On a busy machine a sweep takes seconds: it goes on until the hostile user was in its way, but not for ever. */
function goesOn() {
  const lasted = (Date.now() - begun) / 1000 / Number(values.seconds);
  const isTried = count.unreadable > 0 && count.swept > 0;
  return harm.length === 0 && lasted < (isTried ? 1 : 6);
}
try {
  while (goesOn()) round(before);
} finally {
  // The enemy may have ended by itself; whoever is left of its group writes until it is really gone.
  attempt(() => process.kill(-Number(enemy.pid), "SIGKILL"));
}
const [turns, squats] = ["turns", "squatted"].map((name) => attempt(() => fs.readFileSync(under("alice", name), "utf8")) || "0");
fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
const { sweeps, unreadable, swept, reaped, restored } = count;
process.stdout.write(
  `hostile: ${sweeps} sweeps of ${values.homes} homes, ${reaped} reaped, ${restored} restored beside ${turns} swaps; ` +
    `the run lock's older name was squatted ${squats} times; ` +
    `alice's were unreadable ${unreadable} times and swept ${swept} times; ${harm.length} harmed\n${harm.slice(0, 20).join("\n")}`,
);
process.exitCode = harm.length > 0 || unreadable === 0 || swept === 0 || squats === "0" ? 1 : 0;
