import { knownClaimFrom } from "../fields.ts";
import type { Format } from "../format.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { describedBasics, type DeclaredShape } from "./declared.ts";
import { withKept } from "./kept.ts";

/** One table of a PostgreSQL database with an entry a row, described in the configuration. */
export function postgresTable(shape: DeclaredShape): Format {
  const { table = "", where = {}, fields, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    ...describedBasics(shape),
    name: "postgres-table",
    summary:
      "a table of a PostgreSQL database with one row per registration, described by `url`, `table`, `where` and `fields`; of it each machine sees its own rows",
    layout: "rows",
    store: "server",
    keepWhen,
    table,
    where,
    columns: [...Object.values(fields).filter((name) => name !== "<key>"), ...Object.keys(where), ...Object.keys(keepWhen)],
    claim: (key, values) => withKept(knownClaimFrom(key, values, fields), values, keepWhen),
  };
}
