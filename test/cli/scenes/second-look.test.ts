import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, daysAgo, declareRegistry, downServer, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { fields } from "../../fields.ts";
import { pretend, stop } from "../../processes.ts";

const minute = 60_000;

type Stored = {
  bootId: string;
  wallMs: number;
  traces: Record<string, Record<string, { absentSinceMs?: number; stillForMs?: number; seenForMs: number }>>;
};

/** Changes what earlier sweeps remember, as if they had been made at another time. */
function rewriteMemory({ stateDir }: Scratch, change: (memory: Stored) => void): void {
  const path = join(stateDir, "memory.json");
  const memory = JSON.parse(readFileSync(path, "utf8")) as Stored;
  change(memory);
  writeFileSync(path, JSON.stringify(memory));
}

/** Makes every absence that is remembered older by so much awake time. */
function letPass(scratch: Scratch, ms: number): void {
  rewriteMemory(scratch, ({ traces }) => {
    for (const trace of Object.values(traces).flatMap((entries) => Object.values(entries))) {
      if (trace.absentSinceMs !== undefined) trace.absentSinceMs -= ms;
    }
  });
}

/** A thread whose app server is down: dead by absence alone. */
function absentEntry(more: object = {}, declared: Readonly<Record<string, unknown>> = {}) {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { ...downServer, ...declared });
  const entry = { id: randomUUID(), since: daysAgo(1), beat: 1, ...more };
  const write = (value: object): string => writeOld(path, JSON.stringify({ agent: value }));
  write(entry);
  const look = async (...words: readonly string[]): Promise<string | undefined> => by(await sweepReport(scratch, words), "action")["agent"];
  return { scratch, path, entry, write, look };
}

test("an absence is acted on when a sweep four minutes earlier found it, too, and not before", async () => {
  const { scratch, look } = absentEntry();
  expect(await look()).toBe("pending");
  expect(await look()).toBe("pending");
  letPass(scratch, 4 * minute - 10_000);
  expect(await look()).toBe("pending");
  letPass(scratch, 10_000);
  expect(await look("--dry-run")).toBe("would-reap");
  expect(await look()).toBe("reaped");
});

test("a dry run or a list is no look that counts", async () => {
  const { scratch, look } = absentEntry();
  expect(await look("--dry-run")).toBe("pending");
  expect(await look("list")).toBe("pending");
  expect(await look()).toBe("pending");
  letPass(scratch, 4 * minute);
  expect(await look()).toBe("reaped");
});

test("a sweep that was to act on others only is a look that counts, and leaves this one alone", async () => {
  const { scratch, path, look } = absentEntry();
  expect(await look("--only", "others")).toBe("kept");
  letPass(scratch, 4 * minute);
  expect(await look("--except", "agent")).toBe("kept");
  expect(await look("--only", "others*", "--dry-run")).toBe("kept");
  expect(await look("--dry-run")).toBe("would-reap");
  expect(await look("--only", "agent")).toBe("reaped");
  expect(readFileSync(path, "utf8")).toBe("{}");
});

test("--now does not wait", async () => {
  const { look } = absentEntry();
  expect(await look("--now")).toBe("reaped");
});

test("an entry that was written anew starts to wait anew", async () => {
  const { scratch, look, write, entry } = absentEntry();
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  write({ ...entry, cwd: "/elsewhere" });
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  expect(await look()).toBe("reaped");
});

test.each([
  [1, 2],
  ["2026-11-01 12:00:00", "2026-11-01 12:00:01"],
])("an entry whose heart has beaten since starts to wait anew, though %j is no time", async (beat, next) => {
  const { scratch, look, write, entry } = absentEntry({ beat });
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  write({ ...entry, beat: next });
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  expect(await look()).toBe("reaped");
});

test.each([
  ["a plain member", "beat", (beat: string) => ({ beat })],
  ["a JSON pointer", "/status/beat", (beat: string) => ({ status: { beat } })],
])("a heartbeat named by %s that moves is the same entry's, which goes when it has stopped", async (_, lastHeartbeatAt, at) => {
  const { scratch, look, write, entry } = absentEntry(at(daysAgo(0.9)), { fields: { ...fields, lastHeartbeatAt } });
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  write({ ...entry, ...at(daysAgo(0.8)) });
  expect(await look()).toBe("kept");
  rewriteMemory(scratch, ({ traces }) => {
    for (const trace of Object.values(traces).flatMap((entries) => Object.values(entries))) trace.stillForMs = 30 * 60 * minute;
  });
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  expect(await look()).toBe("reaped");
});

test("a heartbeat that is named by a plain member is no member of that name deeper in the entry", async () => {
  const { scratch, look, write, entry } = absentEntry({ task: { beat: 1 } });
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  write({ ...entry, task: { beat: 2 } });
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  expect(await look()).toBe("reaped");
});

