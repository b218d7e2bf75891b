import { quietSweepMs } from "../../core/policy.ts";
import { countForeign, type ServerStatement, type ServerTableShape } from "../../registries/rows/server-statements.ts";
import {
  countMachines,
  countReleased,
  countSilent,
  findSilent,
  readStale,
  type Silence,
} from "../../registries/rows/silence-statements.ts";
import { errorCode } from "../observed.ts";
import type { DatabaseQuestion, FleetCounts, ServerTable } from "./server-read.ts";
import type { Answer, Connection } from "./server.ts";

/** SQLSTATE of a statement that took longer than it may. */
const queryCanceled = "57014";

/** What a look found of machines that are silent. */
export type Silent = { readonly isPassDue: boolean; readonly withheld: string | undefined; readonly rows: Answer["rows"] };

export const nobodySilent: Silent = { isPassDue: false, withheld: undefined, rows: [] };

/**
 * By what rows of silent machines are found in a table; undefined where they cannot be: the server's clock is held against none
 * but a time with its zone, and names of machines only against text.
 */
export function silenceIn({ silence }: DatabaseQuestion, { server }: ServerTableShape): Silence | undefined {
  const isText = ["text", "character varying"].includes(server.types[server.machine] ?? "");
  const isTime = silence !== undefined && server.types[silence.heartbeat] === "timestamp with time zone";
  if (!isText || !isTime || server.open === undefined) return undefined;
  const isComparable = server.types[silence.registered ?? ""] === server.types[silence.heartbeat];
  return isComparable ? silence : { ...silence, registered: undefined };
}

/** Rows of other machines that the server calls stale, unless so many are silent that the server, or the way to it, may be at fault. */
export async function silentBeside({ ask }: Connection, shape: ServerTableShape, machine: string, silence: Silence): Promise<Silent> {
  const [found] = (await ask(findSilent(shape.server.schema, machine, silence))).rows;
  const isPassDue = Number(found?.["due"]) > 0;
  if (!(Number(found?.["long"]) > 0)) return { ...nobodySilent, isPassDue };
  const { rows } = await ask(readStale(shape, machine, silence));
  if (rows.length === 0) return { ...nobodySilent, isPassDue };
  const [counted] = (await ask(countSilent(shape))).rows;
  const [silent, machines] = [Number(counted?.["silent"]), Number(counted?.["machines"])];
  if (silent * 2 <= machines) return { isPassDue, withheld: undefined, rows };
  const withheld = `${silent} of ${machines} machines are silent, more than half, so none of their ${rows.length} stale rows is released`;
  return { isPassDue, withheld, rows: [] };
}

/** Asks for a count of rows that no index need hold; undefined where it takes too long. What else is looked at does not fail with it. */
async function askInPassing({ run, ask }: Connection, statement: ServerStatement): Promise<Answer["rows"][number] | undefined> {
  await run("SAVEPOINT passing; SET LOCAL statement_timeout = '1s'");
  try {
    return (await ask(statement)).rows[0];
  } catch (error) {
    if (errorCode(error) !== queryCanceled) throw error;
    return undefined;
  } finally {
    await run("ROLLBACK TO SAVEPOINT passing");
  }
}

/** Counts the machines that share a table, and where that is asked for the rows of others. */
export async function countFleet(
  connection: Connection,
  { machine, countsForeign, released }: DatabaseQuestion,
  shape: ServerTableShape,
  { hasHosts, own, silence }: Pick<ServerTable, "hasHosts" | "own" | "silence">,
): Promise<FleetCounts> {
  const [swept] = hasHosts ? (await connection.ask(countMachines(shape.server.schema))).rows : [];
  const others = countsForeign === true ? await askInPassing(connection, countForeign(shape, machine)) : undefined;
  // A machine that has swept of late was not called silent.
  const wasAway = own !== undefined && own.seenAgoMs > 2 * quietSweepMs && silence !== undefined;
  const gone =
    wasAway && released !== undefined ? await askInPassing(connection, countReleased(shape, machine, released.reason)) : undefined;
  return {
    releasedMeanwhile: Number(gone?.["released"] ?? 0),
    swept: swept === undefined ? undefined : { machines: Number(swept["machines"]), silent: Number(swept["silent"]) },
    foreign: others === undefined ? undefined : Number(others["others"]),
  };
}
