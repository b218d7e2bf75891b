import { describe, expect, test } from "vitest";
import type { SweepDocument } from "../../../src/report/model/sweep.ts";
import { gonePid, idle } from "../../processes.ts";
import { by, newScratch, parseOnly, sessreap, sweepReport } from "../harness.ts";
import { declareServer, fields, hasPostgres, insert, ownServer, provenAs, provenSchema as schema, type Database } from "./server.ts";

const isTried = hasPostgres("tables of a PostgreSQL server");
const server = ownServer();

const all = "SELECT id, session_id, released_at, release_reason, last_heartbeat, xmin::text FROM controller_registrations ORDER BY id";
const open = "SELECT session_id FROM controller_registrations WHERE released_at IS NULL ORDER BY id";

async function openIn({ run }: Pick<Database, "run">): Promise<readonly unknown[]> {
  return (await run(open)).map((row) => row["session_id"]);
}

describe.skipIf(!isTried)("a sweep of a table on a server", () => {
  test("releases the row of a process that is gone, says why, and leaves every other row, whosever it is", async () => {
    const scratch = newScratch();
    const [gone, here] = [await gonePid(), await idle()];
    const database = await server.database(
      schema,
      insert("gone", "venus", gone.pid, { last_heartbeat: "now() - interval '20 hours'" }),
      insert("here", "venus", here.pid),
      insert("theirs", "mars", gone.pid),
      insert("over", "venus", gone.pid, { agent_identity: "'pluto'", released_at: "now()", release_reason: "'done'" }),
    );
    declareServer(scratch, database.url);
    const before = await database.run(all);
    expect(by(await sweepReport(scratch, ["sweep", "--dry-run"]), "verdict", "action")).toEqual({
      1: "ghost would-release",
      2: "live kept",
    });
    expect(by(await sweepReport(scratch, ["list"]), "verdict")).toEqual({ 1: "ghost", 2: "live" });
    expect(await database.run(all)).toEqual(before);
    const report = await sweepReport(scratch, ["sweep"]);
    expect(report.entries.filter(({ verdict }) => verdict === "ghost")).toMatchObject([
      { key: "1", reason: "pid-gone", action: "released" },
    ]);
    const [first, ...others] = await database.run(all);
    expect(first).toMatchObject({ release_reason: "pid_gone", last_heartbeat: before[0]?.["last_heartbeat"] });
    expect(others).toEqual(before.slice(1));
    // Nothing is left to do, and nothing is written.
    const settled = await database.run(all);
    expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 0, released: 0 });
    expect(await database.run(all)).toEqual(settled);
    expect((await sessreap(scratch, ["restore", "1"])).stdout).toMatch(/restored|put back/);
    expect(await openIn(database)).toEqual(["gone", "here", "theirs"]);
  });

  test("only says ghosts unless it is told to do more", async () => {
    const scratch = newScratch();
    const database = await server.database(schema, insert("gone", "venus", (await gonePid()).pid));
    declareServer(scratch, database.url, { onGhost: undefined });
    const before = await database.run(all);
    expect(by(await sweepReport(scratch, ["sweep"]), "verdict", "action")).toEqual({ 1: "ghost withheld" });
    expect(await database.run(all)).toEqual(before);
  });

  test("takes a row out where it is told to, and puts it back to the letter, of whatever types its values are", async () => {
    const scratch = newScratch();
    const { pid } = await gonePid();
    const database = await server.database(
      `CREATE TYPE mood AS ENUM ('fine', 'it''s "odd"');
       CREATE TABLE "Sessions" (
         "session id" uuid PRIMARY KEY, machine varchar(20), pid bigint, "at" timestamptz, always bigint GENERATED ALWAYS AS IDENTITY,
         made text GENERATED ALWAYS AS (machine || '!') STORED, raw bytea, whole jsonb, kept json, many text[], much numeric, real double precision,
         far timestamptz, here timestamp, span interval, mood mood, flag boolean, padded char(9), nothing text, "od""d" text, address inet, days daterange)`,
      `INSERT INTO "Sessions" ("session id", machine, pid, "at", raw, whole, kept, many, much, real, far, here, span, mood, flag, padded, "od""d", address, days)
       VALUES ('8a1f54f0-53a3-4b43-9d0e-8e1d9d8a9d11', 'venus', ${pid}, '2026-01-02 03:04:05.123456+02', '\\x00ff0a5c', '{"a": [1, "ü\\u0001"]}',
       '{"b":1,  "a":2}', ARRAY['a,b', NULL, '"q"', '', 'NULL'], 'NaN', 0.1::float8 + 0.2::float8, 'infinity', '2026-01-02 03:04:05.000001',
       '1 year -3 days 04:05:06.7', 'it''s "odd"', true, 'ab', E'back\\\\slash ''quote'' \\n — ✓', '10.0.0.1/8', '[2026-01-01,2026-02-01)')`,
      provenAs("venus"),
    );
    const columns = { sessionId: "session id", host: "machine", pid: "pid", registeredAt: "at" };
    declareServer(scratch, database.url, { table: "Sessions", fields: columns, onGhost: "reap" });
    const whole = 'SELECT s::text, s."at", s.real FROM "Sessions" AS s';
    const before = await database.run(whole);
    expect(before).toHaveLength(1);
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ "8a1f54f0-53a3-4b43-9d0e-8e1d9d8a9d11": "reaped" });
    expect(await database.run(whole)).toEqual([]);
    const { code, stdout } = await sessreap(scratch, ["restore", "8a1f54f0"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/restored|put back/) as string });
    expect(await database.run(whole)).toEqual(before);
    await database.run('UPDATE "Sessions" SET nothing = NULL');
    expect(by(await sweepReport(scratch, ["sweep", "--now"]), "action")).toMatchObject({});
  });

  test("never replaces a newcomer under a key, and takes no release back of a row that has changed since", async () => {
    const scratch = newScratch();
    const { pid } = await gonePid();
    const database = await server.database(schema, insert("one", "venus", pid), insert("two", "venus", pid), insert("three", "venus", pid));
    declareServer(scratch, database.url);
    await sessreap(scratch, ["sweep"]);
    await database.run("UPDATE controller_registrations SET last_verb_at = now() WHERE id = 1");
    await database.run("UPDATE controller_registrations SET released_at = NULL, release_reason = NULL WHERE id = 2");
    const after = await database.run(all);
    const { stdout, code } = await sessreap(scratch, ["restore", "1", "2"]);
    expect(stdout.match(/its row was written since it was released/g)).toHaveLength(2);
    expect(code).not.toBe(0);
    expect(await database.run(all)).toEqual(after);
    declareServer(scratch, database.url, { onGhost: "reap" });
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toMatchObject({ 2: "reaped" });
    await database.run(insert("newcomer", "venus", pid, { id: "2" }));
    for (const words of [
      ["restore", "2", "--dry-run"],
      ["restore", "2"],
    ])
      expect((await sessreap(scratch, words)).stdout, words.join(" ")).toContain("an entry of this name is there already");
    expect(await database.run("SELECT session_id FROM controller_registrations WHERE id = 2")).toEqual([{ session_id: "newcomer" }]);
  });

  test.each([
    {
      what: "a foreign key would take other rows along",
      sql: [
        "CREATE TABLE messages (registration bigint REFERENCES controller_registrations ON DELETE CASCADE)",
        "INSERT INTO messages VALUES (1), (1)",
      ],
      said: "would change 3 rows",
    },
    {
      what: "a foreign key forbids it",
      sql: ["CREATE TABLE messages (registration bigint REFERENCES controller_registrations)", "INSERT INTO messages VALUES (1)"],
      said: "its table does not allow it",
    },
    {
      what: "a trigger writes another row",
      sql: [
        "CREATE TABLE log (id bigint)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (old.id); RETURN old; END'",
        "CREATE TRIGGER noted BEFORE DELETE ON controller_registrations FOR EACH ROW EXECUTE FUNCTION note()",
      ],
      said: "would change 2 rows",
    },
    {
      what: "a trigger ignores it",
      sql: [
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER kept BEFORE DELETE ON controller_registrations FOR EACH ROW EXECUTE FUNCTION keep()",
      ],
      said: "its table lets it be, by a trigger or a row-level policy",
    },
    {
      what: "a trigger refuses it",
      sql: [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''append only''; END'",
        "CREATE TRIGGER refused BEFORE DELETE ON controller_registrations FOR EACH ROW EXECUTE FUNCTION refuse()",
      ],
      said: "append only",
    },
  ])("leaves the row where $what", async ({ sql, said }) => {
    const scratch = newScratch();
    const database = await server.database(schema, insert("gone", "venus", (await gonePid()).pid), ...sql);
    declareServer(scratch, database.url, { onGhost: "reap" });
    const before = await database.run(all);
    const report = await sweepReport(scratch, ["sweep"]);
    expect(report.entries[0]?.detail).toContain(said);
    expect(report.entries[0]?.action).not.toBe("reaped");
    expect(await database.run(all)).toEqual(before);
    expect((await sessreap(scratch, ["restore", "1"])).code).not.toBe(0);
  });

  test("is busy while another session has the row locked, and takes it at the next", async () => {
    const scratch = newScratch();
    const database = await server.database(schema, insert("gone", "venus", (await gonePid()).pid));
    declareServer(scratch, database.url);
    const writer = await database.connect();
    await writer.query("BEGIN");
    await writer.query("SELECT * FROM controller_registrations FOR UPDATE");
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ 1: "busy" });
    await writer.query("LOCK TABLE controller_registrations IN ACCESS EXCLUSIVE MODE");
    const blocked = await sweepReport(scratch, ["sweep"]);
    expect(blocked.registries).toMatchObject([{ state: "busy" }]);
    expect(blocked.exitCode).not.toBe(2);
    await writer.query("ROLLBACK");
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ 1: "released" });
  });

  test("keeps no release from being written anew: a loop that registers each released row again is told, and nothing of it released", async () => {
    const scratch = newScratch();
    const holder = await idle();
    const start = { pid: String(holder.pid), start_ticks: `'${holder.startTicks}'` };
    const database = await server.database(schema, "ALTER TABLE controller_registrations ADD start_ticks text");
    declareServer(scratch, database.url, { about: "session", fields: { ...fields, startTicks: "start_ticks" } });
    const register = (nth: number): Promise<unknown> =>
      database.run(insert(`s${nth}`, "venus", holder.pid, { ...start, registered_at: `now() - interval '${600 - nth} seconds'` }));
    await register(0);
    for (let nth = 1; nth <= 8; nth += 1) {
      await register(nth);
      await sessreap(scratch, ["sweep"]);
    }
    const released = await database.run("SELECT count(*)::int AS n FROM controller_registrations WHERE released_at IS NOT NULL");
    const last = await sweepReport(scratch, ["sweep"]);
    expect(JSON.stringify(last)).toContain("flapping");
    // It was stopped long before the last of them.
    expect(Number(released[0]?.["n"])).toBeLessThan(5);
  });
});

