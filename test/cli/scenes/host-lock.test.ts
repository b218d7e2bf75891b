import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Guard } from "../../../src/report/model/guards.ts";
import { by, configure, newScratch, parseOnly, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";

const minute = 60_000;
const oldName = '{"pid":4194304,"hostname":"old-name"}\n';

function locksIn(healRenamedHost: boolean) {
  const scratch = newScratch();
  const path = join(scratch.dir, "locks");
  mkdirSync(path);
  configure(scratch, { healRenamedHost, registries: [{ format: "host-lock", path }] });
  return { scratch, path, lock: writeOld(join(path, "queue.lock"), oldName, 60 * minute) };
}

async function lockGuards(scratch: Scratch): Promise<readonly string[]> {
  const { stdout } = await sessreap(scratch, ["doctor", "--json"]);
  const { guards } = parseOnly(stdout) as { guards: readonly Guard[] };
  return guards.filter(({ guard }) => guard === "host-lock").map(({ posture, cause, cure }) => `${posture} ${cause}: ${cure}`);
}

test("a lock of this machine's older name is taken over, told in the history, and can be put back", async () => {
  const { scratch, lock } = locksIn(true);
  const words = ["verdict", "reason", "action", "hostLock"] as const;
  expect(by(await sweepReport(scratch, ["-n"]), ...words)).toEqual({ "queue.lock": "ghost renamed-host would-heal heal" });
  expect(readFileSync(lock, "utf8")).toBe(oldName);
  const beatAt = statSync(lock).mtimeMs;
  const { code, stdout } = await sessreap(scratch, ["sweep"]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^- queue .* healed +old machine name\n.*\(1 healed\)\n$/ms)]);
  expect(readFileSync(lock, "utf8")).toBe(`{"pid":4194304,"hostname":${JSON.stringify(hostname())}}\n`);
  expect(statSync(lock).mtimeMs).toBeCloseTo(beatAt, -1);
  expect((await sessreap(scratch, ["history", "last"])).stdout).toMatch(/^queue\.lock .* healed +old machine name$/m);
  expect((await sessreap(scratch, ["restore", "queue.lock"])).code).toBe(0);
  expect(readFileSync(lock, "utf8")).toBe(oldName);
  // What an operator put back is not taken over again.
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ "queue.lock": "restored kept" });
});

test("once it bears this host's name the ladder judges it like any other lock of a dead pid", async () => {
  const { scratch, lock } = locksIn(true);
  await sweepReport(scratch, []);
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ "queue.lock": "pid-gone reaped" });
  expect(existsSync(lock)).toBe(false);
});

test("a healed lock that somebody has taken since is not put back over", async () => {
  const { scratch, lock } = locksIn(true);
  await sweepReport(scratch, []);
  writeOld(lock, `{"pid":${process.pid},"hostname":${JSON.stringify(hostname())}}`);
  const { code, stdout } = await sessreap(scratch, ["restore", "queue.lock"]);
  expect([code, stdout]).toEqual([3, expect.stringContaining("left alone")]);
  expect(readFileSync(lock, "utf8")).toContain(String(process.pid));
});

test("while the switch is off it stays, and the dry run, explain and the doctor say what would heal it", async () => {
  const { scratch, lock } = locksIn(false);
  const report = await sweepReport(scratch, ["-n"]);
  expect(by(report, "verdict", "reason", "action", "hostLock")).toEqual({ "queue.lock": "undecided renamed-host kept off" });
  expect((await sessreap(scratch, ["-n", "-v"])).stdout).toContain("healRenamedHost is off");
  const { stdout } = await sessreap(scratch, ["explain", "queue.lock", "--json"]);
  expect(parseOnly(stdout)).toMatchObject({ entries: [{ reason: "renamed-host", action: "kept", hostLock: "off" }] });
  expect(parseOnly(stdout)).toMatchObject({ entries: [{ revisions: [{ name: "renamed-host" }] }] });
  expect(await lockGuards(scratch)).toEqual(['off renamed-host: let it be taken over: "healRenamedHost": true in the configuration']);
  await sweepReport(scratch, []);
  expect(readFileSync(lock, "utf8")).toBe(oldName);
});

test.each([
  ["whose pid is alive here", `{"pid":${process.pid},"hostname":"old-name"}`, 60, "doubt", "but its pid is alive here", 1],
  ["that beats", oldName, 4, "stays", "and it beat 4m ago", 0],
  ["whose heartbeat member lies ahead", '{"pid":4194304,"hostname":"o","heartbeat":4102444800000}', 60, "doubt", "is not in the past", 1],
])("a lock %s stays, and why is said", async (_what, content, minutes, hostLock, why, guards) => {
  const { scratch, lock } = locksIn(true);
  writeOld(lock, content, minutes * minute);
  const report = await sweepReport(scratch, ["--grace", "0"]);
  expect(by(report, "reason", "action", "hostLock")).toEqual({ "queue.lock": `foreign-host kept ${hostLock}` });
  expect(report.entries[0]?.detail).toContain(why);
  expect(readFileSync(lock, "utf8")).toBe(content);
  const { stdout } = await sessreap(scratch, ["doctor", "--json", "--grace", "0"]);
  expect((parseOnly(stdout) as { guards: readonly Guard[] }).guards.filter(({ guard }) => guard === "host-lock")).toHaveLength(guards);
});

test("of eight sweeps with state directories of their own one takes the lock over, and only it keeps a tombstone", async () => {
  const { scratch, lock } = locksIn(true);
  const own = (name: number): Scratch => ({ ...scratch, env: { ...scratch.env, SESSREAP_STATE_DIR: join(scratch.dir, `state-${name}`) } });
  const all = Array.from({ length: 8 }, (_, name) => own(name));
  // Whoever comes late may already reap what another has healed: it names this host then, and a dead pid.
  const reports = await Promise.all(all.map((one) => sweepReport(one, [])));
  const described = reports.flatMap(({ entries }) => entries);
  expect(described.filter(({ action }) => action === "healed")).toHaveLength(1);
  expect(described.filter(({ action }) => action === "failed")).toEqual([]);
  const kept = await Promise.all(all.map((one) => sessreap(one, ["restore", "queue.lock", "-n"])));
  const healers = described.filter(({ tombstone }) => tombstone !== null);
  expect(kept.filter(({ code }) => code !== 1)).toHaveLength(healers.length);
  expect(existsSync(lock)).toBe(healers.every(({ action }) => action !== "reaped"));
});

test("where everybody may write nothing is taken over", async () => {
  const { scratch, path, lock } = locksIn(true);
  chmodSync(path, 0o777);
  expect(by(await sweepReport(scratch, []), "verdict", "action")).toEqual({ "queue.lock": "ghost withheld" });
  expect(readFileSync(lock, "utf8")).toBe(oldName);
});

test("a lock that a killed sweep had taken aside is back after the next one", async () => {
  const { scratch, path, lock } = locksIn(true);
  renameSync(lock, join(path, ".queue.lock.sessreap-4194304.held"));
  writeOld(join(path, ".queue.lock.sessreap-4194304.new"), "{}");
  await sweepReport(scratch, []);
  expect(readFileSync(lock, "utf8")).toBe(oldName);
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ "queue.lock": "healed" });
});
