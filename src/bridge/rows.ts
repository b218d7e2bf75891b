import type { EntryReport } from "../report/model/sweep.ts";
import type { Row } from "./types.ts";

export function rowOf({ key, sessionId, verdict, rung, reason, detail, action, tombstone }: EntryReport): Row {
  return { key, sessionId, verdict, rung, reason, detail, action, tombstone };
}
