import { randomUUID } from "node:crypto";
import { readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid, idle, pretend } from "../../processes.ts";
import { by, daysAgo, newScratch, sessreap, sweepReport, triedScratch, writeOld, type Scratch } from "../harness.ts";
import { fingerprint, hasSqlite, makeDatabase, withSqlite } from "./database.ts";

const epochDaysAgo = (days: number): number => Math.floor(Date.parse(daysAgo(days)) / 1000);

/** As SQLAlchemy keeps a time in SQLite: in UTC, without saying so. */
const bareDaysAgo = (days: number): string => daysAgo(days).replace("T", " ").replace("Z", "000");

/**
 * An example, the table that its program makes (restated from the sources at that commit) and the rows of a session that runs
 * and of one that does not. `said`: verdict and reason of each.
 */
const examples = [
  {
    // SpawnBox-dev/claude-plugins 107cc0ad, plugins/orchestrator/mcp/engine/agent_channel_state.ts
    config: "spawnbox",
    place: "project/.orchestrator-state/agent-channel/agent_channel.db",
    table:
      "CREATE TABLE sessions (session_id TEXT PRIMARY KEY, id8 TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL, started_at TEXT NOT NULL, last_heartbeat_at TEXT NOT NULL, current_task TEXT, kind TEXT)",
    row: (id: string) =>
      `INSERT INTO sessions VALUES ('${id}', '${id.slice(0, 8)}', 'subordinate', 'SA ${id.slice(0, 4)}', '${daysAgo(30)}', '${daysAgo(29)}', NULL, 'subordinate')`,
    argv: (id: string) => ["claude", "resume", id] as const,
    live: "8a1f54f0-53a3-4b43-9d0e-8e1d9d8a9d11",
    dead: "019dc6b7-1fd0-7e50-8f3e-3a0f0ad5c2f2",
    key: (id: string) => id,
    said: "ghost ttl-expired withheld",
  },
  {
    // NousResearch/hermes-agent 544ac55e, hermes_state.py
    config: "hermes",
    place: ".hermes/state.db",
    table:
      "CREATE TABLE sessions (id TEXT PRIMARY KEY, source TEXT NOT NULL, user_id TEXT, model TEXT, model_config TEXT, system_prompt TEXT, parent_session_id TEXT REFERENCES sessions (id), started_at REAL NOT NULL, ended_at REAL, end_reason TEXT, message_count INTEGER DEFAULT 0, tool_call_count INTEGER DEFAULT 0, input_tokens INTEGER DEFAULT 0, output_tokens INTEGER DEFAULT 0)",
    row: (id: string) => `INSERT INTO sessions (id, source, started_at) VALUES ('${id}', 'cli', ${epochDaysAgo(30)}.25)`,
    argv: (id: string) => ["hermes", "resume", id] as const,
    live: "20261028_101530_ab12cd",
    dead: "20261028_101531_ab12ce",
    key: (id: string) => id,
    said: "ghost ttl-expired withheld",
  },
  {
    // Dicklesworthstone/mcp_agent_mail 0fd3916f, src/mcp_agent_mail/models.py
    config: "mcp-agent-mail",
    place: "mcp_agent_mail/storage.sqlite3",
    table:
      "CREATE TABLE agents (id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, name VARCHAR(128) NOT NULL, program VARCHAR(128) NOT NULL, model VARCHAR(128) NOT NULL, task_description VARCHAR(2048) NOT NULL, inception_ts DATETIME NOT NULL, last_active_ts DATETIME NOT NULL, attachments_policy VARCHAR(16) NOT NULL, contact_policy VARCHAR(16) NOT NULL, UNIQUE (project_id, name))",
    row: (id: string) =>
      `INSERT INTO agents SELECT ifnull(max(id), 0) + 1, 1, '${id}', 'claude-code', 'm', '', '${bareDaysAgo(30)}', '${bareDaysAgo(29)}', 'auto', 'auto' FROM agents`,
    argv: (id: string) => ["claude", "agent", id] as const,
    live: "GreenCastle",
    dead: "PurpleMountain",
    key: (id: string) => (id === "GreenCastle" ? "1" : "2"),
    // Its times do not say their zone: a row is told a TTL after a sweep first saw it.
    said: "undecided within-ttl kept",
  },
] as const;

const read = (config: string): string => readFileSync(join("examples", `${config}.config.json`), "utf8");

function configured({ dir }: Scratch, config: string): readonly string[] {
  return ["--config", writeOld(join(dir, "config.json"), read(config))];
}

async function made(scratch: Scratch, place: string, sql: readonly string[]): Promise<string> {
  const path = writeOld(join(scratch.home, place), "");
  await makeDatabase(path, ["PRAGMA journal_mode = WAL", ...sql]);
  const old = epochDaysAgo(29);
  utimesSync(path, old, old);
  return path;
}

