import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { newScratch } from "../harness.ts";
import { hasSqlite, insert, makeDatabase, nodeWithSqlite, schema } from "./database.ts";

type Turns = {
  readonly looked: readonly string[];
  readonly rows: number;
  readonly changed: readonly string[];
  readonly worked: readonly string[];
};

/** What SQLite was asked for where each reading of the clock is so many ms after the one before. */
async function turnsOf(sql: readonly string[], stepMs: number): Promise<Turns> {
  const path = join(newScratch().dir, "a.db");
  await makeDatabase(path, [schema, ...sql]);
  const words = [join(import.meta.dirname, "turns.mjs"), path, String(stepMs)];
  return JSON.parse(execFileSync(nodeWithSqlite, words, { encoding: "utf8" })) as Turns;
}

const numbered = (name: string, rows: number, ended: string): string =>
  `INSERT INTO sessions WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT '${name}' || i, 1, NULL, NULL, ${ended}, NULL, '' FROM n`;

const many = (rows: number): readonly string[] => Array.from({ length: rows }, (_, nth) => insert(`s${nth}`, 1));

const count = (all: readonly string[], wanted: string): number => all.filter((one) => one === wanted).length;

describe.skipIf(!hasSqlite("turns of a sweep at a table"))("a sweep at a table", () => {
  test("waits for a lock for 250 ms, and takes each row out in a transaction of its own", async () => {
    const { looked, worked, changed } = await turnsOf(many(5), 0);
    expect([...looked, ...worked].filter((one) => one.startsWith("wait"))).toEqual(["wait for a lock 250", "wait for a lock 250"]);
    const each = ["BEGIN IMMEDIATE", "DELETE", "COMMIT"];
    expect(worked.slice(1)).toEqual([each, each, each, each, each].flat());
    expect(changed).toEqual(["done", "done", "done", "done", "done"]);
  });

  test("lets go of a look after 25 ms, and of its changes after as much for as long", async () => {
    const { looked, rows, worked, changed } = await turnsOf(many(40), 10);
    expect(rows).toBe(40);
    // Three rows a turn, each with the question for its end before it.
    expect(count(looked, "SELECT")).toBe(2 * 14);
    expect(count(changed, "done")).toBe(40);
    // A transaction is ten of those ms long: after three of them the table is left alone, but not behind the last.
    expect(count(worked, "pause 25")).toBe(13);
    const own = worked.filter((one) => !one.startsWith("wait"));
    const one = ["BEGIN IMMEDIATE", "DELETE", "COMMIT"];
    expect(own.slice(0, 10)).toEqual([one, one, one, "pause 25"].flat());
  });

  test("passes over 4,096 rows a turn where nearly none of them is a claim, and misses none of those", async () => {
    const sql = [
      "INSERT INTO sessions (rowid, session_id) VALUES (-9223372036854775808, 'first'), (-5, 'second')",
      numbered("over", 12_000, "'2026-01-02T03:04:05Z'"),
      insert("third", 1),
      "INSERT INTO sessions (rowid, session_id) VALUES (9223372036854775807, 'last')",
    ];
    const { looked, rows, changed } = await turnsOf(sql, 0);
    expect({ rows, done: count(changed, "done"), selects: count(looked, "SELECT") }).toEqual({ rows: 4, done: 4, selects: 2 * 3 });
  });
});
