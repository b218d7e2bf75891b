// What the files of a release are called, and what is told of their bytes.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const binaryName = (platform) => `sessreap-${platform}`;
export const debName = (version, architecture) => `sessreap_${version}_${architecture}.deb`;

/** The text of `SHA256SUMS` for these files of a directory, as `sha256sum` writes and reads it. */
export function checksums(directory, names) {
  const sum = (name) =>
    createHash("sha256")
      .update(readFileSync(join(directory, name)))
      .digest("hex");
  return names.map((name) => `${sum(name)}  ${name}\n`).join("");
}
