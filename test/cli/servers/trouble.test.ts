import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseServerAddress, type ServerAddress } from "../../../src/registries/rows/server-address.ts";
import { readServerTable } from "../../../src/host/databases/read-server.ts";
import { isRoot, nobody } from "../../users.ts";
import { gonePid, idle } from "../../processes.ts";
import { by, configure, newScratch, sessreap, sweepReport } from "../harness.ts";
import { declareServer, fields, hasPostgres, insert, ownServer, provenAs, provenSchema as schema, schema as bareSchema } from "./server.ts";

const isTried = hasPostgres("a PostgreSQL server in trouble");
const server = ownServer();

/** Asks for the table as a sweep of this machine does, without starting the tool. */
function look(url: string, more: object = {}): ReturnType<typeof readServerTable> {
  const address = parseServerAddress(url) as ServerAddress;
  const columns = Object.values(fields);
  const question = { table: "controller_registrations", where: {}, columns, url, address, machine: "venus", machineColumn: "machine" };
  const released = { at: "released_at", reason: "release_reason" };
  return readServerTable({
    ...question,
    released,
    identityColumn: "agent_identity",
    onGhost: "release",
    named: undefined,
    silence: undefined,
    heartbeatTtlMs: undefined,
    ...more,
  });
}

describe.skipIf(!isTried)("a table that cannot be read is said with the cure", () => {
  test.each([
    {
      what: "a column was renamed",
      sql: ["ALTER TABLE controller_registrations RENAME last_verb_at TO last_verbs_at"],
      said: 'no column "last_verb_at".*"last_verbs_at"',
    },
    {
      what: "the table was renamed",
      sql: ["ALTER TABLE controller_registrations RENAME TO controller_registration"],
      said: 'no table "controller_registrations"; the nearest is "controller_registration"',
    },
    {
      what: "it is a view",
      sql: ["ALTER TABLE controller_registrations RENAME TO t", "CREATE VIEW controller_registrations AS SELECT * FROM t"],
      said: "as a view and not as a table",
    },
    {
      what: "it has no primary key",
      sql: ["ALTER TABLE controller_registrations DROP CONSTRAINT controller_registrations_pkey"],
      said: "no primary key",
    },
    { what: "a value is none of its column's", sql: [], more: { where: { pid: "many" } }, said: "invalid input syntax" },
    {
      what: "it takes too long",
      sql: [
        "CREATE FUNCTION slow() RETURNS boolean LANGUAGE sql AS 'SELECT pg_sleep(60) IS NOT NULL'",
        "ALTER TABLE controller_registrations ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE controller_registrations FORCE ROW LEVEL SECURITY",
        "CREATE ROLE slow LOGIN",
        "GRANT SELECT ON controller_registrations TO slow",
        "CREATE POLICY slow ON controller_registrations USING (slow())",
      ],
      role: "slow",
      said: "statement timeout",
    },
    { what: "the role may not read it", sql: ["CREATE ROLE stranger LOGIN"], role: "stranger", said: "permission denied.*GRANT" },
    { what: "there is no such role", sql: [], role: "nobody_known", said: "does not let this user in.*correct the user" },
  ])("where $what", async ({ sql, said, role, more }) => {
    const { name } = await server.database(schema, insert("one", "venus", 1), ...sql);
    const { kind, problem, cure } = (await look(server.url(name, role), more)) as { kind: string; problem: string; cure: string };
    expect(kind).toBe("unreadable");
    expect(`${problem}; ${cure}`).toMatch(new RegExp(said, "s"));
  });

  test("but not where it only takes too long to count the rows of others", async () => {
    const { name } = await server.database(
      schema,
      insert("one", "venus", 1),
      insert("theirs", "mars", 1),
      "CREATE FUNCTION slow() RETURNS boolean LANGUAGE sql AS 'SELECT pg_sleep(60) IS NOT NULL'",
      "ALTER TABLE controller_registrations ENABLE ROW LEVEL SECURITY",
      "ALTER TABLE controller_registrations FORCE ROW LEVEL SECURITY",
      "CREATE ROLE patient LOGIN",
      "GRANT SELECT ON controller_registrations TO patient",
      "CREATE POLICY patient ON controller_registrations USING (CASE WHEN machine = 'venus' THEN true ELSE slow() END)",
      "CREATE INDEX ON controller_registrations (machine)",
    );
    const read = await look(server.url(name, "patient"), { countsForeign: true });
    expect(read).toMatchObject({ kind: "read", rows: [{}], file: { fleet: { foreign: undefined } } });
  });

  test("where there is no such database", async () => {
    expect(await look(server.url("nothing"))).toMatchObject({
      kind: "unreadable",
      problem: expect.stringContaining("does not exist") as string,
    });
  });

  test("where a server takes a connection and never answers", async () => {
    const scratch = newScratch();
    const silent = createServer(() => undefined).listen(join(scratch.dir, ".s.PGSQL.5432"));
    const read = await look(`postgres:///d?host=${scratch.dir}`);
    silent.close();
    expect(read).toMatchObject({ kind: "unreadable", problem: expect.stringContaining("cannot be reached") as string });
  });

  test("where it has more bytes than may be read", async () => {
    const { url } = await server.database(schema, insert("x".repeat(4000), "venus", 1));
    const address = parseServerAddress(url) as ServerAddress;
    const question = {
      table: "controller_registrations",
      where: {},
      columns: [],
      url,
      address,
      machine: "venus",
      machineColumn: "machine",
    };
    const read = await readServerTable(
      {
        ...question,
        released: undefined,
        identityColumn: undefined,
        onGhost: "report",
        named: undefined,
        silence: undefined,
        heartbeatTtlMs: undefined,
      },
      4000,
    );
    expect(read).toMatchObject({ kind: "unreadable", problem: expect.stringContaining("more than 4000 bytes") as string });
  });
});

