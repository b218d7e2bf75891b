import type { Format } from "../format.ts";
import type { DeclaredShape } from "./declared.ts";
import { describedTable } from "./table.ts";

/** One table of a SQLite database with an entry a row, described in the configuration. */
export function sqliteTable(shape: DeclaredShape): Format {
  return {
    ...describedTable(shape),
    name: "sqlite-table",
    summary: "a table of a SQLite database with one row per registration, described by `table`, `where` and `fields`",
    store: "file",
  };
}
