import type * as Crypto from "node:crypto";
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** SHA-256 in hexadecimal digits. `node:crypto` costs a tenth of a bare start, and a quiet sweep needs none of it. */
export function sha256(text: string): string {
  const { createHash } = load("node:crypto") as typeof Crypto;
  return createHash("sha256").update(text).digest("hex");
}
