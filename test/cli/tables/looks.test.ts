import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid, idle } from "../../processes.ts";
import { by, newScratch, sessreap, sweepReport, type Scratch } from "../harness.ts";
import { noStrace, traced } from "../strace.ts";
import { declareTable, fingerprint, hasSqlite, insert, makeDatabase, openDatabase, schema, withSqlite, type Writer } from "./database.ts";

/** How a database stands when it is looked at, and the rows that a fresh connection sees in it; undefined where none may be shown. */
type State = {
  readonly name: string;
  readonly make: (path: string, rows: readonly string[]) => Promise<Writer | undefined>;
  readonly shown: readonly string[] | string;
};

const wal = "PRAGMA journal_mode = WAL";

/** A transaction that is larger than its cache, so that a kill leaves half of it in the database. */
const spilled = [
  "PRAGMA cache_size = 5",
  "CREATE TABLE filler (text TEXT)",
  "BEGIN",
  "DELETE FROM sessions",
  "INSERT INTO filler WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT hex(randomblob(50)) FROM n",
];

const states: readonly State[] = [
  {
    name: "with a rollback journal, closed",
    make: async (path, rows) => {
      await makeDatabase(path, [schema, ...rows]);
      return undefined;
    },
    shown: ["gone", "here"],
  },
  {
    name: "with a write-ahead log, closed",
    make: async (path, rows) => {
      await makeDatabase(path, [wal, schema, ...rows]);
      return undefined;
    },
    shown: ["gone", "here"],
  },
  {
    name: "whose writer has all rows in the log",
    make: (path, rows) => openDatabase(path, [wal, schema, ...rows]),
    shown: ["gone", "here"],
  },
  {
    name: "whose writer has emptied the log",
    make: (path, rows) => openDatabase(path, [wal, schema, ...rows, "PRAGMA wal_checkpoint(TRUNCATE)"]),
    shown: ["gone", "here"],
  },
  {
    name: "whose writer was killed with rows in the log",
    make: async (path, rows) => {
      const writer = await openDatabase(path, [wal, schema, "PRAGMA wal_checkpoint(TRUNCATE)", ...rows]);
      await writer.kill();
      return undefined;
    },
    shown: ["gone", "here"],
  },
  {
    name: "whose writer was killed with a hot journal",
    make: async (path, rows) => {
      const writer = await openDatabase(path, [schema, ...rows, ...spilled]);
      await writer.kill();
      return undefined;
    },
    shown: "has a journal that a killed writer left",
  },
  {
    name: "that its writer has in the middle of a transaction",
    make: (path, rows) => openDatabase(path, [schema, ...rows, "BEGIN IMMEDIATE", "DELETE FROM sessions"]),
    shown: ["gone", "here"],
  },
  {
    name: "that its writer holds exclusively",
    make: (path, rows) => openDatabase(path, [schema, ...rows, "BEGIN EXCLUSIVE"]),
    shown: "another process holds it locked",
  },
];

function placeIn({ dir }: Scratch): { readonly directory: string; readonly path: string } {
  const directory = join(dir, "a place #1?%41");
  mkdirSync(directory);
  return { directory, path: join(directory, "agent channel.db") };
}

const commands: readonly (readonly string[])[] = [["list"], ["--dry-run"], ["explain", "gone"], ["config"], ["doctor"], ["sweep"]];

