import { randomUUID } from "node:crypto";
import { chownSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startFakeServer } from "../../fake-app-server.ts";
import { pretend, stop } from "../../processes.ts";
import { startBridge } from "../bridge.ts";
import { declareRegistry, leaveOut, newScratch, nobodysScratch, sessreap, writeOld, type Ran, type Scratch } from "../harness.ts";

/** Servers of these tests have been up for longer than the grace period as soon as they answer. */
const shortGrace = { SESSREAP_GRACE: "0" };
const asOwner = (key: string): readonly string[] => ["reap", key, "--as-owner"];
const just = (): string => new Date().toISOString();
const keysIn = (path: string): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);
const saidOf = ({ code, stdout, stderr }: Ran): string =>
  `${code} ${stdout.split("  ").slice(1, 3).join(" ").split(":")[0] ?? ""}${stderr}`;

/** A bridge with one app server, and threads that it has registered this very moment. */
async function bridged(scratch: Scratch, keys: readonly string[], more: Readonly<Record<string, unknown>> = {}) {
  const server = await startFakeServer(scratch.dir);
  const bridge = await startBridge(scratch, shortGrace);
  const path = declareRegistry(scratch, { appServers: [server.url], owner: bridge.owner, ...more });
  const threads = Object.fromEntries(keys.map((key) => [key, { id: randomUUID(), since: just() }]));
  writeOld(path, JSON.stringify(threads));
  return { server, bridge, path, idOf: (key: string) => threads[key]?.id as string };
}

test("what its owner says has ended goes at once where each server calls it notLoaded", async () => {
  const scratch = newScratch();
  const { server, bridge, path, idOf } = await bridged(scratch, ["loaded", "mars", "venus"]);
  server.load(idOf("loaded"));
  expect(saidOf(await bridge.sessreap(asOwner("loaded")))).toBe("3 kept thread-loaded");
  expect(saidOf(await bridge.sessreap(["reap", "mars"]))).toBe("3 withheld thread-not-loaded");
  expect(saidOf(await bridge.sessreap(asOwner("mars")))).toBe("0 reaped thread-not-loaded");
  expect(saidOf(await bridge.sessreap(asOwner("venus"), ["/bin/sh", "-c", '"$@"; exit $?', "sh"]))).toBe("0 reaped thread-not-loaded");
  expect(keysIn(path)).toEqual(["loaded"]);
  expect((await sessreap(scratch, ["history"])).stdout).toContain("reap, as the owner");
  expect((await bridge.sessreap(["restore", "mars"])).code).toBe(3);
  await stop(bridge);
  expect((await sessreap(scratch, ["restore", "mars"])).code).toBe(0);
  const next = await startBridge(scratch, shortGrace, bridge.owner.argv[0]);
  expect(saidOf(await next.sessreap(asOwner("mars")))).toBe("3 kept restored");
});

test("its word is no word against a sign of life or a doubt, nor for a server that is young, down, or not asked", async () => {
  const scratch = newScratch();
  const { server, bridge, path, idOf } = await bridged(scratch, ["run", "read", "young", "half"]);
  await pretend(scratch.dir, ["codex", "resume", idOf("run")]);
  await pretend(scratch.dir, ["quill", "notes", idOf("read")]);
  expect(saidOf(await bridge.sessreap(asOwner("run")))).toBe("3 kept attached-cli");
  expect(saidOf(await bridge.sessreap(asOwner("read")))).toBe("3 kept mentioned");
  const patient = await startBridge(scratch, { SESSREAP_GRACE: "10m" });
  declareRegistry(scratch, { appServers: [server.url], owner: patient.owner });
  expect(saidOf(await patient.sessreap(asOwner("young")))).toBe("3 kept app-server-too-young");
  declareRegistry(scratch, { appServers: [server.url, `unix://${scratch.dir}/gone.sock`], owner: bridge.owner });
  expect(saidOf(await bridge.sessreap(asOwner("half")))).toBe("3 kept app-server-down");
  declareRegistry(scratch, { owner: bridge.owner });
  expect(saidOf(await bridge.sessreap(asOwner("half")))).toBe("3 kept within-ttl");
  expect(keysIn(path)).toEqual(["run", "read", "young", "half"]);
});

