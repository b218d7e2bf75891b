import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { withSqlite, hasSqlite, nodeWithSqlite } from "./database.ts";

const isTried = hasSqlite("a sweep beside three writers of a table") && withSqlite.tool?.length === 2;

test.skipIf(!isTried).each(["DELETE", "WAL"])(
  "no row goes that a writer had changed, and no write of one is undone, with a journal in mode %s",
  { timeout: 300_000 },
  (journal) => {
    const words = ["tools/race/tables.mjs", "--journal", journal, "--writes", "300", "--reaped", "60"];
    const { stdout, status } = spawnSync(nodeWithSqlite, words, { encoding: "utf8" });
    expect(JSON.parse(stdout)).toMatchObject({ wrong: 0, lost: [], integrity: "ok", failed: 0 });
    expect(status).toBe(0);
  },
);
