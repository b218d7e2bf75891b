import type { Format } from "../format.ts";
import type { DeclaredShape } from "./declared.ts";
import { describedTable } from "./table.ts";

/** One table of a PostgreSQL database with an entry a row, described in the configuration. */
export function postgresTable(shape: DeclaredShape): Format {
  return {
    ...describedTable(shape),
    name: "postgres-table",
    summary:
      "a table of a PostgreSQL database with one row per registration, described by `url`, `table`, `where` and `fields`; of it each machine sees its own rows",
    store: "server",
    keepWhen: shape.keepWhen ?? {},
  };
}
