import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid } from "../../processes.ts";
import { configure, declareRegistry, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";
import { declareTable, fields, hasSqlite, insert, makeDatabase, schema, withSqlite } from "./database.ts";

const hasNone = process.getBuiltinModule("node:sqlite") === undefined && process.env["SESSREAP_BIN"] === undefined;

/** What the header of a database is to one who names it as something else. */
const header = Buffer.concat([Buffer.from("SQLite format 3\0", "latin1"), Buffer.alloc(84)]);

describe.skipIf(!hasNone)("a Node without SQLite (this one has it where these are left out)", () => {
  test("calls a table unreadable, names the cure, and sweeps everything else as ever", async () => {
    const scratch = newScratch();
    const path = join(scratch.dir, "a.db");
    writeFileSync(path, header);
    const { pid } = await gonePid();
    const agents = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ gone: { pid } }));
    configure(scratch, {
      registries: [
        { format: "keyed-json", path: agents, fields: { pid: "pid" }, about: "process" },
        { format: "sqlite-table", path, table: "sessions", fields },
      ],
    });
    const report = await sweepReport(scratch, ["sweep"]);
    expect(report.entries.map(({ key, action }) => `${key} ${action}`)).toEqual(["gone reaped"]);
    const table = report.registries.find((registry) => registry.path === path);
    expect(table?.state).toBe("unreadable");
    expect(table?.problem).toContain("it needs Node 22.16 or the standalone binary");
    expect(report.exitCode).toBe(3);
  });

  test("has read nothing where there is no other registry, which is a failure of the sweep as of any that nobody can read", async () => {
    const scratch = newScratch();
    writeFileSync(declareTable(scratch, join(scratch.dir, "a.db")), header);
    for (const words of [["sweep"], ["-n"], ["list"]]) expect((await sessreap(scratch, words)).code, words.join(" ")).toBe(1);
  });

  test("says so in list, config and doctor, too", async () => {
    const scratch = newScratch();
    writeFileSync(declareTable(scratch, join(scratch.dir, "a.db")), header);
    for (const words of [["list"], ["config"], ["doctor"]]) {
      const { stdout, stderr } = await sessreap(scratch, words);
      expect(`${stdout}${stderr}`, words.join(" ")).toContain("needs Node 22.16 or the standalone binary");
    }
  });

  test("says that a database is missing where it is", async () => {
    const scratch = newScratch();
    declareTable(scratch, join(scratch.dir, "none.db"));
    expect((await sweepReport(scratch, ["list"])).registries[0]?.state).toBe("missing");
  });
});

test("a database that is named as a JSON registry is recognised, and the format for it is named", async () => {
  const scratch = newScratch();
  writeFileSync(declareRegistry(scratch), header);
  const { registries } = await sweepReport(scratch, ["list"]);
  expect(registries[0]).toMatchObject({
    state: "unreadable",
    problem: 'is a SQLite database; describe it with the format "sqlite-table"',
  });
});

test.each([
  { what: "no table", more: { table: undefined }, said: "registries[0].table: is missing" },
  {
    what: "a pointer into a column",
    more: { fields: { sessionId: "/a/b" } },
    said: 'registries[0].fields: "/a/b" is no column of a table',
  },
  { what: "a condition that is no value", more: { where: { ended_at: { gt: 1 } } }, said: "registries[0].where.ended_at" },
  { what: "a condition on the key", more: { where: { "<key>": 1 } }, said: 'registries[0].where: "<key>" is no column' },
  { what: "an empty table name", more: { table: "" }, said: "an empty name" },
  { what: "a release without its columns", more: { onGhost: "release", fields: { sessionId: "a" } }, said: "registries[0].onGhost" },
  { what: "a table of a file", more: { format: "keyed-json" }, said: "keyed-json has a shape of its own and does not take it" },
])("a declaration of a table with $what is refused", async ({ more, said }) => {
  const scratch = newScratch();
  declareTable(scratch, join(scratch.dir, "a.db"), more);
  const { code, stderr } = await sessreap(scratch, ["list"]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) as string });
});

test.skipIf(!hasSqlite("a table beside a table"))("two tables of one database are two registries", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "a.db");
  const { pid } = await gonePid();
  await makeDatabase(path, [
    schema,
    schema.replace("sessions", "workers"),
    insert("one", pid),
    insert("two", pid).replace("sessions", "workers"),
  ]);
  const declared = { format: "sqlite-table", path, about: "process", fields, onGhost: "reap" };
  configure(scratch, {
    registries: [
      { ...declared, table: "sessions" },
      { ...declared, table: "workers" },
    ],
  });
  const report = await sweepReport(scratch, ["sweep"], withSqlite);
  expect(report.entries.map(({ key, action, registryIndex }) => `${key} ${action} ${registryIndex}`)).toEqual([
    "one reaped 0",
    "two reaped 1",
  ]);
  expect((await sessreap(scratch, ["restore", "one", "two"], withSqlite)).code).toBe(0);
});
