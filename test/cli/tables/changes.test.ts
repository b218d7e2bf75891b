import { hostname } from "node:os";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid, idle } from "../../processes.ts";
import { by, newScratch, sessreap, sweepReport, type Scratch } from "../harness.ts";
import {
  declareTable,
  fields,
  fingerprint,
  hasSqlite,
  insert,
  makeDatabase,
  openDatabase,
  query,
  schema,
  withSqlite,
  type Rows,
} from "./database.ts";

const journals = ["DELETE", "WAL"] as const;
const allRows = "SELECT * FROM sessions ORDER BY session_id";
const quoted = `SELECT ${["session_id", "pid", "started_at", "beat_at", "ended_at", "end_reason", "prompt"].map((name) => `quote(${name}) AS ${name}`).join(", ")} FROM sessions ORDER BY 1`;

const tombstones = ({ stateDir }: Scratch): string =>
  readdirSync(join(stateDir, "tombstones"))
    .map((name) => readFileSync(join(stateDir, "tombstones", name), "utf8"))
    .join("");

const idsOf = (rows: Rows): readonly unknown[] => rows.map((row) => row["session_id"]);

describe.skipIf(!hasSqlite("changes of tables")).each(journals)("a sweep of a table with a journal in mode %s", (journal) => {
  const wal = `PRAGMA journal_mode = ${journal}`;

  test("takes out the row of a process that is gone, under a writer that has it open, and puts it back to the letter", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
    const [gone, here] = [await gonePid(), await idle()];
    const writer = await openDatabase(path, [
      wal,
      schema,
      insert("here", here.pid),
      `INSERT INTO sessions VALUES ('it''s "gone" — ✓', ${gone.pid}, '2026-01-02T03:04:05Z', 0.1 + 0.2, NULL, '', char(65, 0, 66))`,
    ]);
    const before = await writer.run(quoted);
    const report = await sweepReport(scratch, ["sweep"], withSqlite);
    expect(by(report, "action")).toEqual({ 'it\'s "gone" — ✓': "reaped", here: "kept" });
    expect(idsOf(await writer.run(allRows))).toEqual(["here"]);
    expect(await writer.run("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    const { code, stdout } = await sessreap(scratch, ["restore", 'it\'s "gone" — ✓'], withSqlite);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/restored|put back/) as string });
    expect(await writer.run(quoted)).toEqual(before);
    expect(await writer.run("SELECT hex(CAST(prompt AS BLOB)) AS hex FROM sessions WHERE session_id <> 'here'")).toEqual([
      { hex: "410042" },
    ]);
    await writer.end();
  });

  test("writes the release into the row, and takes it back where the row is still as it was left", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "release" });
    const { pid } = await gonePid();
    const writer = await openDatabase(path, [wal, schema, insert("one", pid), insert("two", pid)]);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ one: "released", two: "released" });
    const rows = await writer.run(allRows);
    expect(rows.map((row) => row["end_reason"])).toEqual(["pid_gone", "pid_gone"]);
    expect(rows.map((row) => typeof row["ended_at"])).toEqual(["string", "string"]);
    expect((await sweepReport(scratch, ["sweep"], withSqlite)).entries).toEqual([]);
    await writer.run("UPDATE sessions SET prompt = 'mine now' WHERE session_id = 'two'");
    const { code, stdout } = await sessreap(scratch, ["restore", "one", "two"], withSqlite);
    expect(stdout).toMatch(/^.*one .*(?:restored|put back)/m);
    expect(code).not.toBe(0);
    const after = await writer.run("SELECT session_id, ended_at IS NULL AS open FROM sessions ORDER BY 1");
    expect(after).toEqual([
      { session_id: "one", open: 1 },
      { session_id: "two", open: 0 },
    ]);
    await writer.end();
  });

  test("only says ghosts unless it is told to do more", async () => {
    const scratch = newScratch();
    const directory = join(scratch.dir, "place");
    mkdirSync(directory);
    const path = declareTable(scratch, join(directory, "a.db"));
    await makeDatabase(path, [wal, schema, insert("gone", (await gonePid()).pid)]);
    const before = fingerprint(directory);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "verdict", "action")).toEqual({ gone: "ghost withheld" });
    expect(fingerprint(directory)).toEqual(before);
  });

  test("never replaces a newcomer under the key of a row that went", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
    await makeDatabase(path, [wal, schema, insert("gone", (await gonePid()).pid)]);
    await sessreap(scratch, ["sweep"], withSqlite);
    await makeDatabase(path, [insert("gone", (await idle()).pid, "newcomer")]);
    for (const words of [
      ["restore", "gone", "--dry-run"],
      ["restore", "gone"],
    ])
      expect((await sessreap(scratch, words, withSqlite)).stdout, words.join(" ")).toContain("an entry of this name is there already");
    expect((await query(path, allRows)).map((row) => row["prompt"])).toEqual(["newcomer"]);
  });

  test("changes nothing where a foreign key would take other rows along", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
    const messages = "CREATE TABLE messages (id INTEGER PRIMARY KEY, session TEXT REFERENCES sessions ON DELETE CASCADE)";
    const { pid } = await gonePid();
    const writer = await openDatabase(path, [
      wal,
      schema,
      messages,
      insert("gone", pid),
      "INSERT INTO messages VALUES (1, 'gone'), (2, 'gone')",
    ]);
    const report = await sweepReport(scratch, ["sweep"], withSqlite);
    expect(by(report, "action")).toEqual({ gone: "failed" });
    expect(report.entries[0]?.detail).toContain("would change 3 rows");
    expect(await writer.run("SELECT count(*) AS n FROM messages")).toEqual([{ n: 2 }]);
    expect(tombstones(scratch)).toContain('"void"');
    await writer.end();
  });

  test.each([
    {
      what: "a foreign key forbids it",
      sql: ["CREATE TABLE messages (session TEXT REFERENCES sessions)", "INSERT INTO messages VALUES ('gone')"],
      said: "its table does not allow it",
    },
    {
      what: "a trigger writes another row",
      sql: [
        "CREATE TABLE log (id TEXT)",
        "CREATE TRIGGER logged AFTER DELETE ON sessions BEGIN INSERT INTO log VALUES (old.session_id); END",
      ],
      said: "would change 2 rows",
    },
    {
      what: "a trigger ignores it",
      sql: ["CREATE TRIGGER kept BEFORE DELETE ON sessions BEGIN SELECT RAISE(IGNORE); END"],
      said: "its table lets it be, by a trigger",
    },
    {
      what: "a trigger refuses it",
      sql: ["CREATE TRIGGER kept BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'append only'); END"],
      said: "append only",
    },
  ])("leaves the row where $what", async ({ sql, said }) => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
    await makeDatabase(path, [wal, schema, insert("gone", (await gonePid()).pid), ...sql]);
    const before = await query(path, quoted);
    const report = await sweepReport(scratch, ["sweep"], withSqlite);
    expect(report.entries[0]?.detail).toContain(said);
    expect(report.entries[0]?.action).not.toBe("reaped");
    expect(await query(path, quoted)).toEqual(before);
  });

  test("touches no row whose value it cannot keep", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
    const broken = "UPDATE sessions SET prompt = CAST(X'41FF42' AS TEXT)";
    await makeDatabase(path, [wal, schema, insert("gone", (await gonePid()).pid), broken]);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ gone: "skipped" });
    expect(await query(path, "SELECT hex(CAST(prompt AS BLOB)) AS hex FROM sessions")).toEqual([{ hex: "41FF42" }]);
  });

  test("is busy while a writer is in the middle of a transaction, and tries again at the next", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
    const writer = await openDatabase(path, [wal, schema, insert("gone", (await gonePid()).pid), "BEGIN IMMEDIATE"]);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ gone: "busy" });
    await writer.run("ROLLBACK");
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ gone: "reaped" });
    await writer.end();
  });
});

