import { describe, expect, test } from "vitest";
import { changeServerRows } from "../../../src/host/databases/change-server.ts";
import { recordHost } from "../../../src/host/databases/fleet.ts";
import { readServerTable } from "../../../src/host/databases/read-server.ts";
import type { DatabaseQuestion, ServerTable } from "../../../src/host/databases/server-read.ts";
import { createHosts } from "../../../src/registries/rows/fleet-statements.ts";
import { parseServerAddress, type ServerAddress } from "../../../src/registries/rows/server-address.ts";
import type { ServerTableShape } from "../../../src/registries/rows/server-statements.ts";
import { columnsOf } from "../../../src/registries/rows/statements.ts";
import type { Row } from "../../../src/registries/rows/table.ts";
import { fields, hasPostgres, insert, ownServer, schema, type Database } from "./server.ts";

const isTried = hasPostgres("stale rows of silent machines");
const server = ownServer();

type Loaded = { readonly file: ServerTable; readonly table: ServerTableShape; readonly rows: readonly Row[] };

/** What venus reads; a row that has not beaten for an hour counts as stale once its machine is silent. */
async function load({ url }: Pick<Database, "url">, more: Partial<DatabaseQuestion> = {}): Promise<Loaded> {
  const address = parseServerAddress(url) as ServerAddress;
  const columns = Object.values(fields);
  const question = { table: "controller_registrations", where: {}, columns, url, address, machine: "venus", machineColumn: "machine" };
  const released = { at: "released_at", reason: "release_reason" };
  const wanted = { released, identityColumn: undefined, onGhost: "release", named: undefined } as const;
  const read = await readServerTable({
    ...question,
    ...wanted,
    heartbeatTtlMs: undefined,
    silence: { heartbeat: "last_heartbeat", ttlMs: 3_600_000, registered: "registered_at" },
    ...more,
  });
  if (read.kind !== "read") throw new Error(JSON.stringify(read));
  return read as unknown as Loaded;
}

const stale = ({ rows, table }: Loaded): readonly unknown[] =>
  rows.filter(({ silence }) => silence !== undefined).map((row) => columnsOf(table, row)["session_id"]);

/** Releases what was loaded of other machines, as a sweep does. */
function release({ file, table, rows }: Loaded): Promise<readonly unknown[]> {
  const written = { released_at: "'2026-11-27 06:00:00+00'", release_reason: "'stale_heartbeat'" };
  const changes = rows
    .filter(({ silence }) => silence !== undefined)
    .map((row) => ({ key: [columnsOf(table, row)["id"] ?? "NULL"], version: row.version ?? "", written, isStale: true as const }));
  return changeServerRows(file, table, changes).then((answers) => answers.map(({ kind }) => kind));
}

const old = { last_heartbeat: "now() - interval '3 hours'" };

/** Until the server was up for three of a period of one second. */
const upForLong = "SELECT pg_sleep(greatest(0, extract(epoch FROM pg_postmaster_start_time() + interval '3.1 seconds' - now())))";

const swept = (
  machine: string,
  ago: string,
  period: string,
): string => `INSERT INTO sessreap_hosts (machine, boot_id, seen_at, since, period)
  VALUES ('${machine}', 'b', now() - interval '${ago}', now() - interval '9 days', interval '${period}')`;

/** What the first sweep of venus says of itself. */
const venus = { bootId: "b", machineId: undefined, pidNamespace: undefined, heartbeatTtlMs: undefined };

const forHours = "silent_since = now() - interval '2 hours', silent_seen_at = now() + interval '1 hour'";