test("a session that showed itself in between starts to wait anew", async () => {
  const { scratch, look, entry } = absentEntry();
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  const agent = await pretend(scratch.dir, ["codex", "resume", entry.id]);
  expect(await look()).toBe("kept");
  await stop(agent);
  expect(await look()).toBe("pending");
});

test("a registry that was torn in between breaks the row of looks", async () => {
  const { scratch, path, look, write, entry } = absentEntry();
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  writeFileSync(path, "{");
  expect((await sessreap(scratch, [])).code).toBe(1);
  write(entry);
  expect(await look()).toBe("pending");
});

test("a look of another boot does not count", async () => {
  const { scratch, look } = absentEntry();
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  rewriteMemory(scratch, (memory) => {
    memory.bootId = randomUUID();
  });
  expect(await look()).toBe("pending");
});

test("a memory that cannot be understood is said, and only makes the wait begin anew", async () => {
  const { scratch, look } = absentEntry();
  expect(await look()).toBe("pending");
  const empty = { schema: 1, traces: {}, answeredSinceMs: {}, restored: [] };
  const odd = [{ schema: 99 }, { traces: null }, { traces: 5 }, { traces: { "/x": { a: { digest: "0", seenForMs: "9999999999999" } } } }];
  const odder = [{ restored: {} }, { restored: [null] }, { answeredSinceMs: { url: null } }, { bootMs: "5" }];
  const texts = ["", "{", "[]", "null", ...[...odd, ...odder].map((wrong) => JSON.stringify({ ...empty, ...wrong }))];
  for (const text of texts) {
    writeFileSync(join(scratch.stateDir, "memory.json"), text);
    const { code, stdout, stderr } = await sessreap(scratch, []);
    expect({ text, code, stdout: stdout.includes("waits") }).toEqual({ text, code: 0, stdout: true });
    expect([text, stderr]).toEqual([text, expect.stringMatching(/^warning .*memory\.json: .*; starting with an empty memory\n$/)]);
  }
});

test("after the clock was stepped an entry ages from when it was first seen", async () => {
  const { scratch, look } = absentEntry();
  expect(await look()).toBe("pending");
  letPass(scratch, 10 * minute);
  rewriteMemory(scratch, (memory) => {
    memory.wallMs -= 3_600_000;
  });
  const report = await sweepReport(scratch, []);
  expect(by(report, "verdict", "reason")).toEqual({ agent: "undecided clock-stepped" });
});

test("explain says what sweeps remember of an entry, and config of its registry and of the clock", async () => {
  const { scratch, path, look } = absentEntry();
  const explained = async () => {
    const { stdout } = await sessreap(scratch, ["explain", "agent", "--json"]);
    return (JSON.parse(stdout) as { readonly entries: readonly { readonly remembered: Readonly<Record<string, unknown>> }[] }).entries[0]
      ?.remembered;
  };
  const nothing = { seenForMs: null, absentForMs: null, secondLookInMs: null, longestGapMs: null, stillForMs: null };
  const rest = { clockStepped: false, holders: [], startTokensProven: false };
  expect(await explained()).toEqual({ ...nothing, ...rest });
  expect(await look()).toBe("pending");
  letPass(scratch, 3 * minute);
  const { absentForMs, secondLookInMs, ...others } = (await explained()) ?? {};
  expect(Number(absentForMs)).toBeGreaterThanOrEqual(3 * minute);
  expect(Number(absentForMs) + Number(secondLookInMs)).toBe(4 * minute);
  expect(others).toMatchObject(rest);
  const { stdout } = await sessreap(scratch, ["explain", "agent", "-v"]);
  expect(stdout).toMatch(/next +a sweep from \d\d:\d\d on reaps it; at once: sessreap reap --now agent/);
  expect(stdout).toMatch(/memory +.*found absent since 3m, and a look counts in \d+s; no start token of its registry has proved right yet/);
  letPass(scratch, minute);
  expect((await sessreap(scratch, ["explain", "agent", "-v"])).stdout).toContain("found absent since 4m, and the next look counts");
  const config = JSON.parse((await sessreap(scratch, ["config", "--json"])).stdout) as {
    readonly registries: readonly { readonly path: string; readonly remembered: object }[];
    readonly clock: object;
  };
  expect(config.registries.find((one) => one.path === path)?.remembered).toEqual({ entries: 1, startTokens: "unproven" });
  expect(config.clock).toMatchObject({ watchedMs: 0 });
  expect((await sessreap(scratch, ["config"])).stdout).toMatch(
    /agents\.json \(keyed-json\); 1 remembered; no start token has proved right yet\n/,
  );
});