describe.skipIf(!hasSqlite("the examples with tables"))("an example with a table", () => {
  test.each(examples)("$config: the session that runs is kept, the other is told, and nothing is changed", async (example) => {
    const { config, place, table, row, argv, live, dead, key, said } = example;
    const scratch = triedScratch();
    const path = await made(scratch, place, [table, row(live), row(dead)]);
    await pretend(scratch.dir, argv(live));
    const before = fingerprint(join(path, ".."));
    const report = await sweepReport(scratch, [...configured(scratch, config), "--now"], withSqlite);
    expect(by(report, "verdict", "reason", "action")).toEqual({
      [key(live)]: "live attached-cli kept",
      [key(dead)]: said,
    });
    expect(fingerprint(join(path, ".."))).toEqual(before);
  });

  test("spawnbox: the row of a session that its process has left is told as another session of it, and stays", async () => {
    const scratch = newScratch();
    const [holder, gone] = [await idle({ argv0: "claude" }), await gonePid()];
    const [left, now, ended] = [randomUUID(), randomUUID(), randomUUID()];
    const { table, place } = examples[0];
    const row = (id: string): string =>
      `INSERT INTO sessions VALUES ('${id}', '${id.slice(0, 8)}', 'primary', 'PA', '${daysAgo(3)}', '${daysAgo(0)}', NULL, 'primary')`;
    const path = await made(scratch, place, [table, row(left), row(ended), row(now)]);
    const marker = (pid: number, id: string): string => writeOld(join(path, "../..", `active-session-${pid}`), id, 0);
    // The process wrote its marker when it began; its server was started then, and beats for that session still.
    marker(holder.pid, left);
    marker(gone.pid, ended);
    const own = {
      pid: holder.pid,
      sessionId: now,
      startedAt: Date.now(),
      procStart: holder.startTicks,
      version: "2.1.197",
      kind: "interactive",
    };
    writeOld(join(scratch.home, ".claude/sessions", `${holder.pid}.json`), JSON.stringify(own), 0);
    const words = configured(scratch, "spawnbox");
    const report = await sweepReport(scratch, ["list", ...words], withSqlite);
    // The marker of its process keeps the row of the session that was left, its heart that of one that ended, the record the other.
    expect(by(report, "verdict", "reason", "phantomOf")).toMatchObject({
      [left]: `undecided registered-alive ${now}`,
      [`active-session-${holder.pid}`]: `undecided within-grace ${now}`,
      [`${holder.pid}.json`]: "undecided within-grace null",
      [ended]: "undecided heartbeat-fresh null",
      [now]: "live registered-alive null",
    });
    const { stdout } = await sessreap(scratch, ["list", ...words], withSqlite);
    expect(stdout.match(new RegExp(`another session of this process, which itself says ${now}`, "g"))).toHaveLength(2);
    expect((await sessreap(scratch, ["explain", left, ...words], withSqlite)).stdout).toContain(`says ${now} of the same process`);
    expect(by(await sweepReport(scratch, ["sweep", ...words, "--now"], withSqlite), "action")).toMatchObject({ [left]: "kept" });
  });

  test("agent-deck: the window that runs is kept, the other is told, and the sessions of both are read", async () => {
    const scratch = newScratch();
    const [here, gone] = [await idle({ argv0: "agent-deck" }), await gonePid()];
    // asheshgoplani/agent-deck e9de3224, internal/statedb/statedb.go
    const path = await made(scratch, ".agent-deck/profiles/default/state.db", [
      "CREATE TABLE instances (id TEXT PRIMARY KEY, title TEXT NOT NULL, project_path TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'error', tmux_session TEXT NOT NULL DEFAULT '', created_at INTEGER NOT NULL, last_accessed INTEGER NOT NULL DEFAULT 0, tool_data TEXT NOT NULL DEFAULT '{}')",
      "CREATE TABLE instance_heartbeats (pid INTEGER PRIMARY KEY, started INTEGER NOT NULL, heartbeat INTEGER NOT NULL, is_primary INTEGER NOT NULL DEFAULT 0)",
      `INSERT INTO instances (id, title, project_path, tmux_session, created_at) VALUES ('a1b2c3d4-1700000000', 'one', '/srv/one', 'agentdeck_one_a1b2c3d4', ${epochDaysAgo(30)})`,
      ...[here, gone].map(({ pid }) => `INSERT INTO instance_heartbeats VALUES (${pid}, ${epochDaysAgo(30)}, ${epochDaysAgo(29)}, 0)`),
    ]);
    const before = fingerprint(join(path, ".."));
    const words = configured(scratch, "agent-deck");
    const report = await sweepReport(scratch, words, withSqlite);
    const said = by(report, "verdict", "action");
    expect({ here: said[here.pid], gone: said[gone.pid] }).toEqual({ here: "live kept", gone: "ghost withheld" });
    expect((await sessreap(scratch, ["config", ...words], withSqlite)).stdout).toContain('tmuxSession "tmux_session" in 1 of 1');
    expect(fingerprint(join(path, ".."))).toEqual(before);
  });
});
