import { randomUUID } from "node:crypto";
import { chmodSync, chownSync, existsSync, lchownSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OwnRegistry } from "../../src/host-library.ts";
import { takeRunLock } from "../../src/host/state/run-lock.ts";
import { startFakeServer } from "../fake-app-server.ts";
import { fields } from "../fields.ts";
import { gonePid, idle, pretend, startTicksOf, stop, until } from "../processes.ts";
import { nobody } from "../users.ts";
import { configure, daysAgo, leaveOut, newScratch, nobodysScratch, sessreap, writeOld, type Scratch } from "./harness.ts";
import { startLibraryBridge, type LibraryBridge } from "./library-bridge.ts";

const just = (): string => new Date().toISOString();
const keysIn = (path: string): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);

/** Waits until a watch has said these words, or has failed with them. */
async function hasSaid(bridge: LibraryBridge, words: string): Promise<void> {
  for (let look = 0; look < 400; look += 1) {
    if ((await bridge.watched()).notices.some((notice) => notice.includes(words))) return;
    await new Promise((wait) => void setTimeout(wait, 50));
  }
  throw new Error(`it never said ${words}`);
}

/** A bridge with its own registry of threads, which it describes itself, and one app server. */
async function bridged(scratch: Scratch, keys: readonly string[], more: Partial<OwnRegistry> = {}) {
  const server = await startFakeServer(scratch.dir);
  const bridge = await startLibraryBridge(scratch);
  const path = join(scratch.dir, "threads.json");
  const registry: OwnRegistry = {
    format: "keyed-json",
    path,
    fields,
    about: "thread",
    appServers: [server.url],
    owner: { argv: bridge.argv },
    ...more,
  };
  const threads = Object.fromEntries(keys.map((key) => [key, { id: randomUUID(), since: just() }]));
  writeFileSync(path, JSON.stringify(threads));
  return { server, bridge, path, registry, meantBy: (key: string) => ({ sessionId: threads[key]?.id as string }), threads };
}

test("a bridge reconciles at its start and takes its row when a thread ends, and its process is left as it was", async () => {
  const scratch = newScratch();
  const { server, bridge, path, registry, meantBy } = await bridged(scratch, ["loaded", "ended"]);
  server.load(meantBy("loaded").sessionId);
  const dead = await gonePid();
  const text = readFileSync(path, "utf8");
  writeOld(path, JSON.stringify({ ...(JSON.parse(text) as object), crashed: { id: randomUUID(), pid: dead.pid, since: daysAgo(1) } }));
  const about = { ...registry, about: "session" } as const;
  const { rows, state } = await bridge.reconcile({ registry: about });
  expect(state).toBe("swept");
  expect(Object.fromEntries(rows.map(({ key, action, reason }) => [key, `${action} ${reason}`]))).toEqual({
    loaded: "kept thread-loaded",
    ended: "pending thread-not-loaded",
    crashed: "reaped pid-gone",
  });
  expect(await bridge.reapOne("loaded", meantBy("loaded"), { registry: about })).toMatchObject({
    gone: false,
    row: { reason: "thread-loaded" },
  });
  const taken = await bridge.reapOne("ended", meantBy("ended"), { registry: about });
  expect(taken).toMatchObject({ gone: true, row: { action: "reaped", reason: "thread-not-loaded", verdict: "ghost" } });
  expect(await bridge.reapOne("ended", meantBy("ended"), { registry: about })).toEqual({ gone: true, key: "ended" });
  expect(keysIn(path)).toEqual(["loaded"]);
  expect(await bridge.untouched()).toBe(true);
  const { stdout } = await sessreap(scratch, ["history"]);
  expect(stdout).toMatch(/reconcile/);
  expect(stdout).toMatch(/reapOne, as the owner/);
});

test("a row that is not the one meant is refused, and so is a call that does not say which is", async () => {
  const scratch = newScratch();
  const { bridge, path, registry, meantBy } = await bridged(scratch, ["mars", "venus"]);
  await expect(bridge.reapOne("mars", meantBy("venus"), { registry })).rejects.toThrow(/^OtherRowError: .*"mars" is not that of session/);
  await expect(bridge.reapOne("mars", { pid: 77 }, { registry })).rejects.toMatchObject({ code: "other-row" });
  for (const meant of [{}, { pid: 1 }, { sessionId: "" }, { pid: 7, sessionId: "x" }])
    await expect(bridge.reapOne("mars", meant as { readonly pid: number }, { registry })).rejects.toThrow(/^UsageError: /);
  await expect(bridge.reapOne("mars", meantBy("mars"), { registry: { ...registry, format: "keyd-json" } })).rejects.toThrow(
    /^UsageError: .*keyed-json/,
  );
  await expect(bridge.reconcile({ registry, grace: "soon" })).rejects.toMatchObject({ code: "usage" });
  expect(keysIn(path)).toEqual(["mars", "venus"]);
});

