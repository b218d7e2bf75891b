import { describe, expect, test } from "vitest";
import * as changes from "../../../src/registries/rows/server-changes.ts";
import * as statements from "../../../src/registries/rows/server-statements.ts";
import type { ServerTableShape } from "../../../src/registries/rows/server-statements.ts";

const shape: ServerTableShape = {
  name: "regs",
  columns: ["id", "machine", "session", "released", "reason", 'od"d'],
  generated: [],
  key: ["id"],
  rowid: undefined,
  server: {
    schema: "public",
    types: { id: "bigint", machine: "text", session: "text", released: "timestamp with time zone", reason: "text", 'od"d': "text" },
    exactTypes: { released: "timestamp(0) with time zone", reason: "text" },
    machine: "machine",
    open: "released",
  },
};

const columns = { id: "'1'", machine: "'venus'", session: "'s'", released: "NULL", reason: "NULL", 'od"d': "'it''s'" };
const written = { released: "'2026-01-01 00:00:00+00'", reason: "'pid_gone'" };
const change = { key: ["'1'"], version: "7", written };

describe("statements for a server", () => {
  const all = {
    readRows: statements.readRows(shape, "venus", { session: "s", reason: null }, undefined),
    measureRows: statements.measureRows(shape, "venus", {}, undefined),
    readReleased: statements.readReleased(shape, "venus", "session", ["s"]),
    release: changes.changeRows(shape, "venus", [change, { ...change, key: ["'2'"] }]),
    reap: changes.changeRows(shape, "venus", [{ ...change, written: undefined }]),
    unchanged: changes.findUnchanged(shape, "venus", [change]),
    unwrite: changes.unwriteRow(shape, columns, written),
    insert: changes.insertRow(shape, columns),
  };

  test.each(Object.entries(all))("%s says whose rows it means, and has no value in its text", (_name, { sql, values }) => {
    expect(sql.startsWith("INSERT") ? sql : sql.match(/r\."machine" = \$\d+/)?.[0]).toBeDefined();
    expect(values.flat()).toContain("venus");
    expect(sql).not.toContain("venus");
    expect(sql).not.toContain("pid_gone");
    // One place for each value, and no place without one.
    expect(new Set(sql.match(/\$\d+/g))).toEqual(new Set(values.map((_, nth) => `$${nth + 1}`)));
  });

  test.each(["release", "reap"] as const)("%s holds each row against the transaction that wrote it last", (name) => {
    expect(all[name].sql).toContain("(r.tableoid::text || ':' || r.xmin::text) = v.sessreap_version");
    expect(all[name].sql).toContain('r."released" IS NULL');
  });

  test("none writes a heartbeat, or any column beside those of a release", () => {
    expect(/SET (.*) FROM/.exec(all.release.sql)?.[1]).toBe('"released" = v.sessreap_w0, "reason" = v.sessreap_w1');
    expect(/SET (.*) WHERE/.exec(all.unwrite.sql)?.[1]?.match(/"\w+"/g)).toEqual(['"released"', '"reason"']);
  });

  test("a name is held only against columns that can have it", () => {
    const named = { columns: ["session", "id"], byKey: true, alsoReleased: true };
    const sqlFor = (text: string): string => statements.readRows(shape, "venus", {}, { ...named, text }).sql;
    expect(sqlFor("mars")).toContain('OR ((r."session" = $2))');
    expect(sqlFor("mars")).not.toContain('r."id" =');
    expect(sqlFor("17")).toContain('r."id" =');
    expect(statements.readRows(shape, "venus", {}, { text: "x", columns: [], byKey: false, alsoReleased: false }).sql).toContain("(false)");
  });

  test("a value that is none is refused before it is sent", () => {
    expect(() => changes.insertRow(shape, { ...columns, session: "nonsense" })).toThrow(TypeError);
    expect(() => changes.changeRows(shape, "venus", [{ ...change, key: ["1; DROP TABLE x"] }])).toThrow(TypeError);
  });
});