describe.skipIf(!hasSqlite("looks at tables"))("a look at a table", () => {
  test.each(states)("changes no byte, no name and no time of a database $name", async ({ make, shown }) => {
    const scratch = newScratch();
    const { directory, path } = placeIn(scratch);
    const [gone, here] = [await gonePid(), await idle()];
    const writer = await make(path, [insert("gone", gone.pid), insert("here", here.pid)]);
    declareTable(scratch, path);
    const before = fingerprint(directory);
    for (const words of commands) {
      const { stderr } = await sessreap(scratch, words, withSqlite);
      expect(stderr, words.join(" ")).not.toContain("is a bug");
      expect(fingerprint(directory), words.join(" ")).toEqual(before);
    }
    const report = await sweepReport(scratch, ["list"], withSqlite);
    expect(fingerprint(directory)).toEqual(before);
    const said = by(report, "verdict");
    expect({ problem: report.registries[0]?.problem, said }).toEqual({
      problem: expect.stringContaining(typeof shown === "string" ? shown : '"onGhost": "report"') as string,
      said: typeof shown === "string" ? {} : { gone: "ghost", here: "live" },
    });
    await writer?.end();
  });

  test("tells one that is held exclusively as busy, which is no fault of the sweep", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"));
    const writer = await openDatabase(path, [schema, "BEGIN EXCLUSIVE"]);
    const report = await sweepReport(scratch, ["sweep"], withSqlite);
    expect(report.registries[0]?.state).toBe("busy");
    expect(report.exitCode).toBe(0);
    await writer.end();
  });

  test("says nothing of the columns that no field names", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"));
    const gone = await gonePid();
    await makeDatabase(path, [schema, insert("gone", gone.pid, "SECRET")]);
    for (const words of [
      ["list"],
      ["explain", "gone"],
      ["explain", "gone", "--json"],
      ["--json"],
      ["config", "--json"],
      ["doctor", "--json"],
    ]) {
      const { stdout, stderr } = await sessreap(scratch, words, withSqlite);
      expect(`${stdout}${stderr}`, words.join(" ")).not.toContain("SECRET");
    }
  });

  test("takes rows to be as young as the log, where nothing else tells their age", async () => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), { fields: { sessionId: "session_id", pid: "pid" } });
    const gone = await gonePid();
    const writer = await openDatabase(path, [wal, schema, insert("gone", gone.pid)]);
    const report = await sweepReport(scratch, ["list"], withSqlite);
    expect(by(report, "verdict", "reason")).toEqual({ gone: "undecided within-grace" });
    await writer.end();
  });

  // Of a log with rows in it SQLite wants a descriptor that could write.
  test.skipIf(noStrace() !== undefined).each([states[0], states[1]])("opens nothing for writing in a database $name", async (state) => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"));
    await state?.make(path, [insert("gone", (await gonePid()).pid)]);
    const { writes, code } = await traced(scratch, ["list"], withSqlite);
    expect({ writes, code }).toEqual({ writes: [], code: 0 });
  });

  test.each([
    { what: "no table of that name", more: { table: "session" }, said: 'has no table "session"; the nearest is "sessions"' },
    {
      what: "no column of a field",
      more: { fields: { sessionId: "sesion_id" } },
      said: 'has no column "sesion_id" in its table "sessions"; the nearest is "session_id"',
    },
    { what: "no column of a condition", more: { where: { endet_at: null } }, said: 'the nearest is "ended_at"' },
    { what: "a column in other letters", more: { fields: { sessionId: "SESSION_ID" } }, said: 'has no column "SESSION_ID"' },
    { what: "a view", more: { table: "open_sessions" }, said: 'has "open_sessions" as a view and not as a table' },
    {
      what: "a virtual table",
      more: { table: "words", where: {}, fields: { sessionId: "text" } },
      said: "as a virtual and not as a table",
    },
    { what: "a table of SQLite's own", more: { table: "sqlite_sequence", where: {}, fields: { sessionId: "name" } }, said: "SQLite's own" },
  ])("refuses $what", async ({ more, said }) => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"), more);
    await makeDatabase(path, [
      schema,
      "CREATE VIEW open_sessions AS SELECT * FROM sessions",
      "CREATE VIRTUAL TABLE words USING fts5(text)",
      "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)",
      insert("gone", 4_100_001),
    ]);
    const report = await sweepReport(scratch, ["list"], withSqlite);
    expect(report.registries[0]?.state).toBe("unreadable");
    expect(report.registries[0]?.problem).toContain(said);
  });

  test.each([
    { what: "is empty", content: "", said: "is empty" },
    { what: "is no database", content: '{"agents": {}}'.padEnd(200), said: "is no SQLite database" },
  ])("refuses a file that $what", async ({ content, said }) => {
    const scratch = newScratch();
    const path = declareTable(scratch, join(scratch.dir, "a.db"));
    writeFileSync(path, content);
    expect((await sweepReport(scratch, ["list"], withSqlite)).registries[0]?.problem).toContain(said);
  });

  test.each([
    { suffix: "-journal", mode: "DELETE" },
    { suffix: "-journal", mode: "WAL" },
    { suffix: "-shm", mode: "WAL" },
    { suffix: "-wal", mode: "DELETE" },
  ])("does not wait for what opens a FIFO in the place of its $suffix, in mode $mode", async ({ suffix, mode }) => {
    const scratch = newScratch();
    const { directory, path } = placeIn(scratch);
    const writer = await openDatabase(join(directory, "origin"), [`PRAGMA journal_mode = ${mode}`, schema, insert("gone", 4_100_001)]);
    copyFileSync(join(directory, "origin"), path);
    if (suffix === "-shm") copyFileSync(join(directory, "origin-wal"), `${path}-wal`);
    await writer.end();
    execFileSync("mkfifo", [`${path}${suffix}`]);
    declareTable(scratch, path, { onGhost: "reap" });
    for (const words of [["-n"], ["sweep"]]) {
      const report = await sweepReport(scratch, words, withSqlite);
      expect(report.registries[0]?.problem).toContain(`has something beside it that is no regular file: ${path}${suffix}`);
    }
  });

  test("calls a torn database malformed, and does nothing to it", async () => {
    const scratch = newScratch();
    const { directory, path } = placeIn(scratch);
    writeFileSync(path, Buffer.concat([Buffer.from("SQLite format 3\0\u0010\0\u0001\u0001\0@  ", "latin1"), Buffer.alloc(8000, 7)]));
    declareTable(scratch, path, { onGhost: "reap" });
    const before = fingerprint(directory);
    const report = await sweepReport(scratch, ["sweep"], withSqlite);
    expect(report.registries[0]?.state).toBe("malformed");
    expect(fingerprint(directory)).toEqual(before);
  });
});
