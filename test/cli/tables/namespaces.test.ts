import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gonePid } from "../../processes.ts";
import { by, leaveOut, newScratch, sweepReport } from "../harness.ts";
import { declareTable, hasSqlite, insert, openDatabase, schema, withSqlite } from "./database.ts";

/** A process whose pids are counted apart from ours. */
const apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork"];

function canBeApart(): boolean {
  const { status, stderr } = spawnSync(apart[0] as string, [...apart.slice(1), "true"], { encoding: "utf8" });
  if (status !== 0) leaveOut("a writer in another pid namespace", stderr);
  return status === 0;
}

const isTried = hasSqlite("a writer in another pid namespace") && canBeApart();

test.skipIf(!isTried)("a database that a process of another pid namespace has open is only reported", async () => {
  const scratch = newScratch();
  const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
  const { pid } = await gonePid();
  const writer = await openDatabase(path, ["PRAGMA journal_mode = WAL", schema, insert("gone", pid)], apart);
  const report = await sweepReport(scratch, ["sweep"], withSqlite);
  expect(report.registries[0]).toMatchObject({
    state: "report-only",
    problem: expect.stringContaining("in another pid namespace, has it open") as string,
  });
  expect(by(report, "action")).toEqual({ gone: "withheld" });
  expect(await writer.run("SELECT session_id FROM sessions")).toEqual([{ session_id: "gone" }]);
  await writer.end();
});
