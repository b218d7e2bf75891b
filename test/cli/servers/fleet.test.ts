import { describe, expect, test } from "vitest";
import { checkDocument } from "../../output-schema.ts";
import { gonePid } from "../../processes.ts";
import { by, newScratch, parseOnly, sessreap, sweepReport, type Scratch } from "../harness.ts";
import { declareServer, hasPostgres, insert, ownServer, schema } from "./server.ts";

const isTried = hasPostgres("a fleet of machines on a server");
const server = ownServer();

type Fleet = {
  readonly servers: readonly { readonly hasHosts: boolean; readonly sql: readonly string[]; readonly hosts: readonly object[] }[];
};

async function shown(scratch: Scratch, words: readonly string[]): Promise<Fleet["servers"][number] | undefined> {
  const document = parseOnly((await sessreap(scratch, [...words, "--json"])).stdout);
  checkDocument(document);
  return (document as Fleet).servers[0];
}

/** As if a machine had swept alone under its name for long. */
const alone = "UPDATE sessreap_hosts SET alone = interval '1 day'";

const hosts = "SELECT machine, boot_id, contested_at IS NOT NULL AS contested FROM sessreap_hosts ORDER BY machine";

describe.skipIf(!isTried)("a fleet", () => {
  test("has its table when that was asked for, and each sweep of a machine says there that it was", async () => {
    const scratch = newScratch();
    const { pid } = await gonePid();
    const { url, run } = await server.database(
      schema,
      insert("gone", "venus", pid),
      insert("theirs", "mars", pid),
      insert("more", "mars", pid),
    );
    declareServer(scratch, url);
    await sweepReport(scratch, ["sweep", "-n"]);
    const tables = "SELECT to_regclass('sessreap_hosts') IS NOT NULL AS made";
    expect(await shown(scratch, ["list", "--fleet"])).toMatchObject({
      hasHosts: false,
      hosts: [
        { machine: "mars", rows: 2, silent: null },
        { machine: "venus", rows: 1 },
      ],
    });
    expect((await shown(scratch, ["fleet", "init", "-n"]))?.sql[0]).toContain("CREATE TABLE");
    expect(await run(tables)).toEqual([{ made: false }]);
    const first = await sessreap(scratch, ["fleet", "init"]);
    expect({ code: first.code, stdout: first.stdout }).toEqual({ code: 0, stdout: expect.stringContaining("venus (this one)") as string });
    // Again it makes nothing, and says nothing of making it.
    expect((await shown(scratch, ["fleet", "init"]))?.sql).toEqual([]);
    await sweepReport(scratch, ["sweep", "-n"]);
    await sessreap(scratch, ["list"]);
    expect(await run(hosts)).toEqual([]);
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toMatchObject({ 1: "withheld" });
    expect(await run(hosts)).toMatchObject([{ machine: "venus", contested: false }]);
    await run(alone);
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toMatchObject({ 1: "released" });
    await run("UPDATE sessreap_hosts SET seen_at = now() - interval '16 minutes'");
    expect((await shown(scratch, ["list", "--fleet"]))?.hosts).toMatchObject([
      { machine: "mars", rows: 2, bootId: null, seenAgoMs: null, silent: null },
      { machine: "venus", rows: 0, silent: true },
    ]);
    // What is silent is shown, and none of its rows is touched by another machine.
    declareServer(scratch, url, { machine: "pluto" });
    expect((await sweepReport(scratch, ["sweep"])).entries).toEqual([]);
    expect(await run("SELECT count(*)::int AS n FROM controller_registrations WHERE released_at IS NULL")).toEqual([{ n: 2 }]);
    expect((await sessreap(scratch, ["list", "--fleet"])).stdout).toContain("silent");
  });

  test("refuses two machines of one name, whichever of them sweeps, and lets the one that is left go on", async () => {
    const scratch = newScratch();
    const { url, run } = await server.database(schema, insert("gone", "venus", (await gonePid()).pid));
    declareServer(scratch, url);
    await sessreap(scratch, ["fleet", "init"]);
    const other = "019dc6b7-1fd0-7e50-8f3e-3a0f0ad5c2f2";
    await run(`INSERT INTO sessreap_hosts VALUES ('venus', '${other}', now(), now(), interval '5 minutes')`);
    const refused = await sweepReport(scratch, ["sweep"]);
    expect(refused).toMatchObject({ exitCode: 4, refusal: expect.stringContaining('two machines are called "venus"') as string });
    expect(await run("SELECT released_at FROM controller_registrations")).toEqual([{ released_at: null }]);
    expect(await run(hosts)).toEqual([{ machine: "venus", boot_id: other, contested: true }]);
    // The other one finds the mark under its own boot.
    const own = refused.host.bootId;
    await run(`UPDATE sessreap_hosts SET boot_id = '${own}'`);
    expect((await sweepReport(scratch, ["sweep"])).exitCode).toBe(4);
    await run("UPDATE sessreap_hosts SET alone = interval '1 day', contested_at = now() - interval '16 minutes'");
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ 1: "released" });
  });

  test("takes no row of a second machine of its name that sweeps more seldom than a refusal lasts", async () => {
    const scratch = newScratch();
    const { url, run } = await server.database(schema, insert("theirs", "venus", (await gonePid()).pid));
    declareServer(scratch, url);
    await sessreap(scratch, ["fleet", "init"]);
    await sweepReport(scratch, ["sweep"]);
    // This one has swept alone for long; the other one sweeps each hour, and finds it.
    await run(alone);
    const { bootId } = (await sweepReport(scratch, ["sweep", "-n"])).host;
    await run("UPDATE sessreap_hosts SET boot_id = '019dc6b7-1fd0-7e50-8f3e-3a0f0ad5c2f2'");
    expect((await sweepReport(scratch, ["sweep"])).exitCode).toBe(4);
    await run("UPDATE sessreap_hosts SET boot_id = $1", [bootId]);
    // Then both are let in again, in turns, and what each adds to its time alone is no proof against the other.
    for (let nth = 0; nth < 4; nth += 1) {
      const halfAnHour = "interval '30 minutes'";
      await run(`UPDATE sessreap_hosts SET contested_at = contested_at - ${halfAnHour}, seen_at = seen_at - ${halfAnHour}`);
      expect(by(await sweepReport(scratch, ["sweep", "--now"]), "action"), `sweep ${nth}`).toEqual({ 1: "withheld" });
    }
    expect(await run("SELECT count(*)::int AS n FROM controller_registrations WHERE released_at IS NULL")).toEqual([{ n: 1 }]);
  });

  test("is no machine's to write to who may not: the sweep says so, and changes no row under a name that it cannot prove", async () => {
    const scratch = newScratch();
    const { name, url, run } = await server.database(schema, insert("gone", "venus", (await gonePid()).pid), "CREATE ROLE swept LOGIN");
    declareServer(scratch, url);
    await sessreap(scratch, ["fleet", "init"]);
    await run("GRANT SELECT, UPDATE ON controller_registrations TO swept; GRANT SELECT ON sessreap_hosts TO swept");
    declareServer(scratch, server.url(name, "swept"));
    const report = await sweepReport(scratch, ["sweep"]);
    expect(by(report, "action")).toEqual({ 1: "withheld" });
    expect(JSON.stringify(report.warnings)).toContain("permission denied");
  });

  test("takes no row of another machine's under a name that a configuration was copied with", async () => {
    const scratch = newScratch();
    const { url, run } = await server.database(schema, insert("theirs", "venus", (await gonePid()).pid));
    declareServer(scratch, url);
    const open = "SELECT count(*)::int AS n FROM controller_registrations WHERE released_at IS NULL";
    const swept = async (): Promise<unknown> => {
      const { registries, entries, exitCode } = await sweepReport(scratch, ["sweep", "--now"]);
      expect(await run(open)).toEqual([{ n: 1 }]);
      return [registries[0]?.state, registries[0]?.problem, ...entries.map(({ action }) => action), exitCode];
    };
    const said = (words: RegExp): unknown => ["report-only", expect.stringMatching(words), "withheld", 0];
    expect(await swept()).toEqual(said(/"sessreap fleet init" makes the table/));
    for (const words of [["sweep"], ["doctor"], ["list"]])
      expect(JSON.stringify(await sessreap(scratch, words)), words.join(" ")).toContain("fleet init");
    for (const words of [
      ["reap", "1", "--now"],
      ["--now", "--yes"],
    ])
      await sessreap(scratch, words);
    expect(await run(open)).toEqual([{ n: 1 }]);
    await sessreap(scratch, ["fleet", "init"]);
    // The very first sweep of a machine that was just made of another's disk, and its second.
    for (let nth = 0; nth < 2; nth += 1) expect(await swept()).toEqual(said(/[78]m to sweep, too/));
    // The server was down for a day, and the other machine could not say that it is there.
    await run("UPDATE sessreap_hosts SET seen_at = now() - interval '1 day', alone = '2 minutes'");
    expect(await swept()).toEqual(said(/1m to sweep, too/));
    // A copy of its configuration on another machine, which has not swept for long.
    await run("UPDATE sessreap_hosts SET machine_id = '019dc6b71fd07e508f3e3a0f0ad5c2f2', seen_at = now() - interval '900 days'");
    expect((await sweepReport(scratch, ["sweep", "--now"])).exitCode).toBe(4);
    await run("UPDATE sessreap_hosts SET machine_id = NULL, contested_at = NULL");
    // The other one says it, and finds this one: what this one has swept alone is over.
    await run(
      "UPDATE sessreap_hosts SET boot_id = '019dc6b7-1fd0-7e50-8f3e-3a0f0ad5c2f2', seen_at = now() - interval '900 days', alone = '1 day'",
    );
    expect(await swept()).toEqual(said(/[78]m to sweep, too/));
    const anew = "SELECT alone < interval '1 minute' AS anew FROM sessreap_hosts";
    expect(await run(anew)).toEqual([{ anew: true }]);
    // A container of this machine that has its configuration.
    await run("UPDATE sessreap_hosts SET pid_namespace = '4026532001', alone = '1 day'");
    expect(await swept()).toEqual(said(/[78]m to sweep, too/));
    expect(await run(anew)).toEqual([{ anew: true }]);
  });

  test("is none without a table of a server", async () => {
    const { code, stderr } = await sessreap(newScratch(), ["fleet", "init"]);
    expect(code).toBe(1);
    expect(stderr).toContain("no configuration names a table");
    expect((await sessreap(newScratch(), ["fleet"])).code).toBe(2);
    expect((await sessreap(newScratch(), ["fleet", "sweep"])).code).toBe(2);
  });
});
