import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gonePid } from "../../processes.ts";
import { by, newScratch, sessreap, sweepReport } from "../harness.ts";
import { declareTable, fingerprint, hasSqlite, insert, makeDatabase, openDatabase, schema, underOldestNode } from "./database.ts";

const tool = hasSqlite("tables under Node 22") ? underOldestNode("tables under Node 22") : undefined;

const sql = ["PRAGMA journal_mode = WAL", schema];

test.skipIf(tool === undefined)(
  "Node 22 looks at a table, takes a row out and puts it back, and says nothing of an experiment",
  async () => {
    if (tool === undefined) return;
    const scratch = newScratch();
    const directory = join(scratch.dir, "place");
    mkdirSync(directory);
    const path = declareTable(scratch, join(directory, "a.db"), { onGhost: "reap" });
    await makeDatabase(path, [...sql, insert("gone", (await gonePid()).pid)]);
    const looks = async (): Promise<void> => {
      const before = fingerprint(directory);
      for (const words of [["list"], ["-n"]]) {
        const { stdout, stderr } = await sessreap(scratch, words, tool);
        expect(stdout).toContain("gone");
        expect(stderr).not.toMatch(/experimental/i);
      }
      expect(fingerprint(directory)).toEqual(before);
    };
    await looks();
    // What is only in the log now is read from there, and not written into the database.
    const writer = await openDatabase(path, ["UPDATE sessions SET prompt = 'in the log'"]);
    await looks();
    const before = await writer.run("SELECT * FROM sessions");
    expect(by(await sweepReport(scratch, ["sweep"], tool), "action")).toEqual({ gone: "reaped" });
    expect(await writer.run("SELECT * FROM sessions")).toEqual([]);
    const { code, stderr } = await sessreap(scratch, ["restore", "gone"], tool);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/experimental/i) as string });
    expect(await writer.run("SELECT * FROM sessions")).toEqual(before);
    await writer.end();
  },
);
