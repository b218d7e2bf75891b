import { expect, test } from "vitest";
import { deleteRow, endOfPart, insertRow, selectRows, unwriteRow, writeRow } from "../../../src/registries/rows/statements.ts";
import type { TableShape } from "../../../src/registries/rows/table.ts";

const keyed: TableShape = { name: "s", columns: ["id", "at"], generated: ["sum"], key: ["id"], rowid: "rowid" };
const bare: TableShape = { ...keyed, key: [], generated: [] };
const columns = { id: "'a'", at: "NULL" } as const;

test("a row is found by its key, and every stored literal of it is a condition", () => {
  const { sql, values } = deleteRow(keyed, columns, "7");
  expect(sql).toMatch(/^DELETE FROM "s" WHERE "id" IS \? AND CASE .*quote\("id"\) END = \? AND CASE .*quote\("at"\) END = \?$/);
  expect(values).toEqual(["a", "'a'", "NULL"]);
});

test.each([
  ["has no key", bare, columns],
  ["has a key that says nothing", keyed, { id: "NULL", at: "1" }],
])("a row that %s is found by its number", (_, shape, own) => {
  const { sql, values } = deleteRow(shape, own, "7");
  expect(sql).toContain("WHERE rowid IS ?");
  expect(values[0]).toBe(7n);
});

test("a row without key and number is changed by no statement", () => {
  expect(() => deleteRow(bare, columns, undefined)).toThrow("a row by its number");
});

test("a release sets its columns alone", () => {
  const { sql, values } = writeRow(keyed, columns, "7", { at: "'now'" });
  expect(sql).toMatch(/^UPDATE OR ABORT "s" SET "at" = \? WHERE /);
  expect(values.slice(0, 2)).toEqual(["now", "a"]);
});

test("a release is taken back where its columns are as it left them, and the others as they were", () => {
  const { sql, values } = unwriteRow(keyed, columns, "7", { at: "'now'" });
  expect(sql).toMatch(/^UPDATE OR ABORT "s" SET "at" = \? WHERE "id" IS \? AND CASE .*quote\("id"\) END = \? AND "at" IS \?$/);
  expect(values).toEqual([null, "a", "'a'", "now"]);
});

test("a row is put back with its stored columns alone, and replaces none", () => {
  expect(insertRow(keyed, columns)).toEqual({ sql: 'INSERT OR ABORT INTO "s" ("id", "at") VALUES (?, ?)', values: ["a", null] });
});

test("rows are chosen by equality and null alone, with every value bound", () => {
  const { sql, values } = selectRows(keyed, { at: null, "id; --": "x'", on: true }, { after: 3n, upTo: 9n });
  expect(sql).toContain('WHERE "at" IS NULL AND "id; --" = ? AND "on" = ? AND rowid > ? AND rowid <= ? ORDER BY rowid');
  expect(values).toEqual(["x'", 1, 3n, 9n]);
});

test("rows without numbers are read whole", () => {
  const { sql, values } = selectRows({ ...keyed, rowid: undefined }, {}, { after: undefined, upTo: undefined });
  expect(sql).toMatch(/^SELECT NULL AS at, .* FROM "s"$/);
  expect(values).toEqual([]);
});

test("a part ends with the last of so many rows, whatever they say", () => {
  expect(endOfPart(keyed, undefined, 10)).toEqual({
    sql: 'SELECT quote(rowid) AS at FROM "s" ORDER BY rowid LIMIT 1 OFFSET 9',
    values: [],
  });
  expect(endOfPart(keyed, -4n, 10)).toEqual({
    sql: 'SELECT quote(rowid) AS at FROM "s" WHERE rowid > ? ORDER BY rowid LIMIT 1 OFFSET 9',
    values: [-4n],
  });
});

test.each(["1; DROP TABLE s", "x"])("a tombstone that says %s is refused before it is bound", (literal) => {
  expect(() => insertRow(keyed, { id: literal })).toThrow("not a value of a table");
});
