import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { idle } from "../../processes.ts";
import { by, configure, newScratch, parseOnly, sessreap, sweepReport, type Scratch } from "../harness.ts";
import { declareServer, fields, hasPostgres, insert, ownServer, programAt, schema, type Database } from "./server.ts";

const isTried = hasPostgres("machines that have fallen silent");
const server = ownServer();

const old = { last_heartbeat: "now() - interval '3 hours'" };
const open = "SELECT session_id FROM controller_registrations WHERE released_at IS NULL ORDER BY id";
const openIn = async ({ run }: Pick<Database, "run">): Promise<readonly unknown[]> => (await run(open)).map((row) => row["session_id"]);

/** Until the server was up for three of a period of one second. */
const upForLong = "SELECT pg_sleep(greatest(0, extract(epoch FROM pg_postmaster_start_time() + interval '3.1 seconds' - now())))";

const silentMars = `INSERT INTO sessreap_hosts (machine, boot_id, seen_at, since, period)
  VALUES ('mars', 'm', now() - interval '5 hours', now() - interval '9 days', interval '1 second')`;

/** As if passes had found it silent for two hours, and this machine had swept all the time. */
const forHours = `UPDATE sessreap_hosts SET silent_since = now() - interval '2 hours', silent_seen_at = now() + interval '1 hour' WHERE machine = 'mars';
  UPDATE sessreap_hosts SET since = now() - interval '1 day' WHERE machine = 'venus'`;

type Fleet = { readonly scratch: Scratch; readonly database: Database };

/** Mars has fallen silent: the next sweep of venus is the one that releases what did not beat there. */
async function silentFleet(more: Readonly<Record<string, unknown>> = { heartbeatTtl: "1h" }): Promise<Fleet> {
  const scratch = newScratch();
  const here = await idle();
  const database = await server.database(
    schema,
    insert("stale", "mars", here.pid, old),
    insert("fresh", "mars", here.pid, { last_heartbeat: "now()" }),
    insert("beatless", "mars", here.pid),
    insert("ours", "venus", here.pid, old),
  );
  declareServer(scratch, database.url, more);
  await sessreap(scratch, ["fleet", "init"]);
  await sweepReport(scratch, ["sweep"]);
  await database.run(upForLong);
  await database.run(
    `${silentMars}; UPDATE sessreap_hosts SET since = now() - interval '1 day', alone = interval '1 day' WHERE machine = 'venus'`,
  );
  // The first pass marks it, and nothing goes.
  expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 0, released: 0 });
  expect(await database.run("SELECT silent_since = silent_seen_at AS first FROM sessreap_hosts WHERE machine = 'mars'")).toEqual([
    { first: true },
  ]);
  await database.run(forHours);
  return { scratch, database };
}

