import { execFileSync, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { gonePid, idle, launchForFile, stop } from "../../processes.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";
import { by, copiedTool, leaveOut, newScratch, sessreap, startSessreap, sweepReport, type RunOptions, type Scratch } from "../harness.ts";
import { declareServer, hasPostgres, insert, ownServer, programAt, provenSchema as schema } from "./server.ts";

const isTried = hasPostgres("ways to a server");
const server = ownServer();

const user = isRoot ? { uid: nobody, gid: nobody } : {};
const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin`, LC_ALL: "C" };

const [places, served]: [string[], ChildProcess[]] = [[], []];

/** Starts a server that ends with the tests. */
function serve(words: readonly string[], cwd: string): void {
  const waiting = '"$@" & server=$!; read -r _; kill -INT $server 2>/dev/null; wait $server';
  served.push(launchForFile("sh", ["-c", waiting, "sh", ...words], { ...user, cwd, env }));
}

afterAll(async () => {
  for (const child of served) {
    const ended = once(child, "exit");
    child.stdin?.end();
    if (child.exitCode === null) await ended;
  }
  for (const place of places) rmSync(place, { recursive: true, force: true });
});

/** A directory for a server of nobody's, with its socket. */
function newPlace(): string {
  const place = mkdtempSync(join(openPlace(), "sessreap-way-"));
  places.push(place);
  if (isRoot) chownSync(place, nobody, nobody);
  chmodSync(place, 0o755);
  return place;
}

async function answering(place: string, port: number, database: string): Promise<void> {
  for (let nth = 0; ; nth += 1) {
    const client = new Client({ host: place, port, database, user: "owner" });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (nth === 400) throw error;
      await new Promise((done) => void setTimeout(done, 25));
    }
  }
}

const open = "SELECT session_id FROM controller_registrations WHERE released_at IS NULL ORDER BY id";

const hasPooler = isTried && spawnSync("pgbouncer", ["--version"], { env }).status === 0;
if (isTried && !hasPooler) leaveOut("a pooler before a server", "there is no PgBouncer here (apt-get install pgbouncer)");

describe.skipIf(!hasPooler)("a pooler before the server that hands a connection on after each transaction", () => {
  test("lets sweeps, fleets and restores do all that they do without it, on one connection to the server", async () => {
    const scratch = newScratch();
    const { pid } = await gonePid();
    const { name, run } = await server.database(schema, insert("gone", "venus", pid), insert("here", "venus", (await idle()).pid));
    const place = newPlace();
    const settings = [
      "listen_addr=",
      "listen_port=6432",
      `unix_socket_dir=${place}`,
      "auth_type=any",
      "pool_mode=transaction",
      "default_pool_size=1",
    ];
    const databases = `[databases]\n* = host=${server.directory} user=owner\n[pgbouncer]\n${settings.join("\n")}\n`;
    writeFileSync(join(place, "pooler.ini"), databases);
    serve(["pgbouncer", join(place, "pooler.ini")], place);
    await answering(place, 6432, name);
    declareServer(scratch, `postgres://owner@/${name}?host=${place}&port=6432`);
    const second = newScratch();
    declareServer(second, `postgres://owner@/${name}?host=${place}&port=6432`);
    const reports = await Promise.all([scratch, second].map((one) => sweepReport(one, ["sweep"])));
    expect(reports.map(({ summary }) => summary.released).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect(await run(open)).toEqual([{ session_id: "here" }]);
    expect((await sessreap(scratch, ["list", "--fleet"])).stdout).toContain("venus (this one)");
    const releaser = reports[0]?.summary.released === 1 ? scratch : second;
    expect((await sessreap(releaser, ["restore", "gone"])).code).toBe(0);
    expect(await run(open)).toHaveLength(2);
    // Nothing of a sweep's settings is left to the next client of that connection.
    const client = new Client({ host: place, port: 6432, database: name, user: "owner" });
    await client.connect();
    const { rows } = await client.query(
      "SELECT current_setting('statement_timeout') AS patience, current_setting('lock_timeout') AS locks",
    );
    await client.end();
    expect(rows).toEqual([{ patience: "0", locks: "0" }]);
  });
});

