import { knownClaimFrom } from "../fields.ts";
import type { Format } from "../format.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { describedBasics, type DeclaredShape } from "./declared.ts";
import { withKept } from "./kept.ts";

/** One table of a SQLite database with an entry a row, described in the configuration. */
export function sqliteTable(shape: DeclaredShape): Format {
  const { table = "", where = {}, fields, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    ...describedBasics(shape),
    name: "sqlite-table",
    summary: "a table of a SQLite database with one row per registration, described by `table`, `where` and `fields`",
    layout: "rows",
    store: "file",
    table,
    where,
    columns: [...Object.values(fields).filter((name) => name !== "<key>"), ...Object.keys(where), ...Object.keys(keepWhen)],
    claim: (key, values) => withKept(knownClaimFrom(key, values, fields), values, keepWhen),
  };
}
