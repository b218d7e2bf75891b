import { knownClaimFrom } from "../fields.ts";
import type { Format } from "../format.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { identityIsSession, namesHolders, namesTmux, releasesOf, type DeclaredShape } from "./declared.ts";
import { withKept } from "./kept.ts";

/** One table of a SQLite database with an entry a row, described in the configuration. */
export function sqliteTable(shape: DeclaredShape): Format {
  const { table = "", where = {}, fields, about, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    name: "sqlite-table",
    title: undefined,
    summary: "a table of a SQLite database with one row per registration, described by `table`, `where` and `fields`",
    about,
    namesHolders: namesHolders(shape),
    namesTmux: namesTmux(shape),
    identityIsSession: identityIsSession(shape),
    fields,
    declaredFields: JSON.stringify(fields),
    codexThreads: true,
    releases: releasesOf(fields),
    layout: "rows",
    table,
    where,
    columns: [...Object.values(fields).filter((name) => name !== "<key>"), ...Object.keys(where), ...Object.keys(keepWhen)],
    claim: (key, values) => withKept(knownClaimFrom(key, values, fields), values, keepWhen),
  };
}
