import { nameless, type Names } from "../report/listing/resolve.ts";
import type { Entry } from "./load/loaded.ts";

/** Everything that an entry can be called by. */
export function namesOf({ key, claim }: Pick<Entry, "key" | "claim">, format: string): Names {
  const { sessionId, identity, pid } = claim.ok ? claim.registration : {};
  return { ...nameless, format, key, sessionId, identity, pid };
}
