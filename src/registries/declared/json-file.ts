import { withKept } from "./kept.ts";
import { identityIsSession, namesHolders, namesTmux, releasesOf, type DeclaredShape } from "./declared.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import type { Format } from "../format.ts";
import { bodyOf, claimFromFile } from "../formats/shared/one-file.ts";

/**
 * One file an entry, described in the configuration. Without `fields` only the file's name is read: what it holds may
 * be anything.
 */
export function jsonFile(shape: DeclaredShape): Format {
  const { pattern, fields, about, keepWhen = {}, ownDirectory = false } = shape;
  const nameIsEnough = Object.keys(fields).length + Object.keys(keepWhen).length === 0;
  return {
    ...formatDefaults,
    name: "json-file",
    title: undefined,
    summary: "any directory with one JSON file per registration, described by `pattern` and `fields`",
    about,
    namesHolders: namesHolders(shape),
    namesTmux: namesTmux(shape),
    identityIsSession: identityIsSession(shape),
    fields,
    declaredFields: JSON.stringify(fields),
    keepWhen,
    codexThreads: true,
    releases: releasesOf(fields),
    layout: "files",
    patterns: [pattern],
    nameIsEnough,
    ownDirectory,
    claim: (name, content) =>
      nameIsEnough ? claimFromFile(name, undefined, fields) : withKept(claimFromFile(name, content, fields), bodyOf(content), keepWhen),
  };
}
