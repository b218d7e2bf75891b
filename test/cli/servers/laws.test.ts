import { rmSync } from "node:fs";
import { connect, createServer, type Server as Listener } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { changeServerRows, restoreServerRows } from "../../../src/host/databases/change-server.ts";
import { readServerTable } from "../../../src/host/databases/read-server.ts";
import type { RowChanged } from "../../../src/host/databases/change-rows.ts";
import type { ServerTable } from "../../../src/host/databases/server-read.ts";
import { parseServerAddress, type ServerAddress } from "../../../src/registries/rows/server-address.ts";
import type { ServerTableShape } from "../../../src/registries/rows/server-statements.ts";
import { columnsOf } from "../../../src/registries/rows/statements.ts";
import type { Row } from "../../../src/registries/rows/table.ts";
import { gonePid } from "../../processes.ts";
import { by, newScratch, sweepReport } from "../harness.ts";
import { declareServer, fields, hasPostgres, insert, ownServer, provenSchema as schema } from "./server.ts";

const isTried = hasPostgres("the laws of tables on a server");
const server = ownServer();

type Loaded = { readonly file: ServerTable; readonly table: ServerTableShape; readonly rows: readonly Row[] };

async function load(url: string): Promise<Loaded> {
  const address = parseServerAddress(url) as ServerAddress;
  const columns = Object.values(fields);
  const question = { table: "controller_registrations", where: {}, columns, url, address, machine: "venus", machineColumn: "machine" };
  const released = { at: "released_at", reason: "release_reason" };
  const read = await readServerTable({
    ...question,
    released,
    identityColumn: undefined,
    onGhost: "release",
    named: undefined,
    silence: undefined,
    heartbeatTtlMs: undefined,
  });
  if (read.kind !== "read") throw new Error(JSON.stringify(read));
  return read as unknown as Loaded;
}

const written = { released_at: "'2026-11-27 06:00:00.123456+00'", release_reason: "'pid_gone'" };

/** Releases all rows that were loaded, or takes them out, as a sweep does. */
function change({ file, table, rows }: Loaded, kind: "release" | "reap"): Promise<readonly RowChanged[]> {
  const changes = rows.map((row) => ({
    key: table.key.map((name) => columnsOf(table, row)[name] ?? "NULL"),
    version: row.version ?? "",
    written: kind === "release" ? written : undefined,
  }));
  return changeServerRows(file, table, changes);
}

const states = "SELECT id, released_at IS NULL AS open FROM controller_registrations ORDER BY id";

describe.skipIf(!isTried)("any other writer", () => {
  test.each([
    { what: "beat", sql: "UPDATE controller_registrations SET last_heartbeat = now() WHERE id = 1" },
    { what: "wrote the same again", sql: "UPDATE controller_registrations SET pid = pid WHERE id = 1" },
    {
      what: "released it for a reason of its own",
      sql: "UPDATE controller_registrations SET released_at = now(), release_reason = 'mine' WHERE id = 1",
    },
    { what: "moved it to another machine", sql: "UPDATE controller_registrations SET machine = 'mars' WHERE id = 1" },
    { what: "took it out", sql: "DELETE FROM controller_registrations WHERE id = 1" },
    {
      what: "took it out and put it back",
      sql: "WITH gone AS (DELETE FROM controller_registrations WHERE id = 1 RETURNING *) SELECT * FROM gone",
    },
  ])("that $what between judgement and change keeps its row, and no other one", async ({ sql, what }) => {
    for (const kind of ["release", "reap"] as const) {
      const database = await server.database(schema, insert("one", "venus", 1), insert("two", "venus", 1));
      const loaded = await load(database.url);
      await database.run(sql);
      if (what.includes("put it back")) await database.run(insert("one", "venus", 1, { id: "1" }));
      const before = await database.run("SELECT * FROM controller_registrations WHERE id = 1");
      expect((await change(loaded, kind)).map((one) => one.kind)).toEqual(["changed", "done"]);
      expect(await database.run("SELECT * FROM controller_registrations WHERE id = 1")).toEqual(before);
    }
  });

  test("in the middle of its transaction is waited for as long as a sweep waits, and what it commits counts", async () => {
    const database = await server.database(schema, insert("one", "venus", 1));
    const loaded = await load(database.url);
    const writer = await database.connect();
    await writer.query("BEGIN");
    await writer.query("UPDATE controller_registrations SET last_verb_at = now()");
    const changing = change(loaded, "release");
    await new Promise((done) => void setTimeout(done, 50));
    await writer.query("COMMIT");
    expect(["changed", "busy"]).toContain((await changing)[0]?.kind);
    expect(await database.run(states)).toEqual([{ id: "1", open: true }]);
  });

  test("and two sweeps at once release each row once", async () => {
    const database = await server.database(schema, ...Array.from({ length: 40 }, (_, nth) => insert(`s${nth}`, "venus", 1)));
    const both = [await load(database.url), await load(database.url)] as const;
    const answers = await Promise.all(both.map((loaded) => change(loaded, "release")));
    const done = answers.flat().filter(({ kind }) => kind === "done");
    expect(done).toHaveLength(40);
    expect(await database.run("SELECT count(*)::int AS n FROM controller_registrations WHERE released_at IS NULL")).toEqual([{ n: 0 }]);
  });
});