test("a sign of life is stronger than its word: an agent, a child of its own that carries the session, a young server", async () => {
  const scratch = newScratch();
  const { bridge, path, registry, meantBy } = await bridged(scratch, ["agent", "child", "script", "young"]);
  await pretend(scratch.dir, ["codex", "resume", meantBy("agent").sessionId]);
  writeFileSync(join(scratch.dir, "resume"), "read never\n");
  await bridge.run("codex", "/bin/sh", "resume", meantBy("child").sessionId);
  await bridge.run("harness", "/bin/sh", "-c", "read never; :", "harness", meantBy("script").sessionId);
  const options = { registry };
  const reasons = async (key: string, more = {}) => (await bridge.reapOne(key, meantBy(key), { ...options, ...more })).row?.reason;
  expect(await reasons("agent")).toBe("attached-cli");
  expect(await reasons("child")).toBe("attached-cli");
  expect(await reasons("script")).toBe("mentioned");
  expect(await reasons("young", { grace: "10m" })).toBe("app-server-too-young");
  expect(keysIn(path)).toHaveLength(4);
});

test("one that is not the owner is refused: beside a bridge that is up, by other signs than the configured, without any", async () => {
  const scratch = newScratch();
  const { bridge, path, registry, meantBy, server } = await bridged(scratch, ["mars"]);
  const stranger = await startLibraryBridge(scratch);
  const meant = meantBy("mars");
  await expect(stranger.reapOne("mars", meant, { registry })).rejects.toThrow(/^NotOwnerError: .*another owner is up/);
  await expect(stranger.reconcile({ registry })).rejects.toThrow(/^NotOwnerError: .*another owner is up/);
  // What the configuration says of the registry counts beside the signs that a caller gives of itself.
  configure(scratch, { registries: [{ ...registry, owner: { argv: bridge.argv } }] });
  const disguised = { ...registry, owner: { argv: stranger.argv } };
  await expect(stranger.reapOne("mars", meant, { registry: disguised })).rejects.toThrow(/^NotOwnerError: .*another owner is up/);
  await stop(bridge);
  await expect(stranger.reapOne("mars", meant, { registry: path })).rejects.toThrow(/^NotOwnerError: .*no sign of its owner/);
  configure(scratch, { registries: [{ format: "keyed-json", path, fields, about: "thread", appServers: [server.url] }] });
  expect(await stranger.reapOne("mars", meant, { registry: path })).toMatchObject({ gone: true });
});

test("before the owner is known nothing is done, be it through the release command of another owner that is up", async () => {
  const scratch = newScratch();
  const { bridge, path, registry } = await bridged(scratch, []);
  const stranger = await startLibraryBridge(scratch);
  const ran = join(scratch.dir, "release-ran");
  const dead = await gonePid();
  const text = JSON.stringify({ crashed: { id: randomUUID(), pid: dead.pid, since: daysAgo(1) } });
  writeOld(path, text);
  const release = [process.execPath, "-e", `require("fs").writeFileSync(${JSON.stringify(ran)}, process.argv[1])`, "{key}"];
  configure(scratch, { registries: [{ ...registry, about: "session", release }] });
  await expect(stranger.reconcile({ registry: path })).rejects.toThrow(/^NotOwnerError: .*another owner is up.*nothing was touched/);
  expect([existsSync(ran), readFileSync(path, "utf8")]).toEqual([false, text]);
  await stop(bridge);
  await expect(stranger.reconcile({ registry: path })).rejects.toThrow(/^NotOwnerError: .*no sign of its owner/);
  await stranger.watch({ registry: path });
  await hasSaid(stranger, "NotOwnerError");
  expect([existsSync(ran), readFileSync(path, "utf8")]).toEqual([false, text]);
  // A young row is no reason to leave unasked who the owner is.
  writeFileSync(path, JSON.stringify({ young: { id: randomUUID(), pid: dead.pid, since: just() } }));
  await expect(stranger.reconcile({ registry: path, grace: "10m" })).rejects.toMatchObject({ code: "not-owner" });
});

