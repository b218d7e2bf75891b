import type { HostRow } from "../../core/identity/contested-name.ts";
import { findHosts, readHost } from "../../registries/rows/fleet-statements.ts";
import type { Connection } from "./server.ts";

export const numberOrNull = (text: string | null | undefined): number | null => (text === null || text === undefined ? null : Number(text));

/** What the table of hosts says under this machine's name; undefined where there is no such table, or it says nothing. */
export async function ownHost(
  { ask }: Connection,
  schema: string,
  machine: string,
): Promise<{ readonly hasHosts: boolean; readonly own: HostRow | undefined }> {
  const hasHosts = (await ask(findHosts(schema))).rows[0]?.["hosts"] != null;
  const row = hasHosts ? (await ask(readHost(schema, machine))).rows[0] : undefined;
  if (row === undefined) return { hasHosts, own: undefined };
  const contestedAgoMs = numberOrNull(row["contested_ago"]) ?? undefined;
  return {
    hasHosts,
    own: {
      bootId: row["boot_id"] ?? "",
      machineId: row["machine_id"] ?? undefined,
      pidNamespace: row["pid_namespace"] ?? undefined,
      seenAgoMs: Number(row["seen_ago"]),
      contestedAgoMs,
      aloneMs: Number(row["alone"]),
    },
  };
}
