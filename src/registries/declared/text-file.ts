import { formatDefaults } from "../formats/shared/defaults.ts";
import type { Format } from "../format.ts";
import type { DeclaredShape } from "./declared.ts";
import { namesHoldersIn, textClaims } from "./text-claim.ts";

/** One file an entry whose claim is plain text, such as a bare pid, described in the configuration. */
export function textFile(shape: DeclaredShape): Format {
  const { pattern, text = [], about, ownDirectory = false } = shape;
  return {
    ...formatDefaults,
    name: "text-file",
    title: undefined,
    summary: "a file, or a directory with one file per registration, whose claim is plain text, described by `text`",
    about,
    namesHolders: namesHoldersIn(shape),
    declaredFields: JSON.stringify(text),
    codexThreads: true,
    body: "text",
    layout: "files",
    patterns: [pattern],
    nameIsEnough: false,
    ownDirectory,
    claim: textClaims(text),
  };
}
