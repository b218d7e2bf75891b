import { contestHost, createHosts, listHosts, writeHost, type Sweeper } from "../../registries/rows/fleet-statements.ts";
import { markSilent } from "../../registries/rows/silence-statements.ts";
import { settings } from "../../registries/rows/server-statements.ts";
import { numberOrNull, ownHost } from "./own-host.ts";
import { findTable } from "./read-server.ts";
import { problemOf, withConnection, withCure } from "./server.ts";
import type { DatabaseQuestion, ServerTable } from "./server-read.ts";

/** One machine, as a server knows it. `seenAgoMs` and `silent` are null where it never swept, or the server has no table of hosts. */
export type FleetHost = {
  readonly machine: string;
  readonly rows: number;
  readonly bootId: string | null;
  readonly seenAgoMs: number | null;
  readonly silent: boolean | null;
};

export type FleetRead =
  | { readonly kind: "read"; readonly schema: string; readonly hasHosts: boolean; readonly hosts: readonly FleetHost[] }
  | { readonly kind: "unread"; readonly problem: string };

/**
 * Says that this machine has swept, or that its name is not its own alone; and passes over the machines that are silent, where
 * that is due and no other one does. Throws where the server does not take it.
 */
export async function recordHost(
  { address, machine, schema, silence, isPassDue }: ServerTable,
  sweeper: Sweeper,
  periodMs: number,
  isContested: boolean,
): Promise<void> {
  await withConnection(address, async (connection) => {
    await connection.run(settings("change"));
    await connection.ask(isContested ? contestHost(schema, machine) : writeHost(schema, machine, sweeper, periodMs));
    await connection.run("COMMIT");
    if (isContested || !isPassDue || silence === undefined) return;
    await connection.run(settings("change"));
    await connection.ask(markSilent(schema, machine, silence));
    await connection.run("COMMIT");
  });
}

/** Every machine that a table names, in a transaction that cannot write. */
export async function readFleet(question: DatabaseQuestion): Promise<FleetRead> {
  try {
    return await withConnection(question.address, async (connection) => {
      await connection.run(settings("look"));
      const found = await findTable(connection, question);
      if ("kind" in found) return { kind: "unread", problem: found.kind === "unreadable" ? `${found.problem}; ${found.cure}` : found.kind };
      const { schema } = found.shape.server;
      const { hasHosts } = await ownHost(connection, schema, question.machine);
      const { rows } = await connection.ask(listHosts(found.shape, hasHosts));
      await connection.run("COMMIT");
      const hosts = rows.map((row) => ({
        machine: row["machine"] ?? "",
        rows: Number(row["rows"]),
        bootId: row["boot_id"] ?? null,
        seenAgoMs: numberOrNull(row["seen_ago"]),
        silent: row["silent"] == null ? null : row["silent"] === "true",
      }));
      return { kind: "read", schema, hasHosts, hosts };
    });
  } catch (error) {
    return { kind: "unread", problem: withCure(problemOf(error)) };
  }
}

/** Makes the table of hosts; returns why it could not be made. */
export async function initFleet(question: DatabaseQuestion, schema: string): Promise<string | undefined> {
  try {
    await withConnection(question.address, async (connection) => {
      await connection.run(settings("change"));
      for (const sql of createHosts(schema)) await connection.run(sql);
      await connection.run("COMMIT");
    });
    return undefined;
  } catch (error) {
    return withCure(problemOf(error));
  }
}
