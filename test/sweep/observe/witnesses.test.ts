import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Host } from "../../../src/host/host.ts";
import { gonePid, idle } from "../../processes.ts";
import { newScene, sweepOnce, writeOld, type Scene } from "../scene.ts";

const uid = process.getuid?.() ?? 0;

/** A row without a process, long silent, and what a sweep makes of it when its second look is not waited for. */
async function silentRow(): Promise<Scene & { readonly id: string; readonly fate: (overrides: Partial<Host>) => Promise<string> }> {
  const scene = await newScene();
  const id = randomUUID();
  writeOld(scene.path, JSON.stringify({ row: { id, since: "2026-01-01T00:00:00Z" } }));
  const fate = async (overrides: Partial<Host>): Promise<string> => {
    const { entries } = await sweepOnce({ ...scene.host, ...overrides }, scene.target);
    return entries.map(({ reason, action, detail }) => `${reason} ${action}: ${detail}`).join("; ");
  };
  return { ...scene, id, fate };
}

function recordIn(home: string, { pid, startTicks }: { readonly pid: number; readonly startTicks: string }, sessionId: string): void {
  const sessions = join(home, ".claude", "sessions");
  mkdirSync(sessions, { recursive: true });
  writeFileSync(join(sessions, `${pid}.json`), JSON.stringify({ pid, procStart: startTicks, sessionId, startedAt: 1.7e12 }));
}

test("the records in the homes of all who run something count, where no one user can have written the entry", async () => {
  const { directory, id, fate } = await silentRow();
  const home = join(directory, "venus");
  recordIn(home, await idle({ argv0: "claude" }), id);
  const shared: Partial<Host> = { usersHere: () => new Set([4711]), homeOf: (user) => (user === 4711 ? home : directory) };
  expect(await fate(shared)).toMatch(uid < 1000 ? /^registered-alive kept/ : /^ttl-expired/);
});

test("a user without a home, who runs no agent, hides nothing", async () => {
  const { fate, directory } = await silentRow();
  const others: Partial<Host> = { usersHere: () => new Set([4711]), homeOf: (user) => (user === 4711 ? undefined : directory) };
  expect(await fate(others)).toMatch(/^ttl-expired/);
});

test("of a registry that only its owner can have written, an owner without a home is a doubt", async () => {
  const { host, fate, path } = await silentRow();
  const readRegistryFile: Host["readRegistryFile"] = (at) => {
    const read = host.readRegistryFile(at);
    if (read.kind !== "read" || at !== path) return read;
    return { kind: "read", file: { ...read.file, stat: Object.assign(Object.create(read.file.stat), { uid: 4711n, mode: 0o100600n }) } };
  };
  const unknown: Partial<Host> = { readRegistryFile, homeOf: (user) => (user === 4711 ? undefined : host.homeOf(user)) };
  expect(await fate(unknown)).toBe("homes-unseen kept: the home of user 4711 is not known");
});

test("a record that is written between the look and the swap saves its session", async () => {
  const { host, id, directory, path, target } = await silentRow();
  const { pid, startTicks } = await gonePid();
  writeOld(path, JSON.stringify({ row: { id, pid, start: startTicks, since: "2026-01-01T00:00:00Z" } }));
  const claude = await idle({ argv0: "claude" });
  let looks = 0;
  const lookAtAllFiles: Host["lookAtAllFiles"] = (question, before) => {
    looks += 1;
    if (looks === 1) recordIn(directory, claude, id);
    return host.lookAtAllFiles(question, before);
  };
  const { entries } = await sweepOnce({ ...host, lookAtAllFiles }, target);
  expect(entries.map(({ reason, action, detail }) => `${reason} ${action}: ${detail}`)).toEqual([
    expect.stringMatching(/^pid-gone skipped: .*came back to life/),
  ]);
});
