import { Failure } from "../failure.ts";
import { nearest } from "../suggest.ts";

/** Of `list`: which members of its entries, and how many of these. */
export type ShowingOptions = { readonly fields?: string; readonly limit?: string };

/** The members that were asked for, of those that there are; undefined where nothing was said. */
export function fieldsFrom<Name extends string>(text: string | undefined, there: readonly Name[]): readonly Name[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const known = `do: take of ${there.join(", ")}`;
  if (names.includes("")) throw new Failure("usage", "--fields: a name is empty", known);
  return names.map((name) => {
    const found = there.find((one) => one === name);
    if (found !== undefined) return found;
    const near = nearest(name, there);
    throw new Failure("usage", `--fields: an entry has no "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`, known);
  });
}

/** How many are shown at most; `usual` where nothing was said, and 0 is all. */
export function limitFrom(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (!/^\d{1,9}$/.test(text)) throw new Failure("usage", `--limit: "${text}" is not a number; 0 is all`);
  return text === "0" ? Number.POSITIVE_INFINITY : Number(text);
}
