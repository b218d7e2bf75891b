import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seen, unseen, type Clock } from "../../../src/core/evidence.ts";
import type { Host } from "../../../src/host/host.ts";
import { realHost } from "../../../src/host/real-host.ts";
import { postgresTable } from "../../../src/registries/declared/postgres-table.ts";
import { createHosts } from "../../../src/registries/rows/fleet-statements.ts";
import { parseServerAddress, type ServerAddress } from "../../../src/registries/rows/server-address.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { sweep } from "../../../src/sweep/sweep.ts";
import { idle } from "../../processes.ts";
import { plainSweep } from "../../sweep-options.ts";
import { newScratch } from "../harness.ts";
import { fields, hasPostgres, insert, ownServer, schema, type Database } from "./server.ts";

const isTried = hasPostgres("rows of other machines, by any clock");
const server = ownServer();

async function hostOf(more: (host: Host) => Partial<Host>): Promise<Host> {
  const stateDir = join(newScratch().dir, "swept");
  mkdirSync(stateDir);
  const host = await realHost(stateDir, "0.0.0");
  return { ...host, configDirectories: () => [], ...more(host) };
}

const boot = "019dc6b7-1fd0-4e50-8f3e-3a0f0ad5c2f2";

const columns = { ...fields, cwd: "cwd", tmuxPane: "pane" };

function targetAt({ url }: Database): Target {
  const shape = { entries: "", pattern: "", text: [], fields: columns, about: "session", keepWhen: {}, ownDirectory: false } as const;
  const format = postgresTable({ ...shape, table: "controller_registrations", where: {} });
  const place = { address: parseServerAddress(url) as ServerAddress, machine: "venus", heartbeatTtlMs: 3_600_000 };
  return { format, path: url, server: place, named: true, appServers: [], owner: undefined, release: undefined, onGhost: "release" };
}

/** Mars is silent, as passes have found for two hours; pluto sweeps. Both say pids and panes of processes that run here. */
async function fleet(pid: number): Promise<Database> {
  const place = { cwd: "'/tmp'", pane: "'%1'" };
  const beat = (ago: string): Record<string, string> => ({ ...place, last_heartbeat: `now() - interval '${ago}'` });
  return server.database(
    `${schema}; ALTER TABLE controller_registrations ADD cwd text, ADD pane text`,
    insert("stale", "mars", pid, beat("3 hours")),
    insert("young", "mars", pid, beat("1 minute")),
    insert("theirs", "pluto", pid, beat("3 days")),
    insert("new", "pluto", pid, { ...beat("1 minute"), registered_at: "now()" }),
    "SELECT pg_sleep(greatest(0, extract(epoch FROM pg_postmaster_start_time() + interval '3.1 seconds' - now())))",
    ...createHosts("public"),
    `INSERT INTO sessreap_hosts (machine, boot_id, seen_at, since, period, alone)
      VALUES ('venus', '${boot}', now(), now() - interval '1 day', interval '5 minutes', interval '1 day'),
      ('pluto', 'p', now(), now() - interval '1 day', interval '5 minutes', interval '1 day')`,
    `INSERT INTO sessreap_hosts (machine, boot_id, seen_at, since, period, silent_since, silent_seen_at, silent_in)
      VALUES ('mars', 'm', now() - interval '5 hours', now() - interval '9 days', interval '1 second', now() - interval '2 hours', now() + interval '1 hour', pg_current_snapshot())`,
  );
}

const hour = 3_600_000;

const clocks: readonly (readonly [what: string, clock: (clock: Clock) => Clock])[] = [
  ["is right", (clock) => clock],
  ...[1, 24 * 365, 24 * 3650, -1, -24 * 365, -24 * 3650].map(
    (hours) =>
      [
        `is wrong by ${hours} hours`,
        ({ wallMs, ...clock }: Clock) => ({ ...clock, wallMs: wallMs.seen ? seen(wallMs.value + hours * hour) : wallMs }),
      ] as const,
  ),
  ["was never set", (clock) => ({ ...clock, wallMs: seen(0) })],
  ["cannot be read", (clock) => ({ ...clock, wallMs: unseen("this test says so") })],
  ["has just begun to count", (clock) => ({ ...clock, bootMs: seen(1), awakeMs: seen(1) })],
];

describe.skipIf(!isTried)("another machine's row", () => {
  test.each(clocks)("is judged by the server's clock alone: this machine's %s", async (_, change) => {
    const database = await fleet((await idle()).pid);
    const host = await hostOf((real) => ({ clock: () => change(real.clock()), here: () => ({ ...real.here(), bootId: seen(boot) }) }));
    const { entries, exitCode } = await sweep(host, { ...plainSweep, targets: [targetAt(database)] });
    expect(exitCode).toBe(0);
    expect([...entries].map(({ key, verdict, reason, action }) => [key, verdict, reason, action])).toEqual([
      ["1", "ghost", "stale-heartbeat", "released"],
    ]);
    const rows = await database.run(
      "SELECT session_id, release_reason, now() - released_at BETWEEN '0' AND interval '1 minute' AS now FROM controller_registrations ORDER BY id",
    );
    expect(rows).toEqual([
      { session_id: "stale", release_reason: "stale_heartbeat", now: true },
      ...["young", "theirs", "new"].map((session_id) => ({ session_id, release_reason: null, now: null })),
    ]);
  });

  test("reaches no probe: neither its pid, its pane nor its directory is looked for here", async () => {
    const { pid } = await idle();
    const database = await fleet(pid);
    const asked = new Set<unknown>();
    const host = await hostOf((real) => ({
      here: () => ({ ...real.here(), bootId: seen(boot) }),
      lookAtProcesses: (question) => {
        for (const one of question.pids) asked.add(one);
        return real.lookAtProcesses(question);
      },
      startOfPid: (one) => {
        asked.add(one);
        return real.startOfPid(one);
      },
      lookAtTmux: (...question) => {
        asked.add("tmux");
        return real.lookAtTmux(...question);
      },
      probeEndpoint: (...question) => {
        asked.add("endpoint");
        return real.probeEndpoint(...question);
      },
    }));
    // Every machine's row is read where a person names them all.
    const target: Target = { ...targetAt(database), alsoRows: { text: "mars", of: "identity" } };
    const { entries } = await sweep(host, { ...plainSweep, lookAnyway: true, targets: [target] });
    expect([...entries].map(({ key, pid: shown, cwd }) => [key, shown, cwd])).toEqual(["2", "3", "4", "1"].map((key) => [key, null, null]));
    expect(asked.has(pid)).toBe(false);
    expect(asked.has("tmux") || asked.has("endpoint")).toBe(false);
    // The same row under this machine's own name is looked for.
    await database.run(insert("ours", "venus", pid));
    await sweep(host, { ...plainSweep, lookAnyway: true, targets: [target] });
    expect(asked.has(pid)).toBe(true);
  });
});
