// Lets many machines share one table of a PostgreSQL server, and measures it: what a sweep of each asks of the server and
// changes there (the tool's own statements, one machine after another in one process, so many at once), and what it costs when
// some of the machines have fallen silent. It fails where a row of a machine that sweeps is released by another one.
//
//     node tools/fleet.mjs --machines 1000 --sessions 200 --history 800000 --at-once 20
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { startPostgres } from "./race/postgres.mjs";

const { values: given } = parseArgs({
  options: {
    machines: { type: "string", default: "1000" },
    sessions: { type: "string", default: "200" },
    history: { type: "string", default: "800000" },
    "at-once": { type: "string", default: "20" },
    silent: { type: "string", default: "100" },
  },
});
const [machines, sessions, history, atOnce, silent] = ["machines", "sessions", "history", "at-once", "silent"].map((name) =>
  Number(given[name]),
);

/** So many sessions of a machine have ended since its last sweep. */
const ended = 4;

async function load(scratch) {
  const outfile = join(scratch, "databases.mjs");
  const names = [
    ["changeServerRows", "databases/change-server.ts"],
    ["recordHost", "databases/fleet.ts"],
    ["readServerTable", "databases/read-server.ts"],
  ];
  const contents = [
    ...names.map(([name, path]) => `export { ${name} } from "./src/host/${path}";`),
    'export { createHosts } from "./src/registries/rows/fleet-statements.ts";',
    'export { parseServerAddress } from "./src/registries/rows/server-address.ts";',
  ].join("\n");
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    banner,
    external: ["pg-native"],
  });
  return import(outfile);
}

const schema = `CREATE TABLE regs (id bigserial PRIMARY KEY, session text NOT NULL, agent text NOT NULL, machine text NOT NULL, pid integer,
  registered timestamptz NOT NULL, beat timestamptz, released_at timestamptz, release_reason text);
  INSERT INTO regs (session, agent, machine, pid, registered, beat)
    SELECT gen_random_uuid(), 'agent' || s, 'm' || m, s, now() - interval '2 days', now() - interval '1 minute'
    FROM generate_series(1, ${machines}) AS m, generate_series(1, ${sessions}) AS s;
  INSERT INTO regs (session, agent, machine, pid, registered, beat, released_at, release_reason)
    SELECT gen_random_uuid(), 'agent' || n % 200, 'm' || 1 + n % ${machines}, 1, now() - interval '9 days', now() - interval '8 days', now() - interval '8 days', 'pid_gone'
    FROM generate_series(1, ${history}) AS n;
  CREATE INDEX ON regs (machine) WHERE released_at IS NULL;
  CREATE INDEX ON regs (agent) WHERE released_at IS NULL;
  CREATE INDEX ON regs (machine, released_at)`;

const quantile = (all, share) => Math.round(all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * share))]);

