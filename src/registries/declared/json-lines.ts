import type { DeclaredShape } from "./declared.ts";
import type { Format } from "../format.ts";
import { jsonArray } from "./json-array.ts";

/** One file with one JSON value a line, described in the configuration. A line is called by its session, as an element is. */
export function jsonLines(shape: DeclaredShape): Format {
  return {
    ...jsonArray({ ...shape, entries: "" }),
    name: "json-lines",
    title: undefined,
    summary: "a file with one JSON value per line, each a registration, described by `fields`",
    container: "lines",
  } as Format;
}
