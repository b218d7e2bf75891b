import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid, idle } from "../../processes.ts";
import { by, newScratch, sessreap, sweepReport, type Scratch } from "../harness.ts";
import { declareTable, fields, hasSqlite, makeDatabase, query, withSqlite } from "./database.ts";

const columns = "pid INTEGER, started_at TEXT, beat_at REAL, ended_at TEXT, end_reason TEXT, slot TEXT";

type Place = { readonly scratch: Scratch; readonly path: string; readonly gone: number; readonly here: number };

async function place(onGhost: "reap" | "release"): Promise<Place> {
  const scratch = newScratch();
  const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost, fields });
  return { scratch, path, gone: (await gonePid()).pid, here: (await idle()).pid };
}

const row = (id: string, pid: number, reason: string, slot: string): string =>
  `INSERT INTO sessions (session_id, pid, started_at, end_reason, slot) VALUES ('${id}', ${pid}, '2026-01-02T03:04:05Z', ${reason}, '${slot}')`;

const slots = "SELECT session_id, slot FROM sessions ORDER BY session_id";

describe.skipIf(!hasSqlite("tables with constraints"))("a constraint of a table that says what becomes of another row", () => {
  test.each([
    ["its key", `CREATE TABLE sessions (session_id TEXT PRIMARY KEY ON CONFLICT REPLACE, ${columns})`],
    ["another column", `CREATE TABLE sessions (id INTEGER PRIMARY KEY, session_id TEXT UNIQUE ON CONFLICT REPLACE, ${columns})`],
    ["several columns", `CREATE TABLE sessions (session_id TEXT, ${columns}, UNIQUE (session_id) ON CONFLICT REPLACE)`],
    ["its key, which ignores what comes", `CREATE TABLE sessions (session_id TEXT PRIMARY KEY ON CONFLICT IGNORE, ${columns})`],
  ])("replaces no newcomer by what is put back, where it stands at %s", async (_, table) => {
    const { scratch, path, gone, here } = await place("reap");
    await makeDatabase(path, [table, row("one", gone, "NULL", "old")]);
    expect((await sweepReport(scratch, ["sweep"], withSqlite)).summary).toMatchObject({ reaped: 1 });
    await makeDatabase(path, [row("two", here, "NULL", "beside"), row("one", here, "NULL", "newcomer")]);
    const name = (await sessreap(scratch, ["history", "--fields", "key"], withSqlite)).stdout.trim();
    expect((await sessreap(scratch, ["restore", name], withSqlite)).stdout).toContain("an entry of this name is there already");
    expect(await query(path, slots)).toEqual([
      { session_id: "one", slot: "newcomer" },
      { session_id: "two", slot: "beside" },
    ]);
  });

  test.each(["REPLACE", "IGNORE", "ROLLBACK", "FAIL", "ABORT"])(
    "takes no living row for what is written into a ghost, in mode %s, and that is said",
    async (mode) => {
      const { scratch, path, gone, here } = await place("release");
      const unique = `UNIQUE (slot, end_reason) ON CONFLICT ${mode}`;
      await makeDatabase(path, [
        `CREATE TABLE sessions (session_id TEXT PRIMARY KEY, ${columns}, ${unique})`,
        row("gone", gone, "NULL", "s"),
        row("here", here, "'pid_gone'", "s"),
        row("last", gone, "NULL", "t"),
      ]);
      const report = await sweepReport(scratch, ["sweep"], withSqlite);
      expect(by(report, "action")).toEqual({ gone: "failed", here: "kept", last: "released" });
      expect(report.entries.find(({ key }) => key === "gone")?.detail).toContain("another row says already what would be written");
      expect(report.exitCode).toBe(3);
      expect(await query(path, slots)).toHaveLength(3);
    },
  );
});
