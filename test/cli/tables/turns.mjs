// Looks at a table and takes its rows out, in this process, by a clock that goes on by so many ms with each reading of it.
// Prints what SQLite was asked for, and when the sweep left the table alone, in order.
import { lstatSync } from "node:fs";

const [path, stepMs = "0"] = process.argv.slice(2);
const log = [];
let now = 0;
performance.now = () => (now += Number(stepMs));
Atomics.wait = (_, __, ___, ms) => void log.push(`pause ${ms}`);

const sqlite = process.getBuiltinModule("node:sqlite");
const { DatabaseSync } = sqlite;
sqlite.DatabaseSync = class extends DatabaseSync {
  constructor(url, options) {
    super(url, options);
    log.push(`wait for a lock ${options.timeout}`);
  }
  exec(sql) {
    if (/^(?:BEGIN|COMMIT|ROLLBACK)/.test(sql)) log.push(sql);
    return super.exec(sql);
  }
  prepare(sql) {
    if (/^(?:SELECT.*FROM "|DELETE)/.test(sql)) log.push(sql.slice(0, 6));
    return super.prepare(sql);
  }
};

const { readTable } = await import("../../../src/host/databases/read-table.ts");
const { changeRows } = await import("../../../src/host/databases/change-rows.ts");
const { columnsOf, deleteRow } = await import("../../../src/registries/rows/statements.ts");

const read = readTable(path, { table: "sessions", where: { ended_at: null }, columns: ["session_id"] });
const looked = log.splice(0);
const { table, rows } = read;
const statements = rows.map((row) => ({ statement: deleteRow(table, columnsOf(table, row), row.rowid) }));
const changed = changeRows({ realPath: path, stat: lstatSync(path, { bigint: true }) }, statements);
console.log(JSON.stringify({ looked, rows: rows.length, changed: changed.map(({ kind }) => kind), worked: log }));
