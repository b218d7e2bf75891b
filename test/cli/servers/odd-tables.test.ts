import { describe, expect, test } from "vitest";
import { gonePid, idle } from "../../processes.ts";
import { by, newScratch, sessreap, sweepReport, type Scratch } from "../harness.ts";
import { declareServer, hasPostgres, ownServer, provenAs, type Database, type Rows } from "./server.ts";

const isTried = hasPostgres("tables that have constraints and triggers of their own");
const server = ownServer();

const fields = {
  sessionId: "id",
  host: "machine",
  pid: "pid",
  registeredAt: "registered",
  releasedAt: "released",
  releaseReason: "reason",
} as const;

const moment = "timestamptz";
const table = (id = "text", time = moment, reason = "text"): string =>
  `CREATE TABLE s (id ${id} PRIMARY KEY, machine text, pid int, registered timestamptz, released ${time}, reason ${reason}, kind text)`;

const row = (id: string, pid: number, more = "'session'", into = "s"): string =>
  `INSERT INTO ${into} (id, machine, pid, registered, kind) VALUES ('${id}', 'venus', ${pid}, now() - interval '1 day', ${more})`;

const trigger = (when: string, body: string): string =>
  `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$; ${when} ON s FOR EACH ROW EXECUTE FUNCTION f()`;

type Place = { readonly scratch: Scratch; readonly database: Database; readonly gone: number; readonly here: number };

