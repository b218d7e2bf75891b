import type { Beside } from "./server-changes.ts";
import { agoMs, hostsIn, silentPeriods } from "./fleet-statements.ts";
import { quoteName } from "./names.ts";
import { given, orderOf, selected, tableName, type Given, type ServerStatement, type ServerTableShape } from "./server-statements.ts";

/**
 * By what another machine's rows are found stale: the column of their heartbeat, for how long, in ms, it has to stand still, and the
 * column of their registration, from which the first beat is told; undefined where there is none.
 */
export type Silence = { readonly heartbeat: string; readonly ttlMs: number; readonly registered: string | undefined };

const ms = (place: string): string => `${place}::double precision * interval '1 millisecond'`;

/** For how long a machine's heartbeats have to stand still: as long as it says itself, where that is longer. */
const ttlOf = (ttl: string, host: string): string => `greatest(${ms(ttl)}, ${host}.heartbeat_ttl)`;

/** A machine without a row that stands is forgotten after so long when silent machines are counted. */
const forgottenAfter = "interval '7 days'";

/**
 * A row of passes begins anew after so long, or a row that was written since the first of them, as by a restore, would stay for as
 * long as its machine is silent.
 */
const anewAfter = (ttl: string): string => `greatest(2 * ${ttlOf(ttl, "h")}, interval '14 days')`;

/** So many rows of silent machines are released at most by one sweep. */
const atOnce = 1_000;

/** A machine that was refused for its name was there, too. */
const signOf = (host: string): string => `greatest(${host}.seen_at, ${host}.contested_at)`;

const isSilent = (host: string): string => `${signOf(host)} < now() - ${silentPeriods} * ${host}.period`;

/**
 * Machines `h` that are silent before the eyes of this one, `o`: it has swept without a gap for as long as they have to be silent,
 * and the server was up. After an outage of the server, a step of its clock or a restore of its data no machine has.
 */
const silentBefore = (schema: string, machine: string): string =>
  `${hostsIn(schema)} AS h JOIN ${hostsIn(schema)} AS o ON o.machine = ${machine} AND h.machine <> o.machine
    WHERE ${isSilent("h")} AND o.seen_at >= now() - 2 * o.period AND o.since <= now() - ${silentPeriods} * h.period
    AND pg_postmaster_start_time() <= now() - ${silentPeriods} * h.period`;

/** The passes that found it silent go on from one to the next, and it was not heard since the first. */
const isUnbroken = `h.silent_since > ${signOf("h")} AND h.silent_seen_at >= now() - ${silentPeriods} * h.period`;

/** No pass has marked it for a period. */
const isDue = "(h.silent_seen_at IS NULL OR h.silent_seen_at <= now() - h.period)";

const isLong = (ttl: string): string => `${isUnbroken} AND h.silent_since <= now() - greatest(h.period, ${ttlOf(ttl, "h")})`;

/** How many silent machines no pass has marked for a period, and whether one has been marked for long. Nothing is written. */
export function findSilent(schema: string, machine: string, { ttlMs }: Silence): ServerStatement {
  const { add, values } = given();
  const [me, ttl] = [add(machine), add(String(ttlMs))];
  return {
    sql: `SELECT count(*) FILTER (WHERE ${isDue})::text AS due,
      count(*) FILTER (WHERE ${isLong(ttl)})::text AS long FROM ${silentBefore(schema, me)}`,
    values,
  };
}

/** Only one session at a time passes over silent machines. */
const turnOf = (schema: string): string => `pg_try_advisory_xact_lock(1936946035, hashtext('${hostsIn(schema).replaceAll("'", "''")}'))`;

export function takeTurn(schema: string): ServerStatement {
  return { sql: `SELECT ${turnOf(schema)}::text AS taken`, values: [] };
}

/** One pass: marks each silent machine, with the transactions that were over when the first pass of an unbroken row found it so. */
export function markSilent(schema: string, machine: string, { ttlMs }: Silence): ServerStatement {
  const { add, values } = given();
  const [me, ttl] = [add(machine), add(String(ttlMs))];
  return {
    sql: `WITH turn AS MATERIALIZED (SELECT ${turnOf(schema)} AS taken),
      due AS (SELECT h.machine, ${isUnbroken} AND h.silent_since > now() - ${anewAfter(ttl)} AS unbroken FROM ${silentBefore(schema, me)}
        AND ${isDue})
      UPDATE ${hostsIn(schema)} AS h SET silent_seen_at = now(),
      silent_since = CASE WHEN due.unbroken THEN h.silent_since ELSE now() END,
      silent_in = CASE WHEN due.unbroken THEN h.silent_in ELSE pg_current_snapshot() END
      FROM due WHERE h.machine = due.machine AND ${isSilent("h")} AND (SELECT taken FROM turn)`,
    values,
  };
}

