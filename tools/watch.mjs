/**
 * How soon a registration goes when its agent goes, with `sessreap watch` beside real processes and, where it is installed,
 * the real Codex app server: from the moment at which a holder is killed, or at which the server says `thread/closed`, to the
 * moment at which its row is out of the file. Beside them live rows stand, none of which may go.
 *
 *   npm run build && npm run watch-trials                100 trials of each kind
 *   npm run watch-trials -- --trials 20 --kinds young,new
 *   npm run watch-trials -- --codex PATH --kinds thread  the server is run from there
 *   npm run watch-trials -- --kinds flood                20,000 registrations that come and go, and holders that end then
 *
 * Kinds: `old` holders were registered a day ago, `young` ones half a minute ago, `new` ones 50 to 300 ms before they are
 * killed, and a `thread` is left by its client. In a `flood` one writer registers and unregisters as fast as it can
 * (`--registrations`), then its last holders are killed: they go, the watch says once that it cannot keep up, and needs no more
 * memory at the end than in the first half. A session's row stays while anything may live that its holder had started, and that
 * can be a process that the same parent started in the last second: run it on a machine that is at rest. Exits 1 when a live row
 * is lost, when a row stays for 20 s, or when the 99th percentile is a second (`--goal` ms) or more.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sessreap-foreign");
const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "100" },
    kinds: { type: "string", default: "old,young,new,thread" },
    tool: { type: "string", default: join(import.meta.dirname, "../dist/sessreap.cjs") },
    codex: { type: "string", default: join(cache, "codex-0.171.0/node_modules/.bin/codex") },
    goal: { type: "string", default: "1000" },
    registrations: { type: "string", default: "20000" },
    show: { type: "boolean", default: false },
  },
});
const trials = Number(values.trials);
const goalMs = Number(values.goal);
const longestMs = 20_000;
const bystanders = 5;
const scratch = mkdtempSync(join(tmpdir(), "sessreap-watch-"));
const env = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: join(scratch, "home"),
  SESSREAP_STATE_DIR: join(scratch, "state"),
  LC_ALL: "C",
};
mkdirSync(env.HOME);

const started = [];
function start(file, args, options = {}) {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env, ...options });
  started.push(child);
  return child;
}

async function endAll() {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, "exit");
    try {
      process.kill(child.spawnargs.includes("app-server") ? -child.pid : child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
    await gone;
  }
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

function startTicks(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

async function holder() {
  const child = start("/bin/sh", ["-c", "read never"]);
  await once(child, "spawn");
  return { child, pid: child.pid, start: startTicks(child.pid) };
}

const stateOf = (path) => {
  const { ino, mtimeMs, size } = statSync(path);
  return `${ino} ${mtimeMs} ${size}`;
};
const rowsIn = (path) => JSON.parse(readFileSync(path, "utf8"));

function writeRows(path, rows) {
  writeFileSync(`${path}.new`, JSON.stringify(rows, undefined, 2));
  renameSync(`${path}.new`, path);
}

/** When each row was first seen to be out of a file. It is read only when it has changed: an open file is not swapped. */
function departures(path) {
  const gone = new Map();
  let last = "";
  let known = new Set(Object.keys(rowsIn(path)));
  const timer = setInterval(() => {
    const now = stateOf(path);
    if (now === last) return;
    last = now;
    const at = performance.now();
    const rows = new Set(Object.keys(rowsIn(path)));
    for (const key of known) if (!rows.has(key)) gone.set(key, at);
    known = rows;
  }, 2);
  return { gone, end: () => clearInterval(timer) };
}

async function untilGone({ gone }, key, from) {
  while (!gone.has(key) && performance.now() - from < longestMs) await pause(2);
  return gone.has(key) ? gone.get(key) - from : undefined;
}

async function watching(config) {
  const path = join(scratch, "config.json");
  writeFileSync(path, JSON.stringify(config));
  const child = start(process.execPath, [values.tool, "watch", "--config", path], { cwd: scratch });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  for (let waited = 0; !said.includes("watching "); waited += 1) {
    if (waited > 600 || child.exitCode !== null) throw new Error(`the watch did not begin: ${said}`);
    await pause(50);
  }
  return { child, said: () => said };
}

