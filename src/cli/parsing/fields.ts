import { fieldNames, isField, type Field } from "../../report/listing/fields.ts";
import { Failure } from "../failure.ts";
import { nearest } from "../suggest.ts";

/** Of `list`: which members of its entries, and how many of these. */
export type ShowingOptions = { readonly fields?: string; readonly limit?: string };

/** The members that were asked for; undefined where nothing was said. */
export function fieldsFrom(text: string | undefined): readonly Field[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const known = `do: take of ${fieldNames.join(", ")}`;
  if (names.includes("")) throw new Failure("usage", "--fields: a name is empty", known);
  const wrong = names.find((name) => !isField(name));
  if (wrong === undefined) return names.filter(isField);
  const near = nearest(wrong, fieldNames);
  throw new Failure("usage", `--fields: an entry has no "${wrong}"${near === undefined ? "" : `; did you mean "${near}"?`}`, known);
}

/** How many are shown at most; `usual` where nothing was said, and 0 is all. */
export function limitFrom(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (!/^\d{1,9}$/.test(text)) throw new Failure("usage", `--limit: "${text}" is not a number; 0 is all`);
  return text === "0" ? Number.POSITIVE_INFINITY : Number(text);
}