/** How many rows of a machine that was silent until now others have released for that in a day. */
export function countReleased(shape: ServerTableShape, machine: string, reason: string): ServerStatement {
  const { schema, machine: column, open = "" } = shape.server;
  const { add, values } = given();
  const rows = `${tableName(shape)} AS r JOIN ${hostsIn(schema)} AS h ON h.machine = ${add(machine)} AND ${isSilent("h")}`;
  return {
    sql: `SELECT count(*)::text AS released FROM ${rows} AND r.${quoteName(column)} = h.machine
      AND r.${quoteName(open)} > greatest(h.seen_at, now() - interval '1 day') AND r.${quoteName(reason)}::text = 'stale_heartbeat'`,
    values,
  };
}

/** How many machines have ever swept, and how many of them are silent. */
export function countMachines(schema: string): ServerStatement {
  return {
    sql: `SELECT count(*)::text AS machines, count(*) FILTER (WHERE ${isSilent("h")})::text AS silent FROM ${hostsIn(schema)} AS h`,
    values: [],
  };
}

/** How many machines sweep or have rows that stand, and how many of those are silent. */
function counted(shape: ServerTableShape): string {
  const { schema, machine, open = "" } = shape.server;
  const standing = `SELECT FROM ${tableName(shape)} AS r WHERE r.${quoteName(machine)} = h.machine AND r.${quoteName(open)} IS NULL`;
  return `SELECT count(*) AS machines, count(*) FILTER (WHERE ${isSilent("h")}) AS silent FROM ${hostsIn(schema)} AS h
    WHERE NOT (${isSilent("h")}) OR h.seen_at > now() - ${forgottenAfter} OR EXISTS (${standing})`;
}

export function countSilent(shape: ServerTableShape): ServerStatement {
  return { sql: `SELECT machines::text, silent::text FROM (${counted(shape)}) AS c`, values: [] };
}

/** The row's last writer as a transaction that is never counted anew. */
const writerOf = `(x.at - ((x.at - r.xmin::text::bigint) % 4294967296 + 4294967296) % 4294967296)::text::xid8`;

/** Where stale rows `r` stand: machines that were silent for long, and no writer came to the row since the first pass. */
function staleIn(shape: ServerTableShape, machine: string, { heartbeat, ttlMs, registered }: Silence, { add }: Given): Beside {
  const { schema, machine: column, open = "" } = shape.server;
  const [me, ttl] = [add(machine), add(String(ttlMs))];
  // A heart that never beat, and is as old as its row, shows nothing by its silence.
  const hasBeaten = registered === undefined ? "" : ` AND r.${quoteName(heartbeat)} <> r.${quoteName(registered)}`;
  return {
    from: `(SELECT h.machine, h.silent_in, h.heartbeat_ttl, ${agoMs(signOf("h"))} AS host_ago FROM ${silentBefore(schema, me)} AND ${isLong(ttl)}) AS s,
      (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS at) AS x`,
    condition: `r.${quoteName(column)} = s.machine AND r.${quoteName(open)} IS NULL AND r.${quoteName(heartbeat)} < now() - ${ttlOf(ttl, "s")}${hasBeaten}
      AND pg_visible_in_snapshot(${writerOf}, s.silent_in)`,
  };
}

/** Reads stale rows of other machines, with how long nothing was heard and the server's time. */
export function readStale(shape: ServerTableShape, machine: string, silence: Silence): ServerStatement {
  const all = given();
  const { from, condition } = staleIn(shape, machine, silence, all);
  const sums = ["s.host_ago", `${agoMs(`r.${quoteName(silence.heartbeat)}`)} AS beat_ago`, "now()::text AS at"];
  return { sql: `${selected(shape, sums, from)} WHERE ${condition} ORDER BY ${orderOf(shape)} LIMIT ${atOnce}`, values: all.values };
}

/** What has to be so still in the moment in which stale rows are released, with what is read beside them for it. */
export function stillStale(shape: ServerTableShape, machine: string, silence: Silence, all: Given): Beside {
  const { from, condition } = staleIn(shape, machine, silence, all);
  return { from, condition: `${condition} AND (SELECT silent * 2 <= machines FROM (${counted(shape)}) AS c)` };
}

/** Holds what silent machines say until the transaction ends: one that comes back waits for that, or was there before. */
export function holdSilent(schema: string, machine: string): ServerStatement {
  return {
    sql: `SELECT h.machine FROM ${hostsIn(schema)} AS h WHERE h.machine <> $1 AND ${isSilent("h")} ORDER BY h.machine FOR SHARE`,
    values: [machine],
  };
}
