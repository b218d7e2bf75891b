import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTicksOf } from "../../processes.ts";
import { fields } from "../../fields.ts";
import { configure, newScratch, parseOnly, sessreap } from "../harness.ts";

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

function registered(rows: Readonly<Record<string, object>>) {
  const scratch = newScratch();
  const path = join(scratch.dir, "agents.json");
  configure(scratch, { registries: [{ format: "keyed-json", path, fields: { ...fields, identity: "who", master: "master" } }] });
  writeFileSync(path, JSON.stringify(rows));
  return scratch;
}

const self = { pid: process.pid, start: startTicksOf(process.pid) };

test("the first line is the answer: master, then last verb, then last heartbeat, and a heartbeat is no engagement", async () => {
  const since = minutesAgo(60);
  const scratch = registered({
    zombie: { id: "zombie", who: "auditor", since, beat: minutesAgo(0), pid: 4_194_304, start: "1" },
    spoke: { id: "spoke", who: "auditor", since, active: minutesAgo(30), ...self },
    later: { id: "later", who: "auditor", since, active: minutesAgo(20), beat: minutesAgo(50), ...self },
    other: { id: "other", who: "builder", since, master: true, ...self },
    master: { id: "master", who: "auditor", since, master: true, ...self },
  });
  const { code, stdout } = await sessreap(scratch, ["who", "auditor", "--json"]);
  const { routes, flapping } = parseOnly(stdout) as { routes: { sessionId: string; verdict: string; before: string }[]; flapping: unknown };
  expect(routes.map(({ sessionId, verdict, before }) => `${sessionId} ${verdict}: ${before}`)).toEqual([
    "master live: master",
    "later live: it spoke later",
    "spoke live: it has spoken",
    "zombie ghost: the only one, or the last",
  ]);
  expect([code, flapping]).toEqual([0, null]);
  const text = await sessreap(scratch, ["who", "auditor"]);
  expect(text.stdout.split("\n").map((line) => line.replaceAll(/\d+[smh] ago/g, "ago").split(/ {2,}/))).toEqual([
    ["", "SESSION", "LAST VERB", "HEARTBEAT", "VERDICT", "WHY THIS PLACE"],
    ["", "master", "never", "never", "live", "master"],
    ["", "later", "ago", "ago", "live", "not the master"],
    ["", "spoke", "ago", "never", "live", "older verb"],
    ["- zombie", "never", "ago", "ghost", "never spoke; process gone"],
    [""],
    ["auditor: signals go to master"],
    [""],
  ]);
  expect(text.stderr).toBe("");
});

test("a re-register loop is told on stderr", async () => {
  const rows = [0, 1, 2, 3, 4].map((index) => [
    `row-${index}`,
    { id: `s${index}`, who: "auditor", since: new Date(Date.now() - 3_600_000 + index * 4000).toISOString() },
  ]);
  const { code, stderr } = await sessreap(registered(Object.fromEntries(rows) as Record<string, object>), ["who", "auditor"]);
  expect(code).toBe(0);
  expect(stderr).toContain("auditor is flapping: 5 session ids in 16s");
});

test("an answer that is a ghost is said to be one", async () => {
  const since = minutesAgo(60);
  const gone = { pid: 4_194_304, start: "1" };
  const scratch = registered({
    dead: { id: "dead", who: "a", since, master: true, ...gone },
    here: { id: "here", who: "a", since, ...self },
  });
  expect((await sessreap(scratch, ["who", "a"])).stderr).toContain("the first of them is a ghost; here is the first that is none");
});

test("a name that nobody has is not found, and the nearest is offered", async () => {
  const { code, stderr } = await sessreap(registered({ x: { id: "x", who: "auditor" } }), ["who", "auditr"]);
  expect(code).toBe(1);
  expect(stderr).toContain('did you mean "auditor"?');
});