const ago = (ms) => new Date(Date.now() - ms).toISOString();
const fields = { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" };

async function holders(kind) {
  const path = join(scratch, `${kind}.json`);
  const age = { old: 86_400_000, young: 30_000, new: 0 }[kind];
  const row = ({ pid, start: ticks }) => ({ id: randomUUID(), pid, start: ticks, since: ago(age) });
  const [rows, live] = [{}, []];
  for (let nth = 0; nth < bystanders; nth += 1) live.push(await holder());
  for (const [nth, one] of live.entries()) rows[`live-${nth}`] = row(one);
  const first = [];
  if (kind !== "new") for (let nth = 0; nth < trials; nth += 1) first.push(await holder());
  for (const [nth, one] of first.entries()) rows[`trial-${nth}`] = row(one);
  writeRows(path, rows);
  const { child, said } = await watching({ registries: [{ format: "keyed-json", path, fields, about: "session" }] });
  await pause(1_500);
  const seen = departures(path);
  const took = [];
  for (let nth = 0; nth < trials; nth += 1) {
    const one = first[nth] ?? (await holder());
    if (kind === "new") {
      writeRows(path, { ...rowsIn(path), [`trial-${nth}`]: row(one) });
      await pause(50 + Math.random() * 250);
    }
    const from = performance.now();
    one.child.kill("SIGKILL");
    took.push(await untilGone(seen, `trial-${nth}`, from));
    await pause(20);
  }
  seen.end();
  const lost = live.filter((_, nth) => rowsIn(path)[`live-${nth}`] === undefined).length;
  child.kill("SIGTERM");
  await once(child, "exit");
  if (values.show) process.stdout.write(said());
  return { took, lost };
}

const memoryOf = (pid) => Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** Registrations of 20 living holders come and go in a file with the rows of others; at the end theirs are there, and they end. */
async function flood() {
  const path = join(scratch, "flood.json");
  const row = ({ pid, start: ticks }) => ({ id: randomUUID(), pid, start: ticks, since: ago(86_400_000) });
  const [live, last] = [[], []];
  for (let nth = 0; nth < bystanders; nth += 1) live.push(await holder());
  for (let nth = 0; nth < Math.min(trials, 20); nth += 1) last.push(await holder());
  const standing = Object.fromEntries(live.map((one, nth) => [`live-${nth}`, row(one)]));
  const final = Object.fromEntries(last.map((one, nth) => [`trial-${nth}`, row(one)]));
  writeRows(path, standing);
  const { child, said } = await watching({ registries: [{ format: "keyed-json", path, fields, about: "session" }] });
  const count = Number(values.registrations);
  const memory = [];
  const from = performance.now();
  let missing = 0;
  for (let nth = 0; nth < count; nth += 1) {
    // Each registration replaces the one that came twenty before it.
    const coming = Object.fromEntries(last.slice(0, nth + 1).map((one, turn) => [`comes-${nth - turn}`, row(one)]));
    if (Object.keys(standing).some((key) => rowsIn(path)[key] === undefined)) missing += 1;
    writeRows(path, { ...standing, ...coming });
    if (nth % 20 === 0) await pause(1);
    if (nth % Math.ceil(count / 20) === 0) memory.push(memoryOf(child.pid));
  }
  const floodedMs = performance.now() - from;
  writeRows(path, { ...standing, ...final });
  await pause(3_000);
  const seen = departures(path);
  const killedAt = performance.now();
  for (const one of last) one.child.kill("SIGKILL");
  const took = await Promise.all(last.map((_, nth) => untilGone(seen, `trial-${nth}`, killedAt)));
  seen.end();
  const rows = rowsIn(path);
  const lost = missing + Object.keys(standing).filter((key) => rows[key] === undefined).length;
  child.kill("SIGTERM");
  await once(child, "exit");
  if (values.show) process.stdout.write(said());
  const times = said().split("change faster than they can be read").length - 1;
  const [half, end] = [Math.max(...memory.slice(0, 11)), Math.max(...memory.slice(-3))];
  if (times > 1 || end > half + 16) isGood = false;
  const words = [
    `${count} registrations in ${Math.round(floodedMs / 1000)} s`,
    `said ${times} times that it cannot keep up`,
    `${Math.round(half)} MiB in its first half, ${Math.round(end)} MiB at the end`,
  ];
  return { took, lost, note: words.join(", ") };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A client of the app server; `closed` tells when the server said of a thread that it closed it. */
async function client(url, home) {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const waiting = new Map();
  const closed = new Map();
  let last = 0;
  socket.on("message", (data) => {
    const { id, result, method, params } = JSON.parse(Buffer.from(data).toString("utf8"));
    if (id !== undefined) waiting.get(id)?.(result);
    else if (method === "thread/closed") closed.set(params.threadId, performance.now());
  });
  await once(socket, "open");
  const call = (method, params) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  await call("initialize", { clientInfo: { name: "watch-trials", title: "watch-trials", version: "0" } });
  const thread = async () => (await call("thread/start", { cwd: home })).thread.id;
  return { call, closed, thread, end: () => socket.terminate() };
}

const release = `import { readFileSync, renameSync, writeFileSync } from "node:fs";
const [path, key] = process.argv.slice(2);
const rows = JSON.parse(readFileSync(path, "utf8"));
delete rows[key];
writeFileSync(path + ".new", JSON.stringify(rows));
renameSync(path + ".new", path);
`;

/** The owner has a name of its own: a process that is called as a real bridge is keeps every bridge's rows on this machine. */
async function threads() {
  const home = join(scratch, "codex");
  mkdirSync(join(home, ".codex"), { recursive: true });
  const url = `ws://127.0.0.1:${await freePort()}`;
  const server = start(values.codex, ["app-server", "--listen", url], { env: { PATH: env.PATH, HOME: home }, detached: true });
  let said = "";
  server.stderr.on("data", (text) => (said += text));
  while (!said.includes("listening on:")) await pause(50);
  const bridge = join(scratch, "trial-bridge.mjs");
  writeFileSync(bridge, "process.stdin.resume();\n");
  writeFileSync(join(scratch, "unregister.mjs"), release);
  start(process.execPath, [bridge, "watch"]);
  const us = await client(url, home);
  const path = join(scratch, "registrations.json");
  const rows = {};
  const ids = [];
  for (let nth = 0; nth < trials; nth += 1) {
    ids.push(await us.thread());
    rows[`trial-${nth}`] = { threadId: ids[nth], registeredAt: ago(0) };
  }
  for (let nth = 0; nth < bystanders; nth += 1) rows[`live-${nth}`] = { threadId: await us.thread(), registeredAt: ago(86_400_000) };
  writeRows(path, rows);
  const { child, said: watchSaid } = await watching({
    registries: [
      {
        format: "llmmsg-bridge",
        path,
        appServers: [url],
        owner: { argv: ["trial-bridge.mjs", "watch"] },
        release: [process.execPath, join(scratch, "unregister.mjs"), path, "{key}"],
      },
    ],
  });
  // Owner and server have to be up for a minute, by the watch's own looks.
  await pause(65_000);
  const seen = departures(path);
  const left = [];
  for (const id of ids) {
    await us.call("thread/unsubscribe", { threadId: id });
    left.push(performance.now());
    await pause(400);
  }
  const [took, lingered] = [[], []];
  for (const [nth, id] of ids.entries()) {
    while (!us.closed.has(id) && performance.now() - left[nth] < 120_000) await pause(20);
    lingered.push(us.closed.get(id) - left[nth]);
    took.push(us.closed.has(id) ? await untilGone(seen, `trial-${nth}`, us.closed.get(id)) : undefined);
  }
  seen.end();
  const lost = Array.from({ length: bystanders }, (_, nth) => nth).filter((nth) => rowsIn(path)[`live-${nth}`] === undefined).length;
  us.end();
  child.kill("SIGTERM");
  await once(child, "exit");
  if (values.show) process.stdout.write(watchSaid());
  lingered.sort((a, b) => a - b);
  return {
    took,
    lost,
    note: `the server itself lets a thread linger for ${Math.round(lingered[lingered.length >> 1] / 100) / 10} s before it says so`,
  };
}

let isGood = true;
try {
  for (const kind of values.kinds.split(",")) {
    if (kind === "thread" && !existsSync(values.codex)) {
      console.log(`thread  left out: ${values.codex} is not there`);
      continue;
    }
    const { took, lost, note } = kind === "thread" ? await threads() : kind === "flood" ? await flood() : await holders(kind);
    const went = took.filter((ms) => ms !== undefined).toSorted((a, b) => a - b);
    const at = (share) => Math.round(went[Math.min(went.length - 1, Math.floor(share * went.length))] ?? Number.NaN);
    const isFine = went.length === took.length && lost === 0 && at(0.99) < goalMs;
    isGood &&= isFine;
    const words = [
      `p50 ${at(0.5)} ms`,
      `p99 ${at(0.99)} ms`,
      `longest ${at(1)} ms`,
      `${took.length - went.length} stay`,
      `${lost} live rows lost`,
    ];
    console.log(
      `${kind.padEnd(7)} ${took.length} trials: ${words.join(", ")}${note === undefined ? "" : `; ${note}`}${isFine ? "" : "  FAILED"}`,
    );
  }
} finally {
  await endAll();
}
process.exitCode = isGood ? 0 : 1;