test("two bridges on one file: each is refused while both are up, and no row is lost", async () => {
  const scratch = newScratch();
  const { bridge, path, registry, meantBy } = await bridged(scratch, ["mars", "venus"]);
  const second = await startLibraryBridge(scratch, { name: bridge.argv[0] as string });
  for (const one of [bridge, second])
    await expect(one.reapOne("mars", meantBy("mars"), { registry })).rejects.toMatchObject({ code: "not-owner" });
  await stop(second);
  expect(await bridge.reapOne("mars", meantBy("mars"), { registry })).toMatchObject({ gone: true });
  expect(keysIn(path)).toEqual(["venus"]);
});

test("two bridges that nothing tells apart take their own rows at once, and the others stay", async () => {
  const scratch = newScratch();
  const keys = Array.from({ length: 12 }, (_, index) => `row-${index}`);
  const { bridge, path, registry, meantBy } = await bridged(scratch, [...keys, "stays"]);
  const { owner: _, ...unowned } = registry;
  const second = await startLibraryBridge(scratch);
  const taken = await Promise.all(
    keys.map((key, index) => (index % 2 === 0 ? bridge : second).reapOne(key, meantBy(key), { registry: unowned })),
  );
  expect(taken.map(({ gone }) => gone)).toEqual(keys.map(() => true));
  expect(keysIn(path)).toEqual(["stays"]);
});

test("a hundred calls at once share a few passes, and each has its own answer", async () => {
  const scratch = newScratch();
  const keys = Array.from({ length: 100 }, (_, index) => `row ${index} "ö/\u2028${index % 7 === 0 ? "\u0007" : ""}`);
  const { bridge, path, registry, meantBy, server } = await bridged(scratch, [...keys, "loaded", "other"]);
  server.load(meantBy("loaded").sessionId);
  const calls = keys.map((key) => bridge.reapOne(key, meantBy(key), { registry }));
  const others = [
    bridge.reapOne("loaded", meantBy("loaded"), { registry }),
    bridge.reapOne("other", meantBy("loaded"), { registry }),
    bridge.reapOne("nowhere", meantBy("loaded"), { registry }),
  ];
  const settled = await Promise.allSettled(others);
  expect(settled.map((one) => (one.status === "fulfilled" ? one.value.gone : (one.reason as { readonly code: string }).code))).toEqual([
    false,
    "other-row",
    true,
  ]);
  expect((await Promise.all(calls)).filter(({ gone, row }) => gone && row?.action === "reaped")).toHaveLength(100);
  expect(keysIn(path)).toEqual(["loaded", "other"]);
  const { stdout } = await sessreap(scratch, ["history", "--json"]);
  expect((JSON.parse(stdout) as { readonly sweeps: readonly unknown[] }).sweeps.length).toBeLessThan(10);
});

test("calls of one moment that mean different rows by one key: each is told of its own, and the signal is let go", async () => {
  const scratch = newScratch();
  const { bridge, path, registry, meantBy } = await bridged(scratch, ["mars", "stays"]);
  const meants = [meantBy("mars"), { sessionId: randomUUID() }, { pid: 77 }];
  expect(await bridge.reapAtOnce("mars", meants, { registry })).toEqual({
    said: ["gone: true", "OtherRowError", "OtherRowError"],
    listeners: 0,
  });
  expect(keysIn(path)).toEqual(["stays"]);
});

test("a key that is registered anew at that moment stays, whichever comes first", async () => {
  const scratch = newScratch();
  const { bridge, path, registry, meantBy, threads } = await bridged(scratch, ["mars"]);
  for (let round = 0; round < 8; round += 1) {
    const old = round === 0 ? meantBy("mars") : { sessionId: randomUUID() };
    writeFileSync(path, JSON.stringify({ ...threads, mars: { id: old.sessionId, since: just() } }));
    const call = bridge.reapOne("mars", old, { registry });
    await new Promise((wait) => void setTimeout(wait, round * 40));
    const fresh = randomUUID();
    writeFileSync(path, JSON.stringify({ mars: { id: fresh, since: just() } }));
    const said = await call.then(
      ({ gone, row }) => row?.action ?? String(gone),
      ({ code }: { readonly code?: string }) => code,
    );
    expect(["reaped", "skipped", "other-row"]).toContain(said);
    expect(readFileSync(path, "utf8")).toContain(fresh);
  }
});

