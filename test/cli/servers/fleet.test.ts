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
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toMatchObject({ 1: "released" });
    expect(await run(hosts)).toMatchObject([{ machine: "venus", contested: false }]);
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
    await run("UPDATE sessreap_hosts SET contested_at = now() - interval '16 minutes'");
    expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ 1: "released" });
  });

  test("is no machine's to write to who may not, and the sweep does all else and says so", async () => {
    const scratch = newScratch();
    const { name, url, run } = await server.database(schema, insert("gone", "venus", (await gonePid()).pid), "CREATE ROLE swept LOGIN");
    declareServer(scratch, url);
    await sessreap(scratch, ["fleet", "init"]);
    await run("GRANT SELECT, UPDATE ON controller_registrations TO swept; GRANT SELECT ON sessreap_hosts TO swept");
    declareServer(scratch, server.url(name, "swept"));
    const report = await sweepReport(scratch, ["sweep"]);
    expect(by(report, "action")).toEqual({ 1: "released" });
    expect(JSON.stringify(report.warnings)).toContain("permission denied");
  });

  test("is none without a table of a server", async () => {
    const { code, stderr } = await sessreap(newScratch(), ["fleet", "init"]);
    expect(code).toBe(1);
    expect(stderr).toContain("no configuration names a table");
    expect((await sessreap(newScratch(), ["fleet"])).code).toBe(2);
    expect((await sessreap(newScratch(), ["fleet", "sweep"])).code).toBe(2);
  });
});
