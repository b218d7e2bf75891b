import { knownClaimFrom } from "../fields.ts";
import type { Claim } from "../format.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { describedBasics, type DeclaredShape } from "./declared.ts";
import { withKept } from "./kept.ts";

/** What a table's format is in every database: which rows claim anything, and which columns have to be there. */
export function describedTable(shape: DeclaredShape) {
  const { table = "", where = {}, fields, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    ...describedBasics(shape),
    layout: "rows",
    table,
    where,
    columns: [...Object.values(fields).filter((name) => name !== "<key>"), ...Object.keys(where), ...Object.keys(keepWhen)],
    claim: (key: string, values: object): Claim => withKept(knownClaimFrom(key, values, fields), values, keepWhen),
  } as const;
}