test("an abort before, in the middle and after: the row is whole or gone, and the call says which", async () => {
  const scratch = newScratch();
  const keys = Array.from({ length: 10 }, (_, index) => `row-${index}`);
  const { bridge, path, registry, meantBy } = await bridged(scratch, keys);
  for (const [index, key] of keys.entries()) {
    const gone = await bridge.reapOne(key, meantBy(key), { registry }, index * 25).then(
      (reaped) => reaped.gone,
      (error: Error) => {
        expect(error.message).toMatch(/^(AbortError|TimeoutError): /);
        return false;
      },
    );
    expect(keysIn(path).includes(key)).toBe(!gone);
  }
  await expect(bridge.reconcile({ registry }, 0)).rejects.toThrow(/^AbortError: /);
  expect(await bridge.reapOne("row-0", meantBy("row-0"), { registry })).toMatchObject({ gone: true });
});

test("a registry that is not there, is none, or has become a link", async () => {
  const scratch = newScratch();
  const { bridge, path, registry, meantBy } = await bridged(scratch, ["mars", "venus"]);
  const elsewhere = join(scratch.dir, "elsewhere.json");
  renameSync(path, elsewhere);
  expect(await bridge.reconcile({ registry })).toMatchObject({ state: "missing", rows: [] });
  await expect(bridge.reapOne("mars", meantBy("mars"), { registry })).rejects.toThrow(/^RegistryError: .*is not there/);
  symlinkSync(elsewhere, path);
  expect(await bridge.reapOne("mars", meantBy("mars"), { registry })).toMatchObject({ gone: true });
  expect(keysIn(elsewhere)).toEqual(["venus"]);
  rmSync(path);
  writeFileSync(path, "[");
  await expect(bridge.reconcile({ registry })).rejects.toMatchObject({ code: "registry" });
  await expect(bridge.reapOne("venus", meantBy("venus"), { registry })).rejects.toMatchObject({ code: "registry" });
});

test("another user's registry, and one behind another user's link, are not the caller's", async (context) => {
  if (process.getuid?.() !== 0) {
    leaveOut("a registry of another user", "only root can make one");
    context.skip();
  }
  const scratch = nobodysScratch();
  const path = join(scratch.dir, "threads.json");
  const registry: OwnRegistry = { format: "keyed-json", path, fields, about: "thread" };
  writeOld(path, JSON.stringify({ mars: { id: "0a1b2c3d-0000-4000-8000-00000000000a", since: just() } }));
  chmodSync(path, 0o644);
  const meant = { sessionId: "0a1b2c3d-0000-4000-8000-00000000000a" };
  const bridge = await startLibraryBridge(scratch, { uid: nobody });
  await expect(bridge.reconcile({ registry })).rejects.toThrow(/^NotOwnerError: .*belongs to user 0/);
  await bridge.watch({ registry });
  await hasSaid(bridge, "NotOwnerError");
  await expect(bridge.reapOne("mars", meant, { registry })).rejects.toThrow(/^NotOwnerError: .*belongs to user 0/);
  const own = join(scratch.dir, "own.json");
  writeOld(own, readFileSync(path));
  chownSync(own, nobody, nobody);
  const link = join(scratch.dir, "link.json");
  symlinkSync(path, link);
  lchownSync(link, nobody, nobody);
  await expect(bridge.reapOne("mars", meant, { registry: { ...registry, path: link } })).rejects.toMatchObject({ code: "not-owner" });
  expect(readFileSync(path)).toEqual(readFileSync(own));
});

test("a row of a process is meant by its pid, and goes as soon as that is gone", async () => {
  const scratch = newScratch();
  const bridge = await startLibraryBridge(scratch, { more: { SESSREAP_GRACE: "10m" } });
  const path = join(scratch.dir, "agents.json");
  const [dead, alive] = [await gonePid(), await idle()];
  writeFileSync(
    path,
    JSON.stringify({
      dead: { id: randomUUID(), pid: dead.pid, since: just() },
      alive: { id: randomUUID(), pid: alive.pid, since: just() },
    }),
  );
  const registry: OwnRegistry = { format: "keyed-json", path, fields, owner: { argv: bridge.argv } };
  expect(await bridge.reapOne("dead", { pid: dead.pid }, { registry })).toMatchObject({ gone: true, row: { reason: "pid-gone" } });
  expect(await bridge.reapOne("alive", { pid: alive.pid }, { registry })).toMatchObject({ gone: false, row: { reason: "pid-alive" } });
  await stop(alive);
  expect(await bridge.reapOne("alive", { pid: alive.pid }, { registry })).toMatchObject({ gone: true });
});

