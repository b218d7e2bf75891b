import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { defaultPolicy } from "../../../src/core/policy.ts";
import type { Host } from "../../../src/host/host.ts";
import { hostLock } from "../../../src/registries/formats/host-lock.ts";
import { newScene, sweepOnce, writeOld } from "../scene.ts";

const content = '{"pid":4194304,"hostname":"old-name"}';

async function locked() {
  const { directory, host, target } = await newScene();
  const path = join(directory, "locks");
  mkdirSync(path);
  const lock = join(path, "a.lock");
  writeOld(lock, content);
  const asked: number[] = [];
  const observedHost: Host = {
    ...host,
    lookAtProcesses: (question) => {
      asked.push(...question.pids);
      return host.lookAtProcesses(question);
    },
  };
  const policy = { ...defaultPolicy, healRenamedHost: true };
  return { lock, asked, host: observedHost, target: { ...target, format: hostLock, path }, policy };
}

test.each([
  ["a network file system", seen({ local: false, name: "type 0x6969" })],
  ["a file system that cannot be told", unseen("statfs: input/output error")],
])("on %s a lock of another host stays, and its pid is never probed", async (_where, fileSystem) => {
  const { lock, asked, host, target, policy } = await locked();
  const { entries } = await sweepOnce({ ...host, fileSystemOf: () => fileSystem }, target, { policy });
  expect(entries).toMatchObject([{ verdict: "undecided", reason: "foreign-host", action: "kept", hostLock: "stays" }]);
  expect(asked).toEqual([]);
  expect(readFileSync(lock, "utf8")).toBe(content);
});

test("a holder that shows in the moment before the take-over keeps its lock, and no tombstone stays", async () => {
  const { lock, host, target, policy } = await locked();
  let looks = 0;
  const revived: Host = {
    ...host,
    lookAtProcesses: async (question) => {
      const answer = await host.lookAtProcesses(question);
      if (question.pids.size === 0 || !answer.seen || (looks += 1) < 2) return answer;
      const pids = new Map(
        [...question.pids].map((pid) => [
          pid,
          seen({ kind: "there", state: seen("S"), startTicks: seen("1"), ownTime: true, kernelThread: false, names: seen([]) } as const),
        ]),
      );
      return seen({ ...answer.value, table: { ...answer.value.table, pids } });
    },
  };
  const { entries } = await sweepOnce(revived, target, { policy });
  expect(entries).toMatchObject([{ reason: "renamed-host", action: "skipped", tombstone: null }]);
  expect(entries[0]?.detail).toContain("it came back to life");
  expect(readFileSync(lock, "utf8")).toBe(content);
});

test("when the owner comes up in the last moment the lock is withheld", async () => {
  const { lock, host, target, policy } = await locked();
  let asked = 0;
  const owned = { ...target, owner: { lock: `${lock}.owner` } };
  const { entries } = await sweepOnce({ ...host, isLockHeld: () => seen((asked += 1) > 1) }, owned, { policy });
  expect(entries).toMatchObject([{ reason: "renamed-host", action: "withheld", tombstone: null }]);
  expect(readFileSync(lock, "utf8")).toBe(content);
});

test.each(["heartbeat", "program"])("a %s between judgement and take-over keeps the lock", async (who) => {
  const { lock, host, target, policy } = await locked();
  const newer = who === "heartbeat" ? content : '{"pid":4711,"hostname":"new-name"}';
  const late: Host = {
    ...host,
    takeOver: (root, judged, file) => {
      writeOld(lock, newer);
      return host.takeOver(root, judged, file);
    },
  };
  const { entries } = await sweepOnce(late, target, { policy });
  expect(entries).toMatchObject([{ action: "skipped", tombstone: null }]);
  expect(readFileSync(lock, "utf8")).toBe(newer);
});
