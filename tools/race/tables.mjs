// Three writers and a sweep on one table. Each writer inserts rows of a process that is gone and writes to its own ones
// all the time; the built tool reaps. A row that is gone has to be kept in a tombstone as its writer wrote it last, and one
// that is there has to say that, too: else a sweep took what it had not judged, or undid what a writer did.
//
//   node tools/race/tables.mjs --journal WAL --writes 100000 --reaped 2000      (Node 22.16 or later)
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values: given } = parseArgs({
  options: {
    journal: { type: "string", default: "WAL" },
    writes: { type: "string", default: "100000" },
    reaped: { type: "string", default: "2000" },
    tool: { type: "string", default: "dist/sessreap.cjs" },
    writer: { type: "string" },
    path: { type: "string", default: "" },
  },
});

const sqlite = process.getBuiltinModule("node:sqlite");
if (sqlite === undefined) throw new Error(`Node ${process.versions.node} has no SQLite; run this with 22.16 or later`);
const { DatabaseSync } = sqlite;

/** Rows that a writer keeps in the table, and writes between two reports of their number. */
const [ownRows, stride] = [300, 50];
const [anyRow, hotRows] = [0.02, 10];
const writers = 3;

/** No process has it: pids are handed out from below. */
const gonePid = 4_194_303;

const isBusy = (error) => error.errcode !== undefined && [5, 6].includes(error.errcode & 0xff);

/** Writes until its input ends, then says which version each of its rows had last. */
async function write(name, path) {
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec("PRAGMA synchronous = OFF");
  const insert = database.prepare("INSERT INTO sessions VALUES (?, ?, '2026-01-02T03:04:05Z', 1)");
  const update = database.prepare("UPDATE sessions SET version = version + 1 WHERE id = ?");
  const versions = new Map();
  const there = [];
  let writes = 0;
  process.stdin.resume();
  const attempt = (act) => {
    try {
      return act();
    } catch (error) {
      if (!isBusy(error)) throw error;
      return undefined;
    }
  };
  while (!process.stdin.readableEnded) {
    for (let nth = 0; nth < stride; nth += 1) {
      if (there.length < ownRows) {
        const id = `${name}-${versions.size}`;
        if (attempt(() => insert.run(id, gonePid)) === undefined) continue;
        versions.set(id, 1);
        there.push(id);
      } else {
        // Most writes are to a few rows: of the others a sweep finds most as it judged them, and some changed.
        const at = Math.floor(Math.random() * (Math.random() < anyRow ? there.length : hotRows));
        const result = attempt(() => update.run(there[at]));
        if (result === undefined) continue;
        // It was reaped: what it said last is what its tombstone has to say.
        if (Number(result.changes) === 0) there.splice(at, 1);
        else versions.set(there[at], versions.get(there[at]) + 1);
      }
      writes += 1;
    }
    process.stdout.write(`${JSON.stringify({ writes })}\n`);
    await new Promise((next) => void setImmediate(next));
  }
  process.stdout.write(`${JSON.stringify({ versions: [...versions] })}\n`);
  database.close();
}

function startWriter(name, path) {
  const words = [import.meta.filename, "--writer", String(name), "--path", path];
  const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
  const state = { writes: 0, versions: [] };
  createInterface({ input: child.stdout }).on("line", (line) => Object.assign(state, JSON.parse(line)));
  const closed = new Promise((done) => void child.once("close", done));
  const end = async () => {
    child.stdin.end();
    await closed;
  };
  return { state, end };
}

function sweep(tool, env) {
  const child = spawn(process.execPath, [tool, "sweep", "--json"], { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  return new Promise((done) => void child.once("close", () => done(JSON.parse(text))));
}

/** The version in the tombstone of each row that went. */
function tombstoned(stateDir) {
  const [kept, taken] = [new Map(), new Set()];
  for (const name of readdirSync(join(stateDir, "tombstones"))) {
    const lines = readFileSync(join(stateDir, "tombstones", name), "utf8").split("\n");
    let [sweepId, number] = ["", 0];
    for (const line of lines.filter((one) => one !== "")) {
      const one = JSON.parse(line);
      if (one.plot !== undefined) [sweepId, number] = [one.plot.sweepId, one.plot.first];
      else if (one.void !== undefined) for (const id of one.void) taken.add(id);
      else kept.set(`${sweepId}/${number++}`, [one.key, Number(one.columns.version)]);
    }
  }
  return new Map([...kept].filter(([id]) => !taken.has(id)).map(([, one]) => one));
}

async function race({ journal, tool }, goal) {
  const dir = mkdtempSync(join(tmpdir(), "sessreap-race-tables-"));
  const [path, home, stateDir] = [join(dir, "a.db"), join(dir, "home"), join(dir, "state")];
  const env = { PATH: process.env.PATH, HOME: home, SESSREAP_STATE_DIR: stateDir, LC_ALL: "C" };
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = ${journal}; CREATE TABLE sessions (id TEXT PRIMARY KEY, pid INTEGER, at TEXT, version INTEGER)`);
  database.close();
  mkdirSync(join(home, ".config", "sessreap"), { recursive: true });
  const fields = { sessionId: "id", pid: "pid", registeredAt: "at" };
  const declared = { format: "sqlite-table", path, table: "sessions", about: "process", fields, onGhost: "reap" };
  writeFileSync(join(home, ".config", "sessreap", "config.json"), JSON.stringify({ wellKnown: false, registries: [declared] }));
  const all = Array.from({ length: writers }, (_, name) => startWriter(name, path));
  const counts = { sweeps: 0, reaped: 0, changed: 0, busy: 0, failed: 0, other: 0 };
  const names = { reaped: "reaped", skipped: "changed", busy: "busy", failed: "failed" };
  const written = () => all.reduce((sum, { state }) => sum + state.writes, 0);
  while (written() < goal.writes || counts.reaped < goal.reaped) {
    const { entries, registries } = await sweep(tool, env);
    counts.sweeps += 1;
    if (registries[0].state === "busy") counts.busy += 1;
    for (const { action } of entries) counts[names[action] ?? "other"] += 1;
  }
  const lost = journal === "WAL" ? ["-wal", "-shm"].filter((suffix) => !existsSync(`${path}${suffix}`)) : [];
  for (const { end } of all) await end();
  const after = new DatabaseSync(path);
  const there = new Map(
    after
      .prepare("SELECT id, version FROM sessions")
      .all()
      .map(({ id, version }) => [id, version]),
  );
  const integrity = after.prepare("PRAGMA integrity_check").get().integrity_check;
  after.close();
  const kept = tombstoned(stateDir);
  const wrong = all
    .flatMap(({ state }) => state.versions)
    .filter(([id, version]) => (there.has(id) ? there.get(id) !== version || kept.has(id) : kept.get(id) !== version));
  rmSync(dir, { recursive: true, force: true });
  return { journal, writes: written(), ...counts, wrong: wrong.length, lost, integrity };
}

if (given.writer !== undefined) await write(given.writer, given.path);
else {
  const result = await race(given, { writes: Number(given.writes), reaped: Number(given.reaped) });
  console.log(JSON.stringify(result));
  if (result.wrong > 0 || result.lost.length > 0 || result.integrity !== "ok") process.exitCode = 1;
}