describe.skipIf(!isTried)("a standby", () => {
  test("is read, said to be one, and nothing is tried there", async () => {
    const scratch = newScratch();
    const { name, run } = await server.database(schema, insert("gone", "venus", (await gonePid()).pid));
    const place = newPlace();
    const data = join(place, "data");
    mkdirSync(data, { mode: 0o700 });
    if (isRoot) chownSync(data, nobody, nobody);
    execFileSync(programAt("pg_basebackup"), ["-h", server.directory, "-U", "owner", "-D", data, "-R", "-c", "fast"], {
      ...user,
      cwd: place,
      env,
    });
    const given = ["listen_addresses=", `unix_socket_directories=${place}`, "fsync=off"].flatMap((one) => ["-c", one]);
    serve([programAt("postgres"), "-D", data, ...given], place);
    await answering(place, 5432, name);
    declareServer(scratch, `postgres://owner@/${name}?host=${place}`);
    const report = await sweepReport(scratch, ["sweep", "--now"]);
    expect(by(report, "verdict", "action")).toEqual({ 1: "ghost withheld" });
    expect(report).toMatchObject({
      exitCode: 0,
      registries: [{ state: "report-only", problem: "its server is a standby, which takes no changes" }],
    });
    expect(report.warnings).toEqual([]);
    expect((await sessreap(scratch, ["reap", "1", "--now"])).code).not.toBe(0);
    expect((await sessreap(scratch, ["fleet", "init"])).code).toBe(0);
    expect(await run(open)).toHaveLength(1);
    declareServer(scratch, server.url(name));
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ 1: "released" });
  });
});

/** Asks ten times a second, for a minute at most. */
async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let nth = 0; nth < 600; nth += 1) {
    if (await isSo()) return;
    await new Promise((done) => void setTimeout(done, 100));
  }
  throw new Error(`waited in vain until ${what}`);
}

async function startWatch(scratch: Scratch, options: RunOptions = {}): Promise<ChildProcess> {
  const child = startSessreap(scratch, ["watch"], options);
  await new Promise<void>((done) => child.stderr?.on("data", (chunk: Buffer) => void (chunk.includes("watching ") && done())));
  return child;
}

async function endWatch(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "exit");
}

describe.skipIf(!isTried)("a watch", () => {
  test("asks the server for new rows, which tells nobody of them, and lets one go when its holder ends", { timeout: 120_000 }, async () => {
    const scratch = newScratch();
    const [holder, other] = [await idle(), await idle()];
    const { name, url, run } = await server.database(schema, insert("other", "venus", other.pid));
    declareServer(scratch, url);
    const child = await startWatch(scratch);
    const sessions = async (): Promise<number> =>
      Number((await run("SELECT sessions FROM pg_stat_database WHERE datname = $1", [name]))[0]?.["sessions"]);
    await run(insert("new", "venus", holder.pid));
    const before = await sessions();
    await eventually("it has asked twice since", async () => (await sessions()) >= before + 2);
    expect(await run(open)).toHaveLength(2);
    await stop(holder);
    await eventually("the row is released", async () => (await run(open)).length === 1);
    expect(await run(open)).toEqual([{ session_id: "other" }]);
    await endWatch(child);
  });

  test("that an upgrade of the package outruns lets a row go all the same", { timeout: 120_000 }, async () => {
    const scratch = newScratch();
    const holder = await idle();
    const { url, run } = await server.database(schema, insert("mine", "venus", holder.pid));
    declareServer(scratch, url);
    const child = await startWatch(scratch, { tool: copiedTool(scratch) });
    // What it loaded stays in memory; the files go, as they do when another version takes their place.
    rmSync(join(scratch.dir, "tool"), { recursive: true });
    await stop(holder);
    await eventually("the row is released", async () => (await run(open)).length === 0);
    expect(await run("SELECT release_reason FROM controller_registrations")).toEqual([{ release_reason: "pid_gone" }]);
    await endWatch(child);
  });
});
