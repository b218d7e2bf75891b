import { withKept } from "./kept.ts";
import { describedBasics, type DeclaredShape } from "./declared.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import type { Format } from "../format.ts";
import { bodyOf, claimFromFile } from "../formats/shared/one-file.ts";

/**
 * One file an entry, described in the configuration. Without `fields` only the file's name is read: what it holds may
 * be anything.
 */
export function jsonFile(shape: DeclaredShape): Format {
  const { pattern, fields, keepWhen = {}, ownDirectory = false } = shape;
  const nameIsEnough = Object.keys(fields).length + Object.keys(keepWhen).length === 0;
  return {
    ...formatDefaults,
    ...describedBasics(shape),
    name: "json-file",
    summary: "any directory with one JSON file per registration, described by `pattern` and `fields`",
    keepWhen,
    layout: "files",
    patterns: [pattern],
    nameIsEnough,
    ownDirectory,
    claim: (name, content) =>
      nameIsEnough ? claimFromFile(name, undefined, fields) : withKept(claimFromFile(name, content, fields), bodyOf(content), keepWhen),
  };
}