test("one that is not the owner is refused: a shell beside it, an agent below it, and any after its end", async () => {
  const scratch = newScratch();
  const { bridge, path } = await bridged(scratch, ["mars"]);
  const beside = await sessreap(scratch, asOwner("mars"), { env: shortGrace });
  expect(beside).toMatchObject({ code: 4, stdout: "" });
  expect(beside.stderr).toContain(`another owner is up (process ${bridge.owner.argv.join(" ")}); nothing was touched`);
  const below = await bridge.sessreap(asOwner("mars"), ["/bin/sh", "-c", '"$@"; exit $?', "sh"], "claude");
  expect(below.code, below.stderr).toBe(4);
  const second = await startBridge(scratch, shortGrace, bridge.owner.argv[0]);
  for (const one of [bridge, second]) expect((await one.sessreap(asOwner("mars"))).code).toBe(4);
  await Promise.all([stop(bridge), stop(second)]);
  const after = await sessreap(scratch, asOwner("mars"), { env: shortGrace });
  expect(after.code).toBe(4);
  expect(after.stderr).toContain("no sign of its owner is given by this process");
  expect(keysIn(path)).toEqual(["mars"]);
});

test("an owner is known by its lock and by its socket, too; where nothing tells who it is, the word is taken", async () => {
  const scratch = newScratch();
  const lock = join(scratch.dir, "bridge.lock");
  const { server, bridge, path } = await bridged(scratch, ["one", "two"], { owner: { lock } });
  writeOld(lock, `${process.pid}\n`);
  expect((await bridge.sessreap(asOwner("one"))).code).toBe(4);
  writeOld(lock, `${bridge.pid}\n`);
  expect(saidOf(await bridge.sessreap(asOwner("one")))).toBe("0 reaped thread-not-loaded");
  declareRegistry(scratch, { appServers: [server.url], owner: { socket: server.url.slice("unix://".length) } });
  expect((await bridge.sessreap(asOwner("two"))).code).toBe(4);
  declareRegistry(scratch, { appServers: [server.url] });
  expect(saidOf(await sessreap(scratch, asOwner("two"), { env: shortGrace }))).toBe("0 reaped thread-not-loaded");
  expect(keysIn(path)).toEqual([]);
});

test("an owner's word is for one entry, and no operator's word stands beside it", async () => {
  const scratch = newScratch();
  const { bridge, path } = await bridged(scratch, ["mars-a", "mars-b"]);
  expect((await bridge.sessreap([...asOwner("mars-*"), "--all"])).code).toBe(2);
  expect((await bridge.sessreap([...asOwner("mars-a"), "--now"])).code).toBe(2);
  expect(keysIn(path)).toEqual(["mars-a", "mars-b"]);
});

test("of an entry that went already its owner's word is no word about another whose name begins like it", async () => {
  const scratch = newScratch();
  const { bridge, path, idOf } = await bridged(scratch, ["mars-audit"]);
  for (const name of ["mars", "mars-*", "mars-…it", idOf("mars-audit").slice(0, 8)]) {
    const { code, stderr } = await bridge.sessreap(asOwner(name));
    expect([code, stderr]).toEqual([2, expect.stringContaining("mars-audit; nothing was touched")]);
  }
  expect(keysIn(path)).toEqual(["mars-audit"]);
  expect(saidOf(await bridge.sessreap(asOwner(idOf("mars-audit"))))).toBe("0 reaped thread-not-loaded");
});

test("one user is not the owner of what is another's", async (context) => {
  if (process.getuid?.() !== 0) {
    leaveOut("a registry of another user", "only root can make one");
    context.skip();
  }
  const scratch = nobodysScratch();
  const path = declareRegistry(scratch);
  writeOld(path, JSON.stringify({ mars: { id: randomUUID(), since: just() } }));
  chownSync(path, 0, 0);
  const { code, stderr } = await sessreap(scratch, asOwner("mars"), { asNobody: true });
  expect(code, stderr).toBe(4);
  expect(stderr).toContain("it belongs to user 0, and this process to user");
});