test.skipIf(!hasSqlite("a table of several machines"))(
  "a row that says no machine stays beside one of another machine, whose database is copied hither and thither",
  async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap", fields: { ...fields, host: "host" } });
    const { pid } = await gonePid();
    const machine = (id: string, host: string): string => `UPDATE sessions SET host = '${host}' WHERE session_id = '${id}'`;
    const table = schema.replace("prompt TEXT", "prompt TEXT, host TEXT DEFAULT NULL");
    const row = (id: string): string =>
      insert(id, pid).replace("INTO sessions", "INTO sessions (session_id, pid, started_at, beat_at, ended_at, end_reason, prompt)");
    await makeDatabase(path, [table, row("silent"), row("own"), machine("own", hostname()), row("theirs"), machine("theirs", "elsewhere")]);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "reason", "action")).toEqual({
      silent: "foreign-pid-namespace kept",
      own: "pid-gone reaped",
      theirs: "foreign-host kept",
    });
    await makeDatabase(path, ["DELETE FROM sessions WHERE session_id = 'theirs'"]);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ silent: "reaped" });
  },
);

const kinds = [
  {
    what: "with a key of two columns and no number",
    columns: "team TEXT, session_id TEXT, pid INT, started_at TEXT, PRIMARY KEY (team, session_id)) WITHOUT ROWID",
    values: "'a/b', 'gone'",
    key: "a/b/gone",
  },
  { what: "without a key", columns: "session_id TEXT, other TEXT, pid INT, started_at TEXT)", values: "'gone', 'x'", key: "row 1" },
  {
    what: "with a number as its key",
    columns: "id INTEGER PRIMARY KEY, session_id TEXT, pid INT, started_at TEXT)",
    values: "9007199254740993, 'gone'",
    key: "9007199254740993",
  },
  {
    what: "whose columns are called like SQLite's numbers",
    columns: "rowid TEXT, oid TEXT, session_id TEXT AS (rowid), pid INT, started_at TEXT)",
    values: "'gone', 'x'",
    key: "row 1",
  },
  {
    what: "with bytes as its key",
    columns: "id BLOB PRIMARY KEY, session_id TEXT, pid INT, started_at TEXT) STRICT",
    values: "X'00FF', 'gone'",
    key: "X'00FF'",
  },
] as const;

