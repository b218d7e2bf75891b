import { expect, test } from "vitest";
import { tableShape, type ListedColumn, type ListedTable, type TableQuestion } from "../../../src/registries/rows/table.ts";

const question: TableQuestion = { table: "s", where: {}, columns: ["id"] };
const column = (name: string, pk = 0, hidden = 0): ListedColumn => ({ name, pk, hidden });
const shapeOf = (columns: readonly ListedColumn[], table: Partial<ListedTable> = {}) =>
  tableShape([{ name: "s", type: "table", wr: 0, ...table }], question, () => columns);

test("the columns of a key stand in the key's order, and generated ones apart", () => {
  expect(shapeOf([column("id", 2), column("team", 1), column("both", 0, 2)])).toEqual({
    name: "s",
    columns: ["id", "team"],
    generated: ["both"],
    key: ["team", "id"],
    rowid: "rowid",
  });
});

test.each([
  [["id", "rowid"], "_rowid_"],
  [["id", "ROWID", "_rowid_"], "oid"],
])("a table that has %s of its own is numbered as %s", (names, rowid) => {
  expect(shapeOf(names.map((name) => column(name)))).toMatchObject({ rowid });
});

test("a table in which neither a key nor a number tells rows apart is refused", () => {
  expect(shapeOf(["id", "rowid", "_rowid_", "oid"].map((name) => column(name)))).toMatchObject({
    problem: 'has nothing by which the rows of its table "s" can be told apart',
  });
});

test("a table without numbers is known by its key", () => {
  expect(shapeOf([column("id", 1)], { wr: 1 })).toMatchObject({ key: ["id"], rowid: undefined });
});

test.each(["view", "virtual", "shadow"])("a %s is refused, and no other name proposed", (type) => {
  expect(shapeOf([column("id")], { type })).toMatchObject({ problem: `has "s" as a ${type} and not as a table`, names: [] });
});

test("a missing column is named with those that are there", () => {
  expect(shapeOf([column("sid")])).toEqual({ problem: 'has no column "id" in its table "s"', name: "id", names: ["sid"] });
});
