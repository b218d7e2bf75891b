import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { installedCommand } from "../../packages.ts";
import { launch } from "../../processes.ts";
import { configure, leaveOut, toolWords, type RunOptions, type Scratch } from "../harness.ts";

/** The release that the standalone binaries hold, and the newest of the oldest line that has SQLite as it is wanted here. */
const releases = { current: "24.21.0", oldest: "22.23.3" } as const;

/** A Node that has SQLite, or why it cannot be had. */
function findNode(release: string): { readonly node: string } | { readonly why: string } {
  try {
    return { node: installedCommand(`node-${process.platform}-${process.arch}`, release, "node") };
  } catch (error) {
    const why = `Node ${release} cannot be had: ${String(error).split("\n")[0]}`;
    if (process.env["SESSREAP_REQUIRE_SQLITE"] === "1") throw new Error(`SESSREAP_REQUIRE_SQLITE=1, and ${why}`, { cause: error });
    return { why };
  }
}

const found = findNode(releases.current);

/** Whether tables can be tried here; says why where they cannot. */
export function hasSqlite(what: string): boolean {
  if ("node" in found) return true;
  leaveOut(what, found.why);
  return false;
}

const node = "node" in found ? found.node : process.execPath;

/** The built tool under a Node; a standalone binary has its own. */
const toolUnder = (program: string): RunOptions => ({ tool: toolWords.length === 1 ? toolWords : [program, ...toolWords.slice(1)] });

/** The built tool under a Node that has SQLite. */
export const withSqlite: RunOptions = toolUnder(node);

/** The built tool under the oldest line of Nodes that have it; undefined, with the reason said, where that cannot be had. */
export function underOldestNode(what: string): RunOptions | undefined {
  const oldest = findNode(releases.oldest);
  if ("node" in oldest) return toolUnder(oldest.node);
  leaveOut(what, oldest.why);
  return undefined;
}

/** That Node alone, for programs of the tests. */
export const nodeWithSqlite = node;

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** A process that has a database open. */
export type Writer = {
  readonly pid: number;
  /** Runs SQL there; returns the rows of what asks for some. */
  readonly run: (sql: string) => Promise<Rows>;
  /** Closes the database and ends. */
  readonly end: () => Promise<void>;
  readonly kill: () => Promise<void>;
};

/** Starts a process that opens a database, with SQL that it runs first. `under`: words that start it. */
export async function openDatabase(path: string, sql: readonly string[] = [], under: readonly string[] = []): Promise<Writer> {
  const words = [...under, node, join(import.meta.dirname, "writer.mjs"), path];
  const child = launch(words[0] as string, words.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const closed = once(child, "close");
  const next = async (): Promise<Rows> => {
    const line = await lines.next();
    if (line.done === true) throw new Error("the writer has ended");
    const answer = JSON.parse(line.value) as Rows | { readonly error: string };
    if ("error" in answer) throw new Error(answer.error);
    return answer;
  };
  const run = async (text: string): Promise<Rows> => {
    child.stdin?.write(`${JSON.stringify(text)}\n`);
    return next();
  };
  await next();
  for (const one of sql) await run(one);
  return {
    pid: child.pid as number,
    run,
    end: async () => {
      child.stdin?.end();
      await closed;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Makes a database by SQL, and closes it. */
export async function makeDatabase(path: string, sql: readonly string[]): Promise<void> {
  const writer = await openDatabase(path, sql);
  await writer.end();
}

/** What is in a database, by a connection of another process. */
export async function query(path: string, sql: string): Promise<Rows> {
  const writer = await openDatabase(path);
  const rows = await writer.run(sql);
  await writer.end();
  return rows;
}

/** Every file of a directory with its inode, its time of change and its bytes. */
export function fingerprint(directory: string): readonly string[] {
  return readdirSync(directory)
    .toSorted()
    .map((name) => {
      const { ino, mtimeNs, size } = statSync(join(directory, name), { bigint: true });
      return `${name} ${ino} ${mtimeNs} ${size} ${createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex")}`;
    });
}

export const fields = {
  sessionId: "session_id",
  pid: "pid",
  registeredAt: "started_at",
  lastHeartbeatAt: "beat_at",
  releasedAt: "ended_at",
  releaseReason: "end_reason",
} as const;

export const schema =
  "CREATE TABLE sessions (session_id TEXT PRIMARY KEY, pid INTEGER, started_at TEXT, beat_at REAL, ended_at TEXT, end_reason TEXT, prompt TEXT)";

/** Of a process that ran so long ago that no grace shelters it. */
export const insert = (id: string, pid: number, prompt = "hello"): string =>
  `INSERT INTO sessions VALUES ('${id}', ${pid}, '2026-01-02T03:04:05Z', NULL, NULL, NULL, '${prompt}')`;

/** Declares the table `sessions` of a database, and returns the database's path. */
export function declareTable(scratch: Scratch, path: string, more: Readonly<Record<string, unknown>> = {}): string {
  const declared = { format: "sqlite-table", path, table: "sessions", about: "process", where: { ended_at: null }, fields, ...more };
  configure(scratch, { registries: [declared] });
  return path;
}