describe.skipIf(!hasSqlite("kinds of tables"))("a table", () => {
  test.each(kinds)("$what loses its ghost alone, and has it back", async ({ columns, values, key }) => {
    const scratch = newScratch();
    const table = 'my "odd" table; --';
    const path = declareTable(scratch, join(scratch.dir, "a.db"), {
      table,
      where: {},
      fields: { sessionId: "session_id", pid: "pid", registeredAt: "started_at" },
      onGhost: "reap",
    });
    const name = '"my ""odd"" table; --"';
    const { pid } = await gonePid();
    const own = columns.startsWith("rowid") ? "(rowid, oid, pid, started_at) " : "";
    await makeDatabase(path, [
      `CREATE TABLE ${name} (${columns}`,
      `INSERT INTO ${name} ${own}VALUES (${values}, ${pid}, '2026-01-02T03:04:05Z')`,
    ]);
    const before = await query(path, `SELECT * FROM ${name}`);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ [key]: "reaped" });
    expect(await query(path, `SELECT * FROM ${name}`)).toEqual([]);
    expect((await sessreap(scratch, ["restore", key], withSqlite)).code).toBe(0);
    expect(await query(path, `SELECT * FROM ${name}`)).toEqual(before);
    // An operator's word is kept, also where the row has another number by now.
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ [key]: "kept" });
  });

  test("with two rows that say the same and have no key loses each by itself", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), {
      where: {},
      fields: { sessionId: "id", pid: "pid", registeredAt: "at" },
      onGhost: "reap",
    });
    const { pid } = await gonePid();
    const row = `('gone', ${pid}, '2026-01-02T03:04:05Z')`;
    await makeDatabase(path, ["CREATE TABLE sessions (id, pid, at)", `INSERT INTO sessions VALUES ${row}, ${row}`]);
    expect(by(await sweepReport(scratch, ["sweep"], withSqlite), "action")).toEqual({ "row 1": "reaped", "row 2": "reaped" });
  });

  test("whose key reads the same twice keeps both rows", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { where: {}, fields: { sessionId: "s", pid: "pid" }, onGhost: "reap" });
    const { pid } = await gonePid();
    await makeDatabase(path, [
      "CREATE TABLE sessions (id PRIMARY KEY, s TEXT, pid INT)",
      `INSERT INTO sessions VALUES (1, 'a', ${pid}), ('1', 'b', ${pid})`,
    ]);
    const report = await sweepReport(scratch, ["sweep"], withSqlite);
    expect(report.entries.map(({ reason, action }) => `${reason} ${action}`)).toEqual(["duplicate-key kept", "duplicate-key kept"]);
  });

  test("keeps its rows where only a killed writer had its log", async () => {
    const scratch = newScratch();
    const directory = join(scratch.dir, "place");
    mkdirSync(directory);
    const path = declareTable(scratch, join(directory, "a.db"), { onGhost: "reap" });
    const writer = await openDatabase(path, ["PRAGMA journal_mode = WAL", schema, insert("gone", (await gonePid()).pid)]);
    await writer.kill();
    const before = fingerprint(directory);
    const report = await sweepReport(scratch, ["sweep"], withSqlite);
    expect(report.registries[0]).toMatchObject({ state: "report-only", problem: expect.stringContaining("no process has open") as string });
    expect(by(report, "action")).toEqual({ gone: "withheld" });
    expect(fingerprint(directory)).toEqual(before);
  });
});