test("a bridge that watches takes the row of a holder that ends, and a stranger may not watch beside it", async () => {
  const scratch = newScratch();
  const bridge = await startLibraryBridge(scratch, { more: { SESSREAP_GRACE: "10m" } });
  const path = join(scratch.dir, "agents.json");
  const [ends, stays] = [await idle(), await idle()];
  const row = ({ pid }: { readonly pid: number }) => ({ id: randomUUID(), pid, start: startTicksOf(pid), since: just() });
  writeFileSync(path, JSON.stringify({ ends: row(ends), stays: row(stays) }));
  const registry: OwnRegistry = { format: "keyed-json", path, fields, owner: { argv: bridge.argv } };
  await bridge.watch({ registry });
  await hasSaid(bridge, "watching");
  expect(keysIn(path)).toEqual(["ends", "stays"]);
  await stop(ends);
  await until("its row is gone", () => keysIn(path).length === 1);
  const stranger = await startLibraryBridge(scratch);
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), old: { ...row(stays), since: daysAgo(1) } }));
  await stranger.watch({ registry });
  await hasSaid(stranger, "NotOwnerError");
  expect((await bridge.watched()).rows).toEqual(["ends reaped"]);
  expect(await bridge.endWatch()).toMatchObject({ gone: 1 });
  expect(await bridge.untouched()).toBe(true);
  expect(keysIn(path)).toEqual(["stays", "old"]);
});

test("a watch tells of what its first sweep took, and listeners that throw neither fail a sweep nor end the bridge", async () => {
  const scratch = newScratch();
  const bridge = await startLibraryBridge(scratch, { more: { SESSREAP_GRACE: "10m" } });
  const path = join(scratch.dir, "agents.json");
  const [dead, ends] = [await gonePid(), await idle()];
  const later = { id: randomUUID(), pid: ends.pid, start: startTicksOf(ends.pid), since: just() };
  writeOld(path, JSON.stringify({ crashed: { id: randomUUID(), pid: dead.pid, since: daysAgo(1) }, later }));
  const registry: OwnRegistry = { format: "keyed-json", path, fields, owner: { argv: bridge.argv } };
  await bridge.watch({ registry }, "throwing");
  await hasSaid(bridge, "watching");
  expect((await bridge.watched()).rows).toEqual(["crashed reaped"]);
  await stop(ends);
  await until("its row is gone", () => keysIn(path).length === 0);
  await bridge.endWatch();
  const { rows, notices } = await bridge.watched();
  expect(rows).toEqual(["crashed reaped", "later reaped"]);
  expect(notices).toEqual([expect.stringMatching(/^watching /)]);
});

test("a sweep that holds the lock is waited for, and no longer than was said", async () => {
  const scratch = newScratch();
  const { bridge, registry, meantBy } = await bridged(scratch, ["mars"]);
  const lock = await takeRunLock(scratch.stateDir);
  await expect(bridge.reapOne("mars", meantBy("mars"), { registry, waitMs: 100 })).rejects.toThrow(/^BusyError: /);
  await expect(bridge.reapOne("mars", meantBy("mars"), { registry, waitMs: 60_000 }, 300)).rejects.toThrow(/^TimeoutError: /);
  const waiting = bridge.reapOne("mars", meantBy("mars"), { registry });
  lock?.release();
  expect(await waiting).toMatchObject({ gone: true });
});

test("rows whose names carry the session go, too, though a helper is told the name", async () => {
  const scratch = newScratch();
  const server = await startFakeServer(scratch.dir);
  const bridge = await startLibraryBridge(scratch);
  const id = randomUUID();
  const file = writeOld(join(scratch.dir, "threads", `${id}.json`), JSON.stringify({ since: just() }));
  const registry: OwnRegistry = {
    format: "json-file",
    path: join(scratch.dir, "threads"),
    pattern: "<sessionId>.json",
    fields: { registeredAt: "since" },
    about: "thread",
    appServers: [server.url],
    owner: { argv: bridge.argv },
  };
  expect(await bridge.reapOne(`${id}.json`, { sessionId: id }, { registry })).toMatchObject({ gone: true, row: { action: "reaped" } });
  expect(existsSync(file)).toBe(false);
});