const scratch = mkdtempSync(join(tmpdir(), "sessreap-fleet-"));
const postgres = await startPostgres("shared_buffers=256MB");
try {
  const { changeServerRows, recordHost, readServerTable, createHosts, parseServerAddress } = await load(scratch);
  const owner = await postgres.connect();
  for (const sql of [...schema.split(";\n"), ...createHosts("public"), "VACUUM ANALYZE regs"]) await owner.query(sql);
  const columns = ["session", "agent", "machine", "pid", "registered", "beat", "released_at", "release_reason"];
  const question = {
    table: "regs",
    where: {},
    columns,
    url: postgres.url,
    address: parseServerAddress(postgres.url),
    machineColumn: "machine",
    released: { at: "released_at", reason: "release_reason" },
    identityColumn: "agent",
    onGhost: "release",
    named: undefined,
    silence: { heartbeat: "beat", ttlMs: 3_600_000, registered: "registered" },
  };
  const counters = async () => {
    await owner.query("SELECT pg_stat_force_next_flush()").catch(() => undefined);
    await owner.query("SELECT pg_sleep(1.1)");
    const { rows } = await owner.query(
      "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint AS read, sum(n_tup_ins + n_tup_upd)::bigint AS written FROM pg_stat_user_tables",
    );
    return { read: Number(rows[0].read), written: Number(rows[0].written) };
  };

  /** What a sweep of one machine does on the server. Returns how many rows it saw and released, and of silent machines. */
  async function sweep(machine) {
    const from = performance.now();
    const { kind, file, table, rows } = await readServerTable({ ...question, machine });
    if (kind !== "read") throw new Error(`${machine}: ${kind}`);
    const id = table.columns.indexOf("id");
    const own = rows.filter((row) => row.silence === undefined).slice(0, ended);
    const stale = rows.filter((row) => row.silence !== undefined);
    const changes = [...own, ...stale].map((row) => ({
      key: [row.literals[id]],
      version: row.version,
      written: { released_at: "'2026-11-27 06:00:00+00'", release_reason: row.silence === undefined ? "'pid_gone'" : "'stale_heartbeat'" },
      ...(row.silence !== undefined && { isStale: true }),
    }));
    const changed = await changeServerRows(file, table, changes);
    await recordHost(file, { bootId: machine, machineId: undefined, pidNamespace: undefined, heartbeatTtlMs: undefined }, 300_000, false);
    return {
      ms: performance.now() - from,
      seen: rows.length,
      stale: stale.length,
      done: changed.filter((one) => one.kind === "done").length,
    };
  }

  async function sweepAll(names) {
    const [waiting, done] = [[...names], []];
    const work = async () => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) done.push(await sweep(name));
    };
    const [before, from] = [await counters(), performance.now()];
    await Promise.all(Array.from({ length: atOnce }, work));
    const seconds = (performance.now() - from) / 1000;
    const after = await counters();
    const times = done.map(({ ms }) => ms);
    const sum = (name) => done.reduce((all, one) => all + one[name], 0);
    return {
      sweeps: done.length,
      perSecond: Math.round(done.length / seconds),
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      rowsGiven: sum("seen"),
      released: sum("done"),
      rowsReadPerSweep: Math.round((after.read - before.read) / done.length),
      rowsWrittenPerSweep: Math.round(((after.written - before.written) / done.length) * 10) / 10,
    };
  }

  const all = Array.from({ length: machines }, (_, nth) => `m${nth + 1}`);
  const print = (what, found) => console.log(JSON.stringify({ what, machines, sessions, atOnce, ...found }));
  print("first sweep of all", await sweepAll(all));
  print("second sweep of all", await sweepAll(all));

  // The first of them fall silent, and passes have found that for two hours.
  await owner.query(`UPDATE sessreap_hosts SET since = now() - interval '1 day'`);
  const gone = all.slice(0, silent);
  await owner.query("UPDATE sessreap_hosts SET seen_at = now() - interval '5 hours', period = '1 second' WHERE machine = ANY ($1)", [gone]);
  await owner.query("UPDATE regs SET beat = now() - interval '3 hours' WHERE machine = ANY ($1)", [gone]);
  const left = all.slice(silent);
  const first = await sweep(left[0]);
  print("pass that marks the silent", { silent, ms: Math.round(first.ms), released: first.done });
  await owner.query(
    "UPDATE sessreap_hosts SET silent_since = now() - interval '2 hours', silent_seen_at = now() + interval '1 hour' WHERE machine = ANY ($1)",
    [gone],
  );
  const open = "SELECT count(*)::int AS n FROM regs WHERE machine = ANY ($1) AND released_at IS NULL";
  const passes = [];
  for (let nth = 0; nth < left.length && (await owner.query(open, [gone])).rows[0].n > 0; nth += 1) passes.push(await sweep(left[nth]));
  const stale = passes.reduce((sum, one) => sum + one.stale, 0);
  print("sweeps that release their rows", {
    silent,
    sweeps: passes.length,
    rows: stale,
    p50Ms: quantile(
      passes.map(({ ms }) => ms),
      0.5,
    ),
  });
  print("sweep of all that are left", await sweepAll(left));
  const wrong = await owner.query("SELECT count(*)::int AS n FROM regs WHERE release_reason = 'stale_heartbeat' AND machine <> ALL ($1)", [
    gone,
  ]);
  const { rows: size } = await owner.query(
    "SELECT pg_size_pretty(pg_total_relation_size('regs')) AS regs, (SELECT count(*)::int FROM regs) AS rows",
  );
  print("in the end", { wrong: wrong.rows[0].n, ...size[0] });
  if (wrong.rows[0].n > 0 || stale === 0) process.exitCode = 1;
  await owner.end();
} finally {
  await postgres.end();
  rmSync(scratch, { recursive: true, force: true });
}
