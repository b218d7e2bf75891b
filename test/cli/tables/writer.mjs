// A program with a database open, under a Node that has SQLite: it runs the SQL that comes in, a line of JSON each, and
// answers with the rows of what asks for some.
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(process.argv[2]);
/** A number that JavaScript cannot hold goes out as its digits. */
const plain = (_, value) => (typeof value !== "bigint" ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
const answer = (rows) => process.stdout.write(`${JSON.stringify(rows, plain)}\n`);

function run(sql) {
  if (/^\s*(?:select|pragma)/i.test(sql)) {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    return statement.all();
  }
  database.exec(sql);
  return [];
}

answer([]);
for await (const line of createInterface({ input: process.stdin })) {
  try {
    answer(run(JSON.parse(line)));
  } catch (error) {
    answer({ error: error.message });
  }
}
database.close();