describe.skipIf(!isTried)("a machine that has fallen silent", () => {
  test("loses the rows that do not beat, which are said, kept in tombstones and put back like all others", async () => {
    const { scratch, database } = await silentFleet();
    const planned = await sweepReport(scratch, ["sweep", "-n"]);
    expect(by(planned, "verdict", "action")).toEqual({ 1: "ghost would-release", 4: "live kept" });
    expect(planned.registries[0]?.fleet).toEqual({ machine: "venus", machines: 2, silent: 1, foreign: 3 });
    expect(await openIn(database)).toHaveLength(4);
    const { entries } = parseOnly((await sessreap(scratch, ["explain", "stale", "--json"])).stdout) as { entries: readonly unknown[] };
    expect(entries).toMatchObject([{ key: "1", reason: "stale-heartbeat", rung: "attached-process", action: "would-release" }]);
    const metrics = join(scratch.dir, "sessreap.prom");
    const report = await sweepReport(scratch, ["sweep", "--metrics-file", metrics]);
    // Rows of other machines are counted by who only looks.
    expect(report.registries[0]?.fleet).toEqual({ machine: "venus", machines: 2, silent: 1 });
    const text = readFileSync(metrics, "utf8");
    for (const state of ["sweeping", "silent"])
      expect(text).toContain(`\nsessreap_machines{registry="${database.url}",state="${state}"} 1\n`);
    const stale = report.entries.find(({ key }) => key === "1");
    expect(stale).toMatchObject({ pid: null, reason: "stale-heartbeat", action: "released" });
    expect(stale?.detail).toMatch(/^mars has not swept for 5h, and its heart has not beaten for 3h, by the server's clock/);
    const released =
      "SELECT release_reason, now() - released_at < interval '1 minute' AS now, released_at = $1 AS here FROM controller_registrations WHERE id = 1";
    // It says when by the server's clock, and not by this machine's.
    expect(await database.run(released, [report.startedAt])).toEqual([{ release_reason: "stale_heartbeat", now: true, here: false }]);
    expect(await openIn(database)).toEqual(["fresh", "beatless", "ours"]);
    expect((await sessreap(scratch, ["history"])).stdout).toContain("1");
    expect((await sessreap(scratch, ["restore", "stale"])).code).toBe(0);
    expect(await openIn(database)).toHaveLength(4);
    // The machine itself comes back, and hears what has become of its rows: once.
    const back = newScratch();
    declareServer(back, database.url, { machine: "mars", heartbeatTtl: "1h" });
    await database.run("UPDATE controller_registrations SET released_at = now(), release_reason = 'stale_heartbeat' WHERE id = 1");
    await database.run(
      "UPDATE sessreap_hosts SET boot_id = (SELECT boot_id FROM sessreap_hosts WHERE machine = 'venus') WHERE machine = 'mars'",
    );
    const heard = async (): Promise<string> => JSON.stringify((await sweepReport(back, ["sweep"])).warnings);
    expect(await heard()).toContain('1 row of \\"mars\\"');
    expect(await heard()).toBe("[]");
    await database.run("UPDATE controller_registrations SET released_at = NULL, release_reason = NULL WHERE id = 1");
    // What was put back was written then, so the passes begin anew for it.
    expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 0 });
  });

  test("loses nothing where ghosts are only said, or where no time is said for hearts, so they have the usual seven days", async () => {
    const { scratch, database } = await silentFleet({ heartbeatTtl: "1h", onGhost: "report" });
    expect(by(await sweepReport(scratch, ["sweep"]), "verdict", "action")).toMatchObject({ 1: "ghost withheld" });
    declareServer(scratch, database.url);
    expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 0 });
    expect(await openIn(database)).toHaveLength(4);
  });

  test("keeps its rows for as long as it has said of itself, where that is longer than the others wait", async () => {
    const { scratch, database } = await silentFleet();
    const mars = newScratch();
    declareServer(mars, database.url, { machine: "mars", heartbeatTtl: "4h" });
    const said = "SELECT heartbeat_ttl::text AS ttl FROM sessreap_hosts WHERE machine = 'mars'";
    await database.run("UPDATE sessreap_hosts SET boot_id = h.boot_id FROM sessreap_hosts AS h WHERE h.machine = 'venus'");
    await sweepReport(mars, ["sweep"]);
    expect(await database.run(said)).toEqual([{ ttl: "04:00:00" }]);
    await database.run(
      `UPDATE sessreap_hosts SET seen_at = now() - interval '5 hours', period = interval '1 second' WHERE machine = 'mars'; ${forHours}`,
    );
    expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 0, released: 0 });
    // Of several tables the longest counts, and without a word the usual seven days.
    const table = {
      format: "postgres-table",
      url: database.url,
      table: "controller_registrations",
      machine: "mars",
      fields,
      about: "process",
    };
    await database.run("CREATE TABLE others (LIKE controller_registrations INCLUDING ALL)");
    configure(mars, {
      registries: [
        { ...table, heartbeatTtl: "3h" },
        { ...table, table: "others", heartbeatTtl: "2h" },
      ],
    });
    await sweepReport(mars, ["sweep"]);
    expect(await database.run(said)).toEqual([{ ttl: "03:00:00" }]);
    configure(mars, { registries: [table] });
    await sweepReport(mars, ["sweep"]);
    expect(await database.run(said)).toEqual([{ ttl: "168:00:00" }]);
  });

  test("loses nothing while more than half of the machines are silent, which is said", async () => {
    const { scratch, database } = await silentFleet();
    await database.run(
      `INSERT INTO sessreap_hosts SELECT 'm' || n, 'm', now() - interval '1 hour', now(), interval '1 second' FROM generate_series(1, 1) AS n`,
    );
    const report = await sweepReport(scratch, ["sweep"]);
    expect(report).toMatchObject({ exitCode: 3, summary: { released: 0, ghost: 0 } });
    expect(report.registries[0]?.problem).toContain(
      "2 of 3 machines are silent, more than half, so none of their 1 stale rows is released",
    );
    expect((await sessreap(scratch, ["sweep"])).stderr).toContain("2 of 3 machines are silent");
    expect(await openIn(database)).toHaveLength(4);
    // One that left long ago, and left nothing, does not count for ever.
    await database.run("UPDATE sessreap_hosts SET seen_at = now() - interval '8 days' WHERE machine = 'm1'");
    expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ released: 1 });
  });

  test("is passed over by one session at a time", async () => {
    const { scratch, database } = await silentFleet();
    const other = await database.connect();
    await other.query("BEGIN");
    await other.query("SELECT pg_try_advisory_xact_lock(1936946035, hashtext('\"public\".sessreap_hosts'))");
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toMatchObject({ 1: "busy" });
    // Nor does it mark any.
    await other.query("ROLLBACK");
    await database.run("UPDATE sessreap_hosts SET silent_since = NULL, silent_seen_at = NULL WHERE machine = 'mars'");
    await other.query("BEGIN");
    await other.query("SELECT pg_try_advisory_xact_lock(1936946035, hashtext('\"public\".sessreap_hosts'))");
    await sweepReport(scratch, ["sweep"]);
    expect(await database.run("SELECT silent_since FROM sessreap_hosts WHERE machine = 'mars'")).toEqual([{ silent_since: null }]);
    await other.query("ROLLBACK");
    await sweepReport(scratch, ["sweep"]);
    expect(await database.run("SELECT silent_since IS NULL AS unmarked FROM sessreap_hosts WHERE machine = 'mars'")).toEqual([
      { unmarked: false },
    ]);
  });

  test("loses each row to one of several machines that sweep at once", async () => {
    const { scratch, database } = await silentFleet();
    await database.run("UPDATE sessreap_hosts SET since = now() - interval '1 day'");
    await database.run("INSERT INTO sessreap_hosts SELECT 'pluto', '', now(), now() - interval '1 day', interval '5 minutes'");
    const pluto = newScratch();
    declareServer(pluto, database.url, { machine: "pluto", heartbeatTtl: "1h" });
    await database.run(
      "UPDATE sessreap_hosts SET alone = interval '1 day', boot_id = (SELECT boot_id FROM sessreap_hosts WHERE machine = 'venus') WHERE machine = 'pluto'",
    );
    const reports = await Promise.all([scratch, pluto].map((one) => sweepReport(one, ["sweep"])));
    expect(reports.map(({ summary }) => summary.released).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect(await openIn(database)).toEqual(["fresh", "beatless", "ours"]);
  });

  test("loses nothing by an outage of its server, however long that was", async () => {
    const { scratch, database } = await silentFleet();
    // What this machine says counts as once a second, too, and all were heard before the server went.
    await database.run(
      "UPDATE sessreap_hosts SET seen_at = now(), silent_since = NULL, silent_seen_at = NULL, period = interval '1 second'",
    );
    await server.kill();
    await server.start();
    await database.run(upForLong);
    await database.run("UPDATE controller_registrations SET last_heartbeat = now() - interval '1 day' WHERE released_at IS NULL");
    expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 0, released: 0 });
    expect(
      await database.run("SELECT silent_since, now() - since < interval '1 minute' AS anew FROM sessreap_hosts ORDER BY machine"),
    ).toEqual([
      { silent_since: null, anew: false },
      { silent_since: null, anew: true },
    ]);
  });

  test("loses nothing by a restore of the database, whatever was about to be released when it was dumped", async () => {
    const { scratch, database } = await silentFleet();
    const dump = execFileSync(programAt("pg_dump"), ["--inserts", "-h", server.directory, "-U", "owner", database.name], {
      encoding: "utf8",
    });
    const restored = await server.database();
    const client = await restored.connect();
    // Lines with a backslash are for its own program.
    await client.query(dump.replaceAll(/^\\.*$/gm, ""));
    const aged = ["seen_at", "since", "silent_since", "silent_seen_at"].map((name) => `${name} = ${name} - interval '1 day'`);
    await restored.run(`UPDATE sessreap_hosts SET ${aged.join(", ")}`);
    declareServer(scratch, restored.url, { heartbeatTtl: "1h" });
    for (let nth = 0; nth < 3; nth += 1) expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 0, released: 0 });
    expect(await openIn(restored)).toHaveLength(4);
    // A machine that is silent there still is so marked anew, when another one has swept for long enough.
    await restored.run("UPDATE sessreap_hosts SET since = now() - interval '1 day' WHERE machine = 'venus'");
    await sweepReport(scratch, ["sweep"]);
    expect(await restored.run("SELECT silent_since = silent_seen_at AS first FROM sessreap_hosts WHERE machine = 'mars'")).toEqual([
      { first: true },
    ]);
  });
});
