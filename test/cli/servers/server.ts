import { execFileSync, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { Client } from "pg";
import { createHosts } from "../../../src/registries/rows/fleet-statements.ts";
import { launchForFile } from "../../processes.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";
import { configure, leaveOut, type Scratch } from "../harness.ts";

const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Where Debian keeps the programs of its servers. */
const versions = "/usr/lib/postgresql";

/** The programs of a PostgreSQL server, or why there are none. */
function findPrograms(): { readonly bin: string } | { readonly why: string } {
  const newest = existsSync(versions) ? readdirSync(versions).toSorted((a, b) => Number(b) - Number(a))[0] : undefined;
  if (newest !== undefined && existsSync(join(versions, newest, "bin", "initdb"))) return { bin: join(versions, newest, "bin") };
  const why = "there is no PostgreSQL server here (apt-get install postgresql)";
  if (process.env["SESSREAP_REQUIRE_POSTGRES"] === "1") throw new Error(`SESSREAP_REQUIRE_POSTGRES=1, and ${why}`);
  return { why };
}

const found = findPrograms();

/** Whether a real server can be had here; says why where it cannot. */
export function hasPostgres(what: string): boolean {
  if ("bin" in found) return true;
  leaveOut(what, found.why);
  return false;
}

/** Where one of PostgreSQL's programs is. */
export const programAt = (name: string): string => join("bin" in found ? found.bin : "", name);

/** PostgreSQL's programs run as nobody where the tests are root's, for whom they refuse to run. */
const user = isRoot ? { uid: nobody, gid: nobody } : {};

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** A server of the tests' own, on a unix socket alone. */
export type Server = {
  /** The directory of its socket. */
  readonly directory: string;
  readonly url: (database: string, role?: string) => string;
  /** A database of its own, with SQL that is run there first. */
  readonly database: (...sql: readonly string[]) => Promise<Database>;
  readonly start: (settings?: readonly string[], port?: number) => Promise<void>;
  /** Ends it as a crash would. */
  readonly kill: () => Promise<void>;
  /** What pg_hba.conf says instead of trusting everybody. */
  readonly allow: (lines: readonly string[]) => Promise<void>;
};

export type Database = {
  readonly name: string;
  readonly url: string;
  readonly run: (sql: string, values?: readonly unknown[]) => Promise<Rows>;
  readonly connect: (role?: string) => Promise<Client>;
};

/** Its socket is called by it. */
let socketPort = 5432;

/** A session of the tests' own, beside the tool. */
async function connectTo(directory: string, database: string, role: string): Promise<Client> {
  const client = new Client({ host: directory, port: socketPort, database, user: role });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Starts a server before the tests of a file and ends it behind them. */
export function ownServer(): Server {
  let [directory, number] = ["", 0];
  let child: ChildProcess | undefined;
  const bin = "bin" in found ? found.bin : "";
  const clients: Client[] = [];

  async function start(settings: readonly string[] = [], port = 5432): Promise<void> {
    socketPort = port;
    const given = [
      "listen_addresses=",
      `unix_socket_directories=${directory}`,
      "fsync=off",
      "max_connections=60",
      "logging_collector=off",
      ...settings,
    ];
    const words = [join(bin, "postgres"), "-D", join(directory, "data"), ...given.flatMap((one) => ["-c", one])];
    child = launchForFile("sh", ["-c", '"$@" & server=$!; read -r _; kill -QUIT $server 2>/dev/null; wait $server', "sh", ...words], {
      ...user,
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
    });
    for (let nth = 0; ; nth += 1) {
      try {
        await (await connectTo(directory, "postgres", "owner")).end();
        return;
      } catch (error) {
        if (nth === 400) throw error;
        await new Promise((done) => void setTimeout(done, 25));
      }
    }
  }

  async function kill(): Promise<void> {
    const ended = child === undefined ? undefined : once(child, "close");
    child?.stdin?.end();
    await ended;
    child = undefined;
  }

  const url = (name: string, role = "owner"): string => `postgres://${role}@/${name}?host=${directory}`;

  async function connect(name: string, role = "owner"): Promise<Client> {
    const client = await connectTo(directory, name, role);
    clients.push(client);
    return client;
  }

  async function database(...sql: readonly string[]): Promise<Database> {
    const name = `d${(number += 1)}`;
    const admin = await connectTo(directory, "postgres", "owner");
    await admin.query(`CREATE DATABASE ${name}`);
    await admin.end();
    let client = await connect(name);
    const run = async (text: string, values: readonly unknown[] = []): Promise<Rows> => {
      try {
        return (await client.query(text, [...values])).rows as Rows;
      } catch (error) {
        if (!/terminated|not queryable/.test(String(error))) throw error;
        client = await connect(name);
        return (await client.query(text, [...values])).rows as Rows;
      }
    };
    for (const one of sql) await run(one);
    return { name, url: url(name), run, connect: (role) => connect(name, role) };
  }

  async function allow(lines: readonly string[]): Promise<void> {
    writeFileSync(join(directory, "data", "pg_hba.conf"), `${[...lines, "local all owner trust"].join("\n")}\n`);
    const admin = await connectTo(directory, "postgres", "owner");
    await admin.query("SELECT pg_reload_conf()");
    await admin.query("SELECT pg_sleep(0.1)");
    await admin.end();
  }

  beforeAll(async () => {
    if (bin === "") return;
    directory = mkdtempSync(join(openPlace(), "sessreap-pg-"));
    chmodSync(directory, 0o755);
    if (isRoot) chownSync(directory, nobody, nobody);
    const words = ["-D", join(directory, "data"), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"];
    execFileSync(join(bin, "initdb"), words, {
      ...user,
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
      stdio: "ignore",
    });
    await start();
  });
  afterAll(async () => {
    for (const client of clients) await client.end().catch(() => undefined);
    await kill();
    if (directory !== "") rmSync(directory, { recursive: true, force: true });
  });
  return {
    get directory() {
      return directory;
    },
    url,
    database,
    start,
    kill,
    allow,
  };
}

export const fields = {
  sessionId: "session_id",
  identity: "agent_identity",
  host: "machine",
  pid: "pid",
  registeredAt: "registered_at",
  lastActivityAt: "last_verb_at",
  lastHeartbeatAt: "last_heartbeat",
  master: "is_master",
  releasedAt: "released_at",
  releaseReason: "release_reason",
} as const;

/** The table of the system that started this tool, with its indexes. */
export const schema = `
  CREATE TABLE controller_registrations (
    id bigserial PRIMARY KEY, agent_identity text NOT NULL, session_id text NOT NULL, machine text NOT NULL, pid integer,
    registered_at timestamptz NOT NULL DEFAULT now(), last_verb_at timestamptz, last_heartbeat timestamptz,
    is_master boolean NOT NULL DEFAULT false, released_at timestamptz, release_reason text);
  CREATE INDEX own_open ON controller_registrations (machine) WHERE released_at IS NULL;
  CREATE INDEX routed ON controller_registrations (agent_identity) WHERE released_at IS NULL`;

/** The table of machines, in which this one has long swept alone under its name. */
export const provenAs = (machine: string): string => `
  ${createHosts("public").join("; ")};
  GRANT ALL ON sessreap_hosts TO PUBLIC;
  INSERT INTO sessreap_hosts (machine, boot_id, seen_at, since, period, alone)
  VALUES ('${machine}', '${bootId}', now(), now() - interval '1 day', interval '5 minutes', interval '1 day')`;

/** Both tables. */
export const provenSchema = `${schema};${provenAs("venus")}`;

/** A row that was registered so long ago that no grace shelters it. */
export const insert = (session: string, machine: string, pid: number | null, more: Readonly<Record<string, string>> = {}): string => {
  const given = { agent_identity: "'mars'", session_id: `'${session}'`, machine: `'${machine}'`, pid: String(pid), ...more };
  const columns = { registered_at: "now() - interval '1 day'", ...given };
  return `INSERT INTO controller_registrations (${Object.keys(columns).join(", ")}) VALUES (${Object.values(columns).join(", ")})`;
};

/** Declares the table of a database as this machine's, called venus. */
export function declareServer(scratch: Scratch, url: string, more: Readonly<Record<string, unknown>> = {}): void {
  const table = { table: "controller_registrations", machine: "venus", about: "process", fields, onGhost: "release" };
  configure(scratch, { registries: [{ format: "postgres-table", url, ...table, ...more }] });
}