/** Mars has been found silent for two hours, and one of its rows has not beaten for three. */
async function silentMars(): Promise<Database> {
  const rows = [
    insert("stale", "mars", 1, old),
    insert("fresh", "mars", 1, { last_heartbeat: "now()" }),
    insert("ours", "venus", 1, old),
    insert("never-beat", "mars", 1, { last_heartbeat: "now() - interval '1 day'" }),
  ];
  const database = await server.database(schema, ...rows, insert("over", "mars", 1, { ...old, released_at: "now()" }), upForLong);
  for (const sql of [...createHosts("public"), swept("venus", "1 minute", "5 minutes"), swept("mars", "5 hours", "1 second")])
    await database.run(sql);
  const first = await load(database);
  expect(first.file.isPassDue).toBe(true);
  await recordHost(first.file, venus, 300_000, false);
  expect(stale(await load(database))).toEqual([]);
  await database.run(`UPDATE sessreap_hosts SET ${forHours} WHERE machine = 'mars'`);
  expect(stale(await load(database))).toEqual(["'stale'"]);
  return database;
}

const host = (set: string, machine = "mars"): string => `UPDATE sessreap_hosts SET ${set} WHERE machine = '${machine}'`;
const row = (set: string): string => `UPDATE controller_registrations SET ${set} WHERE id = 1`;

/** What keeps a row that would be released: at the look, and when it comes between the look and the release. */
const keeps = [
  { what: "its machine has swept since", sql: host("seen_at = now()") },
  { what: "its machine was refused for its name since", sql: host("contested_at = now()") },
  { what: "its machine has swept after the first pass", sql: host("seen_at = now() - interval '90 minutes'") },
  { what: "its machine has no row of its own", sql: "DELETE FROM sessreap_hosts WHERE machine = 'mars'" },
  { what: "its machine sweeps once in two hours", sql: host("period = interval '2 hours'") },
  { what: "the server is younger than the silence has to be", sql: host("period = interval '1 hour'") },
  { what: "the first pass was a short while ago", sql: host("silent_since = now() - interval '59 minutes'") },
  { what: "nobody passed for a while", sql: host("silent_seen_at = now() - interval '4 seconds'") },
  { what: "no pass was made", sql: host("silent_since = NULL, silent_seen_at = NULL, silent_in = NULL") },
  {
    what: "its own machine waits for longer than its heart was still",
    sql: host("heartbeat_ttl = interval '4 hours', silent_since = now() - interval '270 minutes'"),
  },
  { what: "its own machine waits for longer than it was silent", sql: host("heartbeat_ttl = interval '150 minutes'") },
  { what: "it has beaten, by a clock that is two hours late", sql: row("last_heartbeat = now() - interval '2 hours'") },
  { what: "it was written, and said the same", sql: row("pid = pid") },
  { what: "it beats", sql: row("last_heartbeat = now()") },
  { what: "it has no heart", sql: row("last_heartbeat = NULL") },
  { what: "it is another machine's by now", sql: row("machine = 'pluto'") },
  { what: "this machine has swept for too short a time", sql: host("since = now()", "venus") },
  { what: "this machine has not swept for long", sql: host("seen_at = now() - interval '11 minutes'", "venus") },
  { what: "this machine has never swept", sql: "DELETE FROM sessreap_hosts WHERE machine = 'venus'" },
  { what: "two machines of three are silent", sql: swept("pluto", "1 hour", "1 second") },
];

