// Races sweeps of one machine against writers of a table on a PostgreSQL server. Three writers register rows of a process that
// is gone, of this machine and of another, and write into rows that stand; two sweeps of this machine, each with a state
// directory of its own, release what they judged. Afterwards each released row has to say what its tombstone says, has to have
// one tombstone and no second, and no row of the other machine may be released.
//
//     node tools/race/servers.mjs --released 100000
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "./postgres.mjs";

const { values: given } = parseArgs({
  options: { released: { type: "string", default: "1000" }, tool: { type: "string", default: "dist/sessreap.cjs" } },
});
const goal = Number(given.released);

const [writers, sweepers] = [3, 2];

/** So many rows stand at most before the writers wait. */
const standing = 12_000;

/** A state directory has room for some 30,000 tombstones of these rows; one of a row that was skipped in the end takes room, too. */
const perDirectory = 15_000;

const schema = `CREATE TABLE regs (id bigserial PRIMARY KEY, session text NOT NULL, machine text NOT NULL, pid integer, at timestamptz NOT NULL,
  beat timestamptz, version integer NOT NULL DEFAULT 0, released_at timestamptz, release_reason text);
  CREATE INDEX own_open ON regs (machine) WHERE released_at IS NULL`;

/** No process has it: it is above all that this kernel hands out, or the last of them. */
const gone = 4_194_303;

/** Writes into its own rows and into the others' alike, as long as they stand. */
async function write(client, state) {
  while (!state.isOver) {
    const { rows } = await client.query("SELECT count(*)::int AS n FROM regs WHERE released_at IS NULL AND machine = 'venus'");
    if (rows[0].n < standing) {
      const made = await client.query(
        "INSERT INTO regs (session, machine, pid, at) SELECT gen_random_uuid(), CASE WHEN n % 100 = 0 THEN 'mars' ELSE 'venus' END, $1, now() - interval '1 day' FROM generate_series(1, 500) AS n RETURNING id",
        [gone],
      );
      state.last = Math.max(state.last, ...made.rows.map(({ id }) => Number(id)));
    }
    for (let nth = 0; nth < 50; nth += 1) {
      const id = Math.max(1, state.last - Math.floor(Math.random() * standing));
      const written = await client.query("UPDATE regs SET version = version + 1, beat = now() WHERE id = $1 AND released_at IS NULL", [id]);
      state.writes += written.rowCount;
    }
  }
}

function sweep(env) {
  const child = spawn(process.execPath, [given.tool, "sweep", "--json"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const chunks = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  return new Promise((done) => void child.once("close", () => done(JSON.parse(Buffer.concat(chunks).toString()))));
}

/** Every tombstone that counts: what it is of, and the version that it kept. */
function tombstoned(stateDir) {
  const [kept, taken] = [new Map(), new Set()];
  for (const name of readdirSync(join(stateDir, "tombstones"))) {
    let [sweepId, number] = ["", 0];
    for (const line of readFileSync(join(stateDir, "tombstones", name), "utf8").split("\n")) {
      if (line === "") continue;
      const one = JSON.parse(line);
      if (one.plot !== undefined) [sweepId, number] = [one.plot.sweepId, one.plot.first];
      else if (one.void !== undefined) for (const id of one.void) taken.add(id);
      else kept.set(`${sweepId}/${number++}`, [one.key, one.columns.version]);
    }
  }
  return [...kept].filter(([id]) => !taken.has(id)).map(([, one]) => one);
}

const postgres = await startPostgres("fsync=off");
const dir = mkdtempSync(join(tmpdir(), "sessreap-race-servers-"));
const home = join(dir, "home");
mkdirSync(join(home, ".config", "sessreap"), { recursive: true });
const fields = {
  sessionId: "session",
  host: "machine",
  pid: "pid",
  registeredAt: "at",
  lastHeartbeatAt: "beat",
  releasedAt: "released_at",
  releaseReason: "release_reason",
};
const declared = {
  format: "postgres-table",
  url: postgres.url,
  table: "regs",
  machine: "venus",
  about: "process",
  fields,
  onGhost: "release",
};
writeFileSync(join(home, ".config", "sessreap", "config.json"), JSON.stringify({ wellKnown: false, registries: [declared] }));
const owner = await postgres.connect();
await owner.query(schema);
execFileSync(process.execPath, [given.tool, "fleet", "init"], { env: { PATH: process.env.PATH, HOME: home, LC_ALL: "C" } });
// This machine has long swept alone under its name: what it takes for its own is its own.
await owner.query("INSERT INTO sessreap_hosts VALUES ('venus', $1, now(), now(), interval '5 minutes', NULL, interval '1 day')", [
  readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
]);
const state = { isOver: false, writes: 0, last: 0 };
const clients = await Promise.all(Array.from({ length: writers }, () => postgres.connect()));
const writing = clients.map((client) => write(client, state));
const counts = { sweeps: 0, released: 0, skipped: 0, busy: 0, failed: 0 };
const stateDirs = [];
await Promise.all(
  Array.from({ length: sweepers }, async () => {
    let env;
    let kept = perDirectory;
    while (counts.released < goal) {
      if (kept >= perDirectory) {
        const stateDir = join(dir, `state${stateDirs.length}`);
        stateDirs.push(stateDir);
        env = { PATH: process.env.PATH, HOME: home, SESSREAP_STATE_DIR: stateDir, LC_ALL: "C" };
        kept = 0;
      }
      const { summary } = await sweep(env);
      counts.sweeps += 1;
      kept += summary.released + summary.skipped;
      for (const name of ["released", "skipped", "busy", "failed"]) counts[name] += summary[name];
    }
  }),
);
state.isOver = true;
await Promise.all(writing);
const { rows } = await owner.query("SELECT id, machine, version, release_reason FROM regs WHERE released_at IS NOT NULL");
const kept = new Map();
for (const [key, version] of stateDirs.flatMap(tombstoned)) kept.set(key, [...(kept.get(key) ?? []), version]);
const wrong = rows.filter(({ id, version, release_reason: reason }) => {
  const own = kept.get(id) ?? [];
  return own.length !== 1 || own[0] !== `'${version}'` || reason !== "pid_gone";
});
const released = new Set(rows.map(({ id }) => id));
const unreleased = [...kept.keys()].filter((key) => !released.has(key)).length;
const foreign = rows.filter(({ machine }) => machine !== "venus").length;
for (const client of [owner, ...clients]) await client.end();
await postgres.end();
rmSync(dir, { recursive: true, force: true });
const found = { writes: state.writes, ...counts, rows: rows.length, wrong: wrong.length + unreleased, foreign };
console.log(JSON.stringify(found));
if (found.wrong > 0 || foreign > 0 || rows.length !== counts.released) process.exitCode = 1;
