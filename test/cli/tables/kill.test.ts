import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid } from "../../processes.ts";
import { newScratch, sessreap, type Scratch } from "../harness.ts";
import { noStrace } from "../strace.ts";
import { declareTable, hasSqlite, insert, makeDatabase, openDatabase, query, schema, withSqlite } from "./database.ts";

/** Every call by which a sweep changes a file of a database or of its own. */
const calls = "pwrite64,write,ftruncate,unlink,unlinkat,rename,fsync,fdatasync";

const killedAt = (nth: number): readonly string[] => [
  ..."strace -f -qq -o /dev/null -e inject=io_uring_setup:error=ENOSYS".split(" "),
  "-e",
  `trace=${calls},io_uring_setup`,
  "-e",
  `inject=${calls}:signal=KILL:when=${nth}`,
];

function tombstonesIn({ stateDir }: Scratch): string {
  const directory = join(stateDir, "tombstones");
  if (!existsSync(directory)) return "";
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), "utf8"))
    .join("");
}

const allCalls = 400;

const isTried = hasSqlite("a sweep that is killed at a table") && noStrace() === undefined;

describe.skipIf(!isTried).each(["DELETE", "WAL"])(
  "a sweep that is killed at one call after the other, with a journal in mode %s",
  (journal) => {
    test("leaves the row as it was, or out with its tombstone, and the database whole", { timeout: 600_000 }, async () => {
      const { dir } = newScratch();
      const { pid } = await gonePid();
      const model = join(dir, "model.db");
      await makeDatabase(model, [`PRAGMA journal_mode = ${journal}`, schema, insert("gone", pid)]);
      const seen = new Set<string>();
      for (let nth = 1, isDone = false; !isDone && nth < allCalls; nth += 3) {
        const scratch = newScratch();
        mkdirSync(join(scratch.dir, "place"));
        const path = declareTable(scratch, join(scratch.dir, "place", "a.db"), { onGhost: "reap" });
        copyFileSync(model, path);
        const writer = journal === "WAL" ? await openDatabase(path, ["SELECT count(*) FROM sessions"]) : undefined;
        const { code } = await sessreap(scratch, ["sweep"], { ...withSqlite, under: killedAt(nth) });
        await writer?.end();
        isDone = code === 0;
        const rows = await query(path, "SELECT quote(session_id) AS id FROM sessions");
        const integrity = await query(path, "PRAGMA integrity_check");
        const isKept = tombstonesIn(scratch).includes('"key":"gone"');
        expect({ integrity, rows, isKept }, `killed at call ${nth}`).toEqual({
          integrity: [{ integrity_check: "ok" }],
          rows: rows.length === 0 ? [] : [{ id: "'gone'" }],
          isKept: rows.length === 0 || isKept,
        });
        seen.add(`${isDone ? "ended" : "killed"} ${rows.length}`);
      }
      // Some were killed before the row went, and the last one was not killed at all.
      expect(seen).toContain("killed 1");
      expect(seen).toContain("ended 0");
    });
  },
);