describe.skipIf(!isTried)("a row of a silent machine", () => {
  test.each(keeps)("stays where $what", async ({ sql }) => {
    const database = await silentMars();
    const loaded = await load(database);
    await database.run(sql);
    expect(stale(await load(database))).toEqual([]);
    expect(await release(loaded)).toEqual(["changed"]);
    expect(await database.run("SELECT count(*)::int AS n FROM controller_registrations WHERE released_at IS NULL")).toEqual([{ n: 4 }]);
  });

  test("goes where none of that is so, once", async () => {
    const database = await silentMars();
    const [one, two] = [await load(database), await load(database)];
    expect(await release(one)).toEqual(["done"]);
    expect(await release(two)).toEqual(["changed"]);
    expect(await database.run("SELECT session_id FROM controller_registrations WHERE release_reason = 'stale_heartbeat'")).toEqual([
      { session_id: "stale" },
    ]);
  });

  test("stays where its machine comes back in the very moment", async () => {
    const database = await silentMars();
    const loaded = await load(database);
    const mars = await database.connect();
    await mars.query("BEGIN");
    await mars.query(host("seen_at = now()"));
    expect(await release(loaded)).toEqual(["busy"]);
    await mars.query("COMMIT");
    expect(await release(loaded)).toEqual(["changed"]);
  });

  test("stays where a transaction that was open at the first pass writes it later", async () => {
    const database = await silentMars();
    const writer = await database.connect();
    await writer.query("BEGIN");
    await writer.query("SELECT pg_current_xact_id()");
    // The first pass of a new row of them, while that transaction is open.
    await database.run(host("silent_since = NULL, silent_seen_at = NULL"));
    await recordHost((await load(database)).file, venus, 300_000, false);
    await writer.query(row("last_verb_at = last_verb_at"));
    await writer.query("COMMIT");
    await database.run(host(forHours));
    expect(stale(await load(database))).toEqual([]);
  });

  test("stays where it was written between two passes, however many find its machine silent then", async () => {
    const database = await silentMars();
    await database.run(row("pid = pid"));
    for (let nth = 0; nth < 2; nth += 1) {
      await database.run(host("silent_seen_at = now() - interval '2 seconds'"));
      await recordHost((await load(database)).file, venus, 300_000, false);
      expect(stale(await load(database))).toEqual([]);
    }
  });

  test("is looked at anew after two weeks, and goes though it was written in the first of them", async () => {
    const database = await silentMars();
    await database.run(`${row("pid = pid")}; ${host("seen_at = now() - interval '16 days', silent_since = now() - interval '15 days'")}`);
    const marked = "SELECT silent_since = silent_seen_at AS first FROM sessreap_hosts WHERE machine = 'mars'";
    for (const first of [true, false]) {
      await database.run(host("silent_seen_at = now() - interval '2 seconds'"));
      await recordHost((await load(database)).file, venus, 300_000, false);
      expect(await database.run(marked)).toEqual([{ first }]);
    }
    await database.run(host(forHours));
    expect(stale(await load(database))).toEqual(["'stale'"]);
  });

  test("is found under any name of its table, and none is where names of machines or hearts are of a kind that cannot be compared", async () => {
    const database = await silentMars();
    const alsoNamed = await load(database, { named: { text: "stale", columns: ["session_id"], byKey: true, alsoReleased: true } });
    expect(alsoNamed.rows.map((one) => columnsOf(alsoNamed.table, one)["session_id"])).toEqual(["'ours'", "'stale'"]);
    await database.run("ALTER TABLE controller_registrations ALTER machine TYPE varchar(20)");
    await database.run(`${row("pid = pid")}; ${host("silent_seen_at = NULL")}`);
    await recordHost((await load(database)).file, venus, 300_000, false);
    await database.run(host(forHours));
    expect(stale(await load(database))).toEqual(["'stale'"]);
    await database.run("ALTER TABLE controller_registrations ALTER last_heartbeat TYPE timestamp");
    expect((await load(database)).file.silence).toBeUndefined();
    await database.run("ALTER TABLE controller_registrations ALTER last_heartbeat TYPE timestamptz, ALTER machine TYPE char(9)");
    expect((await load(database)).file.silence).toBeUndefined();
  });

  test("is nobody's to see where row-level security keeps machines apart", async () => {
    const database = await silentMars();
    await database.run(
      `CREATE ROLE host_venus LOGIN; GRANT SELECT, UPDATE (released_at, release_reason) ON controller_registrations TO host_venus;
       GRANT SELECT, INSERT, UPDATE ON sessreap_hosts TO host_venus; ALTER TABLE controller_registrations ENABLE ROW LEVEL SECURITY;
       CREATE POLICY own ON controller_registrations USING (machine = substring(current_user from 6))`,
    );
    const loaded = await load({ url: server.url(database.name, "host_venus") });
    expect(loaded.rows).toHaveLength(1);
    expect(stale(loaded)).toEqual([]);
  });
});