/** A way to the server that ends once, at the nth thing that the client says: before it is heard, or before it is answered. */
function cuttingWay(
  path: string,
  to: string,
  at: number,
  moment: "unheard" | "unanswered",
  forGood: boolean,
): { readonly listener: Listener; readonly isCut: () => boolean } {
  let [said, cut] = [0, false];
  const listener = createServer((client) => {
    if (cut && forGood) return void client.destroy();
    const upstream = connect(join(to, ".s.PGSQL.5432"));
    let deaf = false;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    client.on("data", (data) => {
      said += 1;
      if (said === at && !cut) {
        cut = true;
        if (moment === "unheard") return end();
        deaf = true;
      }
      upstream.write(data);
    });
    upstream.on("data", (data) => (deaf ? end() : void client.write(data)));
    for (const one of [client, upstream]) one.on("error", end).on("close", end);
  }).listen(path);
  return { listener, isCut: () => cut };
}

describe.skipIf(!isTried)("a server that goes in the middle of a change", () => {
  test.each([
    { moment: "unheard", forGood: false, kind: "release" },
    { moment: "unanswered", forGood: false, kind: "release" },
    { moment: "unanswered", forGood: false, kind: "reap" },
    { moment: "unanswered", forGood: true, kind: "release" },
  ] as const)(
    "has changed all or none, and what is said of it is so: $kind, $moment, for good $forGood",
    async ({ moment, forGood, kind }) => {
      const scratch = newScratch();
      const way = join(scratch.dir, ".s.PGSQL.5432");
      const database = await server.database(schema);
      const address = parseServerAddress(database.url.replace(server.directory, scratch.dir)) as ServerAddress;
      const seen = new Set<string>();
      for (let at = 1; ; at += 1) {
        await database.run("TRUNCATE controller_registrations RESTART IDENTITY");
        for (const session of ["one", "two"]) await database.run(insert(session, "venus", 1));
        const loaded = await load(database.url);
        const { listener, isCut } = cuttingWay(way, server.directory, at, moment, forGood);
        const answers = await change({ ...loaded, file: { ...loaded.file, address } }, kind);
        await new Promise((done) => void listener.close(done));
        rmSync(way, { force: true });
        const left = (await database.run(states)).filter((row) => row["open"] === true).length;
        const said = new Set(answers.map((one) => one.kind));
        expect(said.size, `cut at ${at}`).toBe(1);
        const [word] = [...said];
        // What may have been done keeps its tombstone.
        expect(["done 0", "failed 2", "unsure 0", "unsure 2"], `cut at ${at}`).toContain(`${word} ${left}`);
        seen.add(`${word} ${left}`);
        if (!isCut()) break;
        expect(at).toBeLessThan(40);
      }
      expect(seen).toContain("failed 2");
      expect(seen).toContain("done 0");
      expect(seen.has("unsure 0")).toBe(forGood);
    },
    120_000,
  );

  test("leaves a tombstone of each row that it may have released, and none of any other", async () => {
    const scratch = newScratch();
    const way = join(scratch.dir, ".s.PGSQL.5432");
    const database = await server.database(schema, insert("gone", "venus", (await gonePid()).pid));
    declareServer(scratch, database.url.replace(server.directory, scratch.dir));
    const outcomes = new Set<string>();
    // Behind the words of the look, which are the same every time, come those of the change.
    for (const at of [16, 18, 20, 21, 22, 23]) {
      await database.run("UPDATE controller_registrations SET released_at = NULL, release_reason = NULL");
      const { listener } = cuttingWay(way, server.directory, at, "unanswered", false);
      const report = await sweepReport(scratch, ["sweep", "--now"]);
      await new Promise((done) => void listener.close(done));
      rmSync(way, { force: true });
      const [row] = await database.run(states);
      const entry = report.entries.find(({ key }) => key === "1");
      const isOpen = row?.["open"] === true;
      outcomes.add(
        `${entry?.action ?? "unread"}, ${isOpen ? "open" : "closed"}, ${typeof entry?.tombstone === "string" ? "kept" : "none"}`,
      );
    }
    const lawful = new Set(["released, closed, kept", "failed, open, none", "unread, open, none"]);
    expect([...outcomes].filter((one) => !lawful.has(one))).toEqual([]);
    expect(outcomes).toContain("released, closed, kept");
  }, 120_000);
});

describe.skipIf(!isTried)("rows of other machines", () => {
  const roles = `
    CREATE ROLE host_venus LOGIN; CREATE ROLE host_mars LOGIN;
    GRANT SELECT, UPDATE (released_at, release_reason) ON controller_registrations TO host_venus, host_mars;
    ALTER TABLE controller_registrations ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON controller_registrations USING (machine = substring(current_user from 6))`;

  test("are not even there for a role of one machine, whose sweep does all that it did without", async () => {
    const scratch = newScratch();
    const { pid } = await gonePid();
    const { name, run } = await server.database(schema, insert("gone", "venus", pid), insert("theirs", "mars", pid), roles);
    declareServer(scratch, server.url(name, "host_venus"));
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ 1: "released" });
    // Nor is anything of another machine's done by a machine that takes its name, without its role.
    declareServer(scratch, server.url(name, "host_venus"), { machine: "mars" });
    expect((await sweepReport(scratch, ["sweep"])).entries).toEqual([]);
    expect(await run(states)).toEqual([
      { id: "1", open: false },
      { id: "2", open: true },
    ]);
  });

  test("are in no statement that writes: each says whose row it means, also where the row itself is another's by now", async () => {
    const database = await server.database(schema, insert("one", "venus", 1));
    const loaded = await load(database.url);
    const [row] = loaded.rows;
    const columns = columnsOf(loaded.table, row as Row);
    expect((await change(loaded, "release"))[0]?.kind).toBe("done");
    await database.run("UPDATE controller_registrations SET machine = 'mars'");
    expect((await restoreServerRows(loaded.file, loaded.table, [{ columns, written }]))[0]?.kind).toBe("changed");
    expect(await database.run(states)).toEqual([{ id: "1", open: false }]);
  });
});