describe.skipIf(!isTried)("who is let in", () => {
  test("is told by the file of passwords, and by nothing else", async () => {
    const scratch = newScratch();
    const { name, run } = await server.database(schema, insert("gone", "venus", (await gonePid()).pid));
    await run("SET password_encryption = 'scram-sha-256'");
    await run("CREATE ROLE sweeper LOGIN PASSWORD 's3cret'");
    await run("GRANT SELECT, UPDATE ON controller_registrations TO sweeper");
    await server.allow(["local all sweeper scram-sha-256"]);
    declareServer(scratch, server.url(name, "sweeper"));
    const swept = async (env: Readonly<Record<string, string>>): Promise<string> => {
      const { stdout, stderr } = await sessreap(scratch, ["sweep", "--json"], { env });
      expect(stdout + stderr).not.toContain("s3cret");
      return stdout;
    };
    expect(await swept({})).toContain("no line of the password file is for it");
    // What other clients take from the environment is none of ours.
    expect(await swept({ PGPASSWORD: "s3cret" })).toContain("no line of the password file is for it");
    const file = join(scratch.dir, "pgpass");
    writeFileSync(file, `${server.directory}:5432:${name}:sweeper:wrong\n`, { mode: 0o600 });
    expect(await swept({ PGPASSFILE: file })).toContain("password authentication failed");
    writeFileSync(file, `${server.directory}:*:*:sweeper:s3cret\n`, { mode: 0o600 });
    expect(
      JSON.parse(await swept({ PGPASSFILE: file, PGOPTIONS: "-c nonsense=1", PGHOST: "/nowhere", PGSSLMODE: "require" })),
    ).toMatchObject({
      summary: { released: 1 },
    });
    await server.allow(["local all all trust", "hostssl all all localhost trust"]);
  });

  test("is refused at another machine whose certificate nobody vouches for, and let in where somebody does", async () => {
    const { directory } = server;
    const make = (...words: readonly string[]): void => void execFileSync("openssl", [...words], { stdio: "ignore" });
    const at = (name: string): string => join(directory, name);
    make(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
      "-keyout",
      at("key.pem"),
      "-out",
      at("cert.pem"),
    );
    if (isRoot) for (const name of ["key.pem", "cert.pem"]) chownSync(at(name), nobody, nobody);
    chmodSync(at("key.pem"), 0o600);
    const { name } = await server.database(schema, insert("here", "venus", (await idle()).pid));
    const port = 20_000 + (process.pid % 20_000);
    await server.kill();
    await server.start(
      ["listen_addresses=localhost", `port=${port}`, "ssl=on", `ssl_cert_file=${at("cert.pem")}`, `ssl_key_file=${at("key.pem")}`],
      port,
    );
    const url = `postgres://owner@localhost:${port}/${name}?sslmode=verify-full`;
    expect(await look(url)).toMatchObject({ kind: "unreadable", cure: expect.stringContaining("sslrootcert") as string });
    expect(await look(`${url}&sslrootcert=${at("cert.pem")}`)).toMatchObject({ kind: "read" });
    const other = url.replace("localhost:", "127.0.0.1:");
    expect(await look(`${other}&sslrootcert=${at("cert.pem")}`)).toMatchObject({ kind: "unreadable" });
    await server.kill();
    await server.start();
  });

  test("and may only look, is told so, and nothing is tried", async () => {
    const scratch = newScratch();
    const { name, run } = await server.database(schema, insert("gone", "venus", (await gonePid()).pid), "CREATE ROLE looker LOGIN");
    await run("GRANT SELECT ON controller_registrations TO looker");
    declareServer(scratch, server.url(name, "looker"));
    const report = await sweepReport(scratch, ["sweep"]);
    expect(by(report, "verdict", "action")).toEqual({ 1: "ghost withheld" });
    expect(JSON.stringify(report)).toContain("may not write its column");
    await run("GRANT UPDATE (released_at, release_reason) ON controller_registrations TO looker");
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ 1: "released" });
  });
});

test.skipIf(!isTried)("the example of the controller's table sweeps it", async () => {
  const scratch = newScratch();
  const example = JSON.parse(readFileSync("examples/controller.config.json", "utf8")) as { registries: readonly object[] };
  const machine = readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
  const { url } = await server.database(
    bareSchema,
    insert("gone", machine, (await gonePid()).pid),
    insert("theirs", "elsewhere", 1),
    provenAs(machine),
  );
  configure(scratch, { registries: example.registries.map((one) => ({ ...one, url, machine })) });
  expect(by(await sweepReport(scratch, ["sweep", "--now"]), "action")).toMatchObject({ 1: "released" });
});
