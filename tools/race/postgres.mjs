// A PostgreSQL server for a tool: on a unix socket, in a directory of its own, gone when the tool ends.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";

const versions = "/usr/lib/postgresql";
const nobody = 65_534;

/** Its programs refuse to run as root. */
const user = process.getuid() === 0 ? { uid: nobody, gid: nobody } : {};

/** Starts one, with settings of its own; `url` is the address of its database `race`. */
export async function startPostgres(...settings) {
  const [version] = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
  const bin = join(versions, version, "bin");
  const directory = mkdtempSync("/tmp/sessreap-pg-");
  chmodSync(directory, 0o755);
  if (user.uid !== undefined) chownSync(directory, nobody, nobody);
  const run = { ...user, cwd: directory, env: { PATH: process.env.PATH, LC_ALL: "C" }, stdio: "ignore" };
  const made = ["-D", join(directory, "data"), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"];
  execFileSync(join(bin, "initdb"), made, run);
  const given = ["listen_addresses=", `unix_socket_directories=${directory}`, "max_connections=200", ...settings];
  const words = [join(bin, "postgres"), "-D", join(directory, "data"), ...given.flatMap((one) => ["-c", one])];
  const waiting = '"$@" & server=$!; read -r _; kill -QUIT $server 2>/dev/null; wait $server';
  const child = spawn("sh", ["-c", waiting, "sh", ...words], { ...run, stdio: ["pipe", "ignore", "ignore"] });
  const closed = new Promise((done) => void child.once("close", done));
  const connect = async (database = "race", role = "owner") => {
    const client = new Client({ host: directory, database, user: role });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  let admin;
  for (let nth = 0; admin === undefined; nth += 1) {
    try {
      admin = await connect("postgres");
    } catch (error) {
      if (nth === 400) throw error;
      await new Promise((done) => void setTimeout(done, 25));
    }
  }
  await admin.query("CREATE DATABASE race");
  await admin.end();
  const end = async () => {
    child.stdin.end();
    await closed;
    rmSync(directory, { recursive: true, force: true });
  };
  return { directory, url: `postgres://owner@/race?host=${directory}`, connect, end };
}
