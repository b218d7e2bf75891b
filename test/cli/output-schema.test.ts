import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { checkDocument, definitionOf } from "../output-schema.ts";
import { gonePid, idle } from "../processes.ts";
import { daysAgo, declareRegistry, newScratch, parseOnly, sessreap, startSessreap, writeOld, type Scratch } from "./harness.ts";

const since = daysAgo(30);

/** A machine with an entry of each kind: in one file, and in a directory with a file each. */
async function oneOfEachKind(): Promise<Scratch> {
  const scratch = newScratch();
  const [gone, alive] = [await gonePid(), await idle()];
  const living = { pid: alive.pid, start: alive.startTicks, since };
  const entries = {
    dead: { pid: gone.pid, since, name: "mars", id: randomUUID() },
    "dead too": { pid: gone.pid, since },
    living: { ...living, name: "mars" },
    silent: { since: daysAgo(1) },
    expired: { since },
    released: { ...living, released: "yesterday", why: "done" },
    malformed: 7,
  };
  const fields = { sessionId: "id", identity: "name", pid: "pid", startTicks: "start", registeredAt: "since" };
  const released = { releasedAt: "released", releaseReason: "why" };
  writeOld(declareRegistry(scratch, { fields: { ...fields, ...released } }), JSON.stringify(entries));
  const sessions = join(scratch.home, ".claude", "sessions");
  writeOld(join(sessions, `${gone.pid}.json`), JSON.stringify({ pid: gone.pid, sessionId: "5e55", cwd: "/srv" }));
  // The file system keeps fractions of a millisecond of it.
  writeFileSync(join(sessions, `${alive.pid}.json`), JSON.stringify({ pid: alive.pid, procStart: alive.startTicks, sessionId: "6e66" }));
  return scratch;
}

test("every document of every command is as the schema describes it, whatever the exit code", async () => {
  const scratch = await oneOfEachKind();
  const torn = writeOld(join(scratch.dir, "torn.json"), "{");
  writeOld(join(scratch.dir, "suggested.json"), JSON.stringify({ mars: { pid: 4_000_000, since: 1_700_000_000 } }));
  const runs: readonly (readonly [words: readonly string[], code: number])[] = [
    [["config"], 0],
    [["config", "--grace", "soon"], 2],
    [["config", "suggest", join(scratch.dir, "suggested.json")], 0],
    [["history"], 0],
    [["doctor"], 0],
    [["sweep", "--dry-run"], 0],
    [["list", "--exit-code"], 10],
    [["list", "--fields", "key,pid"], 0],
    [["list", "--fleet"], 1],
    [["list", "--registry", torn], 1],
    [["list", "--registry", torn, "--registry", "claude-sessions"], 3],
    [["explain", "dead"], 0],
    [["explain", "living"], 0],
    [["explain", "released"], 0],
    [["explain", "malformed"], 0],
    [["explain", "nobody"], 1],
    [["who", "mars"], 0],
    [["who", "nobody"], 1],
    [["owners"], 0],
    [["owners", "--retire", "1"], 1],
    [["reap", "dead"], 0],
    [["reap", "living"], 3],
    [["reap", "nobody"], 1],
    [["sweep"], 0],
    [["restore", "dead", "--dry-run"], 0],
    [["restore", "dead"], 0],
    [["restore", "nobody"], 1],
    [["history"], 0],
    [["history", "--fields", "at,command,word,key,tombstone"], 0],
    [["doctor", "--exit-code"], 10],
    [["units", "print"], 2],
    [["purge"], 2],
  ];
  const printed = new Set<unknown>();
  for (const [words, code] of runs) {
    const ran = await sessreap(scratch, [...words, "--json"]);
    expect([words, ran.code, ran.stderr], ran.stdout).toEqual([words, code, expect.any(String)]);
    printed.add((parseOnly(ran.stdout) as { readonly command?: string }).command);
  }
  // What a fleet prints needs a server, and is held against the schema where there is one: test/cli/servers.
  expect([...definitionOf.keys()].filter((command) => !printed.has(command))).toEqual(["watch", "fleet"]);
});

test("so is the document of a restore that finds another entry in its place", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const row = JSON.stringify({ dead: { pid: (await gonePid()).pid, since } });
  writeOld(path, row);
  await sessreap(scratch, ["sweep", "--json"]);
  writeOld(path, row);
  const { code, stdout } = await sessreap(scratch, ["restore", "dead", "--json"]);
  expect([code, parseOnly(stdout)]).toMatchObject([3, { entries: [{ action: "newcomer" }] }]);
});

test("every line of a watch is as the schema describes it", async () => {
  const watcher = startSessreap(await oneOfEachKind(), ["watch", "--json"]);
  const lines = createInterface({ input: watcher.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, "line")) as [string];
  const document = JSON.parse(line) as object;
  checkDocument(document);
  expect(document).toMatchObject({ command: "watch", exitCode: 0 });
  watcher.kill("SIGTERM");
  await once(watcher, "close");
});