describe.skipIf(!isTried)("a command that names a row", () => {
  async function fleet(): Promise<{ readonly scratch: ReturnType<typeof newScratch>; readonly database: Database }> {
    const scratch = newScratch();
    const [gone, here] = [await gonePid(), await idle()];
    const database = await server.database(
      schema,
      insert("gone", "venus", gone.pid),
      insert("here", "venus", here.pid, { last_verb_at: "now() - interval '2 hours'", last_heartbeat: "now()" }),
      // A pid that runs here says nothing of another machine.
      insert("theirs", "mars", here.pid, { last_verb_at: "now() - interval '1 hour'", last_heartbeat: "now() - interval '1 hour'" }),
      insert("dead-theirs", "mars", gone.pid, { agent_identity: "'pluto'" }),
    );
    declareServer(scratch, database.url);
    return { scratch, database };
  }

  test("explains a kept, a foreign and a released row, and takes the release back", async () => {
    const { scratch, database } = await fleet();
    const explained = async (key: string): Promise<unknown> =>
      (parseOnly((await sessreap(scratch, ["explain", key, "--json"])).stdout) as { entries: readonly unknown[] }).entries;
    expect(await explained("gone")).toMatchObject([{ key: "1", verdict: "ghost", reason: "pid-gone", action: "would-release" }]);
    expect(await explained("here")).toMatchObject([{ key: "2", verdict: "live", action: "kept" }]);
    for (const key of ["theirs", "3", "dead-theirs"])
      expect(await explained(key), key).toMatchObject([{ verdict: "undecided", reason: "foreign-host", action: "kept" }]);
    expect((await explained("theirs")) as readonly { claim: object }[]).not.toMatchObject([
      { claim: { pid: expect.anything() as number } },
    ]);
    await sessreap(scratch, ["sweep"]);
    expect(await explained("gone")).toMatchObject([{ key: "1", verdict: "undecided", reason: "no-claim" }]);
    const screen = async (...words: readonly string[]): Promise<string> => (await sessreap(scratch, ["explain", ...words])).stdout;
    expect(await screen("gone")).toMatch(
      /^1 {2}undecided: it was released[^]*, released today \d\d:\d\d \(pid_gone\)\n[^]*next {4}kept until/,
    );
    expect(await screen("here")).toMatch(/^2 {2}live: the process that it records is running\n[^]*next {4}kept while pid \d+ runs\n$/);
    // No operator's word makes it this machine's either.
    for (const words of [["theirs"], ["theirs", "--host-gone", "mars"]])
      expect(await screen(...words)).toMatch(
        /^3 {2}undecided: another machine wrote it[^]*it runs on mars; this is [^]*next {4}kept until a sweep on mars judges it, or its server calls both of them silent\n$/,
      );
    // There is nothing to put back of what was never touched.
    for (const key of ["here", "theirs"]) expect((await sessreap(scratch, ["restore", key])).code, key).not.toBe(0);
    expect((await sessreap(scratch, ["restore", "gone"])).code).toBe(0);
    expect(await openIn(database)).toEqual(["gone", "here", "theirs", "dead-theirs"]);
    // What was put back is left alone.
    expect(by(await sweepReport(scratch, ["sweep"]), "reason", "action")).toMatchObject({ 1: "restored kept" });
  });

  test("routes to the one that is engaged, on whatever machine, and not to the last that beat", async () => {
    const { scratch, database } = await fleet();
    const routed = async (): Promise<unknown> =>
      (parseOnly((await sessreap(scratch, ["who", "mars", "--json"])).stdout) as { routes: readonly { sessionId: string }[] }).routes.map(
        ({ sessionId }) => sessionId,
      );
    expect(await routed()).toEqual(["theirs", "here", "gone"]);
    const order = await database.run(
      "SELECT session_id FROM controller_registrations WHERE agent_identity = 'mars' AND released_at IS NULL ORDER BY is_master DESC, last_verb_at DESC NULLS LAST, last_heartbeat DESC NULLS LAST, id",
    );
    expect(order.map((row) => row["session_id"])).toEqual(await routed());
    await database.run("UPDATE controller_registrations SET is_master = true WHERE session_id = 'gone'");
    expect(await routed()).toEqual(["gone", "theirs", "here"]);
    await database.run("SET enable_seqscan = off");
    const plan = await database.run(
      "EXPLAIN SELECT * FROM controller_registrations AS r WHERE (r.machine = 'venus' AND r.released_at IS NULL) OR ((r.agent_identity = 'mars') AND r.released_at IS NULL)",
    );
    expect(JSON.stringify(plan)).toMatch(/routed/);
    const report: SweepDocument = await sweepReport(scratch, ["sweep"]);
    expect(Object.keys(by(report, "action"))).not.toContain("3");
  });
});