async function place(sql: (gone: number, here: number) => readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<Place> {
  const scratch = newScratch();
  const [gone, here] = [(await gonePid()).pid, (await idle()).pid];
  const database = await server.database(...sql(gone, here), provenAs("venus"));
  declareServer(scratch, database.url, { table: "s", fields, ...more });
  return { scratch, database, gone, here };
}

const open = async ({ run }: Database): Promise<Rows> => run("SELECT id, kind FROM s WHERE released IS NULL ORDER BY id, kind");

describe.skipIf(!isTried)("a table of a server", () => {
  test.each([
    { what: "a key of a fixed length", sql: table("char(36)") },
    { what: "a key of bits", sql: table("bit(8)"), id: "10101010" },
    { what: "a reason of a fixed length", sql: table("text", moment, "char(40)") },
    { what: "times without parts of a second", sql: table("text", "timestamptz(0)") },
    { what: "days", sql: table("text", "date") },
    {
      what: "domains of domains",
      sql: `CREATE DOMAIN name AS varchar(40); CREATE DOMAIN called AS name; CREATE DOMAIN moment AS timestamptz(3); ${table("called", "moment", "called")}`,
    },
    { what: "an enumeration of reasons", sql: `CREATE TYPE why AS ENUM ('pid_gone', 'other'); ${table("text", moment, "why")}` },
  ])("with $what loses its ghost and has it back as it was", async ({ sql, id = "gone" }) => {
    const { scratch, database } = await place((gone) => [sql, row(id, gone)]);
    const before = await database.run("SELECT * FROM s");
    const report = await sweepReport(scratch, ["sweep"]);
    expect(by(report, "action")).toEqual({ [id]: "released" });
    expect(await database.run("SELECT trim(reason::text) AS reason FROM s")).toEqual([{ reason: "pid_gone" }]);
    // What was released is not read any more.
    expect((await sweepReport(scratch, ["sweep"])).entries).toEqual([]);
    expect((await sessreap(scratch, ["restore", id])).code).toBe(0);
    expect(await database.run("SELECT * FROM s")).toEqual(before);
  });

  test.each(["release", "reap"])("takes no row of a table that inherits from it for one of its own, by a %s", async (onGhost) => {
    const both = (gone: number, here: number): string => `BEGIN; ${row("same", here, "'other'", "child")}; ${row("same", gone)}; COMMIT`;
    const sql = [table(), "CREATE TABLE child () INHERITS (s)"];
    const { scratch, database } = await place((gone, here) => [...sql, both(gone, here)], { onGhost, where: { kind: "session" } });
    expect((await sweepReport(scratch, ["sweep"])).summary).toMatchObject({ ghost: 1, failed: 0 });
    expect(await open(database)).toEqual([{ id: "same", kind: "other" }]);
  });

  const references = "CREATE TABLE messages (session text REFERENCES s";
  test.each([
    {
      what: "a trigger raises",
      sql: [trigger("CREATE TRIGGER t BEFORE UPDATE", "IF NEW.id = 'b' THEN RAISE EXCEPTION 'audited'; END IF; RETURN NEW;")],
      said: "audited",
    },
    {
      what: "a trigger passes it over",
      sql: [trigger("CREATE TRIGGER t BEFORE UPDATE", "IF NEW.id = 'b' THEN RETURN NULL; END IF; RETURN NEW;")],
      said: "its table lets it be, by a trigger or a row-level policy",
    },
    {
      what: "a trigger takes back what is written",
      sql: [trigger("CREATE TRIGGER t BEFORE UPDATE", "IF NEW.id = 'b' THEN NEW.released := NULL; END IF; RETURN NEW;")],
      said: "its table does not keep what is written into it",
    },
    {
      what: "a trigger writes other rows at the end of the transaction",
      sql: [
        trigger("CREATE TRIGGER unused BEFORE INSERT", "UPDATE s SET kind = 'touched' WHERE id = 'here'; RETURN NEW;"),
        "CREATE CONSTRAINT TRIGGER t AFTER UPDATE OF released ON s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id = 'b') EXECUTE FUNCTION f()",
      ],
      said: "would change 2 rows",
    },
    {
      what: "a foreign key restricts it",
      sql: [`${references})`, "INSERT INTO messages VALUES ('b')"],
      onGhost: "reap",
      said: "foreign key",
    },
    {
      what: "a foreign key takes other rows along",
      sql: [`${references} ON DELETE CASCADE)`, "INSERT INTO messages VALUES ('b')"],
      onGhost: "reap",
      said: "would change 2 rows",
    },
    {
      what: "another row says already what would be written",
      sql: [
        "CREATE UNIQUE INDEX ON s (reason) WHERE kind = 'b'",
        "UPDATE s SET reason = 'pid_gone', kind = 'b' WHERE id = 'here'",
        "UPDATE s SET kind = 'b' WHERE id = 'b'",
      ],
      said: "another row says already what would be written",
    },
  ])("keeps one row where $what, and loses the others", async ({ sql, said, onGhost = "release" }) => {
    const rows = (gone: number, here: number): readonly string[] =>
      ["a", "b", "c", "d", "e"].map((id) => row(id, gone)).concat(row("here", here));
    const { scratch, database } = await place((gone, here) => [table(), ...rows(gone, here), ...sql], { onGhost });
    const did = onGhost === "reap" ? "reaped" : "released";
    const report = await sweepReport(scratch, ["sweep"]);
    expect(by(report, "action")).toEqual({ a: did, b: "failed", c: did, d: did, e: did, here: "kept" });
    expect(report.entries.find(({ key }) => key === "b")?.detail).toContain(said);
    expect(report.exitCode).toBe(3);
    expect((await open(database)).map(({ id }) => id)).toEqual(["b", "here"]);
    expect(await database.run("SELECT 1 FROM s WHERE kind = 'touched'")).toEqual([]);
  });

  test("keeps the one row that another session has locked, and loses the others", async () => {
    const ids = Array.from({ length: 20 }, (_, nth) => `r${nth}`);
    const { scratch, database } = await place((gone) => [table(), ...ids.map((id) => row(id, gone))]);
    const other = await database.connect();
    await other.query("BEGIN; SELECT * FROM s WHERE id = 'r7' FOR UPDATE");
    const report = await sweepReport(scratch, ["sweep"]);
    expect(report.summary).toMatchObject({ released: 19, busy: 1 });
    expect(by(report, "action")).toMatchObject({ r7: "busy" });
    await other.query("ROLLBACK");
  });

  test("of which a trigger writes more at each release is released for good, which restore says", async () => {
    const { scratch, database } = await place((gone) => [
      table(),
      row("gone", gone),
      trigger("CREATE TRIGGER t BEFORE UPDATE", "NEW.kind := clock_timestamp()::text; RETURN NEW;"),
    ]);
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ gone: "released" });
    const { code, stdout } = await sessreap(scratch, ["restore", "gone"]);
    expect(stdout).toContain("its row was written since it was released; it was left alone");
    expect(code).toBe(3);
    expect(await open(database)).toEqual([]);
  });

  test("runs no function of another user in the place of one of the server's own", async () => {
    const evil = (name: string, takes: string, gives: string): string =>
      `CREATE FUNCTION public.${name}(${takes}) RETURNS ${gives} LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil'; END $$`;
    const { scratch } = await place((gone) => [
      table(),
      row("gone", gone),
      evil("format_type", "oid, text", "text"),
      evil("array_position", "smallint[], smallint", "int"),
      evil("hashtext", "varchar", "int"),
      evil("to_regclass", "varchar", "regclass"),
    ]);
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ gone: "released" });
  });
});
