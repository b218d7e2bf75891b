import type { Presence } from "../core/registration.ts";
import type { FieldMap } from "./fields.ts";

/** What a configuration says of a registry that sessreap does not know by name. */
export type DeclaredShape = {
  /** JSON pointer to the object or array that holds the entries, in a file with many. */
  readonly entries: string;
  /** Which files are entries, in a directory with one file each. */
  readonly pattern: string;
  readonly fields: FieldMap;
  readonly presence: Presence;
};
