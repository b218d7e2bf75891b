import { quoteName } from "./names.ts";
import { tableName, type ServerStatement, type ServerTableShape } from "./server-statements.ts";

/** The table in which each machine says once a sweep that it is there, beside the table of registrations. */
export const hostsTable = "sessreap_hosts";

export const hostsIn = (schema: string): string => `${quoteName(schema)}.${hostsTable}`;

/** A machine is silent when it has not swept for so many of its periods. */
export const silentPeriods = 3;

/** Makes the table of hosts. */
export function createHosts(schema: string): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${hostsIn(schema)} (
  machine text PRIMARY KEY,
  boot_id text NOT NULL,
  seen_at timestamptz NOT NULL,
  since timestamptz NOT NULL,
  period interval NOT NULL,
  contested_at timestamptz,
  alone interval NOT NULL DEFAULT '0',
  machine_id text,
  pid_namespace text,
  heartbeat_ttl interval,
  silent_since timestamptz,
  silent_seen_at timestamptz,
  silent_in pg_snapshot
)`,
    `COMMENT ON TABLE ${hostsIn(schema)} IS 'sessreap: one row a machine, written once a sweep'`,
  ];
}

/** Whether there is a table of hosts. */
export function findHosts(schema: string): ServerStatement {
  return { sql: "SELECT to_regclass($1)::text AS hosts", values: [hostsIn(schema)] };
}

export const agoMs = (column: string): string => `(extract(epoch FROM now() - ${column}) * 1000)::bigint::text`;

/** What a pause adds to the time for which one boot alone has swept: while a server was down, no other machine could. */
const aloneUntilNow = (row: string): string => `${row}.alone + least(now() - ${row}.seen_at, ${row}.period)`;

/** What is said under one machine's name, by the server's clock. */
export function readHost(schema: string, machine: string): ServerStatement {
  return {
    sql: `SELECT boot_id, machine_id, pid_namespace, ${agoMs("seen_at")} AS seen_ago, ${agoMs("contested_at")} AS contested_ago,
      (extract(epoch FROM ${aloneUntilNow("h")}) * 1000)::bigint::text AS alone FROM ${hostsIn(schema)} AS h WHERE machine = $1`,
    values: [machine],
  };
}

/**
 * Who says that it has swept. A container is told by its pid namespace; the machine itself by its id, where it has one. Its
 * rows are to stay for so long, in ms, when it falls silent.
 */
export type Sweeper = {
  readonly bootId: string;
  readonly machineId: string | undefined;
  readonly pidNamespace: string | undefined;
  readonly heartbeatTtlMs: number | undefined;
};

/** Says that this machine has swept. What it has said without a gap is counted from the first of it. */
export function writeHost(
  schema: string,
  machine: string,
  { bootId, machineId, pidNamespace, heartbeatTtlMs }: Sweeper,
  periodMs: number,
): ServerStatement {
  const hosts = hostsIn(schema);
  return {
    sql: `INSERT INTO ${hosts} AS h (machine, boot_id, machine_id, pid_namespace, seen_at, since, period, heartbeat_ttl)
      VALUES ($1, $2, $3, $4, now(), now(), $5::double precision * interval '1 millisecond', $6::double precision * interval '1 millisecond')
      ON CONFLICT (machine) DO UPDATE SET boot_id = excluded.boot_id, machine_id = excluded.machine_id, pid_namespace = excluded.pid_namespace, seen_at = now(), period = excluded.period,
      heartbeat_ttl = excluded.heartbeat_ttl,
      alone = CASE WHEN (h.boot_id, h.pid_namespace) IS NOT DISTINCT FROM (excluded.boot_id, excluded.pid_namespace) THEN ${aloneUntilNow("h")} ELSE '0' END,
      since = CASE WHEN h.seen_at < now() - 2 * h.period THEN now() ELSE h.since END WHERE h.machine = $1`,
    values: [
      machine,
      bootId,
      machineId ?? null,
      pidNamespace ?? null,
      String(periodMs),
      heartbeatTtlMs === undefined ? null : String(heartbeatTtlMs),
    ],
  };
}

/** Says that a second machine goes by this name: neither of them sweeps then, and what one has swept alone is over. */
export function contestHost(schema: string, machine: string): ServerStatement {
  return { sql: `UPDATE ${hostsIn(schema)} SET contested_at = now(), alone = '0' WHERE machine = $1`, values: [machine] };
}

/** Every machine that a table of registrations names, or that has swept: its rows that stand, and whether it is silent. Nothing is written. */
export function listHosts(shape: ServerTableShape, hasHosts: boolean): ServerStatement {
  const { schema, machine, open } = shape.server;
  const standing = open === undefined ? "" : `WHERE r.${quoteName(open)} IS NULL`;
  const rows = `SELECT r.${quoteName(machine)}::text AS machine, count(*) AS rows FROM ${tableName(shape)} AS r ${standing} GROUP BY 1`;
  if (!hasHosts)
    return {
      sql: `SELECT machine, rows::text, NULL AS boot_id, NULL AS seen_ago, NULL AS silent FROM (${rows}) AS c ORDER BY machine`,
      values: [],
    };
  return {
    sql: `SELECT coalesce(h.machine, c.machine) AS machine, coalesce(c.rows, 0)::text AS rows, h.boot_id, ${agoMs("h.seen_at")} AS seen_ago,
      (h.seen_at < now() - ${silentPeriods} * h.period)::text AS silent
      FROM ${hostsIn(schema)} AS h FULL JOIN (${rows}) AS c ON c.machine = h.machine ORDER BY 1`,
    values: [],
  };
}
