import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gonePid, idle } from "../../processes.ts";
import { newScratch, sessreap } from "../harness.ts";
import { declareTable, fields, hasSqlite, openDatabase, schema, withSqlite } from "./database.ts";

const isTried = hasSqlite("a row's life on screen");

test.skipIf(!isTried).each(["DELETE", "WAL"])("a screen shows each moment of a row's life, with a journal in mode %s", async (journal) => {
  const scratch = newScratch();
  const [gone, here] = [await gonePid(), await idle()];
  const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "release", fields: { ...fields, host: "host" } });
  const row = (id: string, pid: number, host: string): string =>
    `INSERT INTO sessions VALUES ('${id}', ${pid}, '2026-01-02T03:04:05Z', NULL, NULL, NULL, 'hello', '${host}')`;
  const writer = await openDatabase(path, [
    `PRAGMA journal_mode = ${journal}`,
    schema.replace("prompt TEXT", "prompt TEXT, host TEXT"),
    row("ended", gone.pid, hostname()),
    row("running", here.pid, hostname()),
    row("theirs", here.pid, "elsewhere"),
  ]);
  const all = "SELECT * FROM sessions ORDER BY session_id";
  const before = await writer.run(all);
  const shown = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await sessreap(scratch, words, withSqlite);
    return `${code} ${stdout}${stderr}`;
  };
  expect(await shown("explain", "ended")).toMatch(
    /^0 ended {2}ghost: the process that it records has ended\n[^]*\nnext {4}the next sweep writes into it that it was released$/m,
  );
  expect(await shown("explain", "running")).toMatch(/^0 running {2}live: [^]*\nnext {4}kept while pid \d+ runs$/m);
  expect(await shown("explain", "theirs")).toMatch(/^0 theirs {2}undecided: another machine wrote it[^]*process {3}pid \d+ on elsewhere/);
  expect(await shown("sweep")).toMatch(/^0 [^]*- ended +\d+d {2}let go {2}process gone\n[^]*undo {4}sessreap restore --sweep/);
  expect(await writer.run("SELECT session_id, end_reason FROM sessions WHERE ended_at IS NOT NULL")).toEqual([
    { session_id: "ended", end_reason: "pid_gone" },
  ]);
  expect(await shown("explain", "ended")).toMatch(
    /^1 error +no registration is called "ended"; a sweep released "ended" on \w+ \d+ at [\d:]+: pid \d+ is gone \(sessreap restore ended undoes it\)$/m,
  );
  // Of what was never touched there is nothing to put back.
  for (const key of ["running", "theirs"]) expect(await shown("restore", key)).toMatch(/^1 error +no tombstone of/);
  expect(await shown("restore", "ended")).toMatch(/^0 [^]*ended +\S+ +put back[^]*left alone until/);
  expect(await writer.run(all)).toEqual(before);
  expect(await shown("explain", "ended")).toMatch(
    /^0 ended {2}undecided: you have put it back[^]*\nnext {4}left alone until \w+ \d+; sooner: sessreap reap --now ended$/m,
  );
  expect(await shown("history")).toMatch(/1 let go, 1 put back since/);
  expect(await shown("reap", "--now", "ended")).toMatch(/^0 /);
  expect(await shown("explain", "ended")).toMatch(/^1 error +no registration is called "ended"; a sweep released/);
  await writer.end();
});

test.skipIf(!isTried)("explain says of an entry that a sweep took out what it was, and of a name that never was nothing", async () => {
  const scratch = newScratch();
  const path = declareTable(scratch, join(scratch.dir, "a.db"), { onGhost: "reap" });
  const writer = await openDatabase(path, [
    schema,
    `INSERT INTO sessions (session_id, pid, started_at) VALUES ('it''s', ${(await gonePid()).pid}, '2026-01-02T03:04:05Z')`,
  ]);
  await sessreap(scratch, ["sweep"], withSqlite);
  expect((await sessreap(scratch, ["explain", "it's"], withSqlite)).stderr).toMatch(
    /a sweep took out "it's" on .* \(sessreap restore 'it'\\''s' undoes it\)$/m,
  );
  expect((await sessreap(scratch, ["explain", "never"], withSqlite)).stderr).toBe('error   no registration is called "never"\n');
  await sessreap(scratch, ["restore", "it's"], withSqlite);
  await writer.run("DELETE FROM sessions");
  expect((await sessreap(scratch, ["explain", "it's"], withSqlite)).stderr).not.toContain("a sweep");
  await writer.end();
});
