import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { takeSessionLock, type SessionLock } from "../../../src/host/sockets/session-lock.ts";
import { leaveOut } from "../../cli/harness.ts";
import { launch, stop } from "../../processes.ts";
import { isRoot } from "../../users.ts";
import { scratchDirectory } from "../scratch.ts";

async function take(stateDir: string, session: string): Promise<SessionLock> {
  const taken = await takeSessionLock(stateDir, session);
  if (taken.kind !== "held") throw new Error("the session is taken");
  return taken.lock;
}

test("of ten launchers that start at once one has the session, and the others learn its pid", async () => {
  const [stateDir, session] = [scratchDirectory(), randomUUID()];
  const taken = await Promise.all(Array.from({ length: 10 }, () => takeSessionLock(stateDir, session)));
  const held = taken.flatMap((one) => (one.kind === "held" ? [one.lock] : []));
  expect(held).toHaveLength(1);
  held[0]?.announce(4321);
  expect(await takeSessionLock(stateDir, session)).toEqual({ kind: "taken", by: { pid: process.pid, command: 4321 } });
  held[0]?.release();
  (await take(stateDir, session)).release();
});

test("another session, or the same one after its end, is free, and no socket is left", async () => {
  const stateDir = scratchDirectory();
  const locks = [await take(stateDir, randomUUID()), await take(stateDir, randomUUID())];
  for (const lock of locks) lock.release();
  expect(readdirSync(stateDir)).toEqual(["sessions.done"]);
});

test("launchers with other state directories are kept out in the same network", async () => {
  const session = randomUUID();
  const lock = await take(scratchDirectory(), session);
  expect(await takeSessionLock(scratchDirectory(), session)).toMatchObject({ kind: "taken", by: { pid: process.pid } });
  lock.release();
});

const place = mkdtempSync(join(tmpdir(), "sessreap-launcher-"));
const program = join(place, "launcher.mjs");
afterAll(() => rmSync(place, { recursive: true }));
beforeAll(async () => {
  const contents = `
    import { takeSessionLock } from "./src/host/sockets/session-lock.ts";
    const { kind } = await takeSessionLock(process.argv[2], process.argv[3]);
    process.stdout.write(kind);
    if (kind === "held") setTimeout(() => undefined, 60_000);`;
  const root = join(import.meta.dirname, "../../..");
  await build({ stdin: { contents, resolveDir: root }, outfile: program, bundle: true, platform: "node", format: "esm" });
});

async function launcher(network: readonly string[], stateDir: string, session: string) {
  const [file, ...args] = [...network, process.execPath, program, stateDir, session];
  const child = launch(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return { child, said: said.toString() };
}

test("a launcher that is killed leaves the session free, and no socket for good", async () => {
  const [stateDir, session] = [scratchDirectory(), randomUUID()];
  const { child, said } = await launcher([], stateDir, session);
  expect(said).toBe("held");
  expect((await takeSessionLock(stateDir, session)).kind).toBe("taken");
  await stop({ child });
  (await take(stateDir, randomUUID())).release();
  expect(readdirSync(stateDir)).toEqual(["sessions.done"]);
  (await take(stateDir, session)).release();
});

if (!isRoot) leaveOut("launchers in two network namespaces, and a squatter", "they need root");

test.runIf(isRoot)("launchers in two network namespaces keep each other out", async () => {
  const [stateDir, session] = [scratchDirectory(), randomUUID()];
  const first = await launcher(["unshare", "-n"], stateDir, session);
  expect(first.said).toBe("held");
  expect((await takeSessionLock(stateDir, session)).kind).toBe("taken");
  expect((await launcher(["unshare", "-n"], stateDir, session)).said).toBe("taken");
  await stop(first);
  (await take(stateDir, session)).release();
});

test("without a state directory of its own a launcher still has the older lock", async () => {
  const session = randomUUID();
  const lock = await take("/proc/none", session);
  expect((await takeSessionLock("/proc/none", session)).kind).toBe("taken");
  lock.release();
});
