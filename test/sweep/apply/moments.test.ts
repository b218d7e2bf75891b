import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { seen } from "../../../src/core/evidence.ts";
import { gonePid, pretend, start } from "../../processes.ts";
import { newScene, sweepOnce, writeOld } from "../scene.ts";

const since = "2026-01-01T00:00:00Z";
const actions = ({ entries }: Awaited<ReturnType<typeof sweepOnce>>) => Object.fromEntries(entries.map(({ key, action }) => [key, action]));

test("a torn file that becomes whole while it is read again is swept", async () => {
  const { host, path, target } = await newScene();
  const whole = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, whole.slice(0, -5));
  let waits = 0;
  const sleep = (ms: number): Promise<void> => {
    if (ms > 0) waits += 1;
    if (waits === 3) writeOld(path, whole);
    return Promise.resolve();
  };
  const report = await sweepOnce({ ...host, sleep }, target);
  expect(report.exitCode).toBe(0);
  expect(actions(report)).toEqual({ ghost: "reaped" });
  expect(waits).toBe(3);
});

test("a file that stays torn is given up on after a bounded number of looks", async () => {
  const { host, path, target } = await newScene();
  writeOld(path, "{");
  let waits = 0;
  const sleep = (): Promise<void> => {
    waits += 1;
    return Promise.resolve();
  };
  const report = await sweepOnce({ ...host, sleep }, target);
  expect(report.registries.map(({ state }) => state)).toEqual(["malformed"]);
  expect(waits).toBeLessThan(20);
  expect(readFileSync(path, "utf8")).toBe("{");
});

test("an owner that comes up between judgement and swap keeps its registry to itself", async () => {
  const { host, path, target, directory } = await newScene();
  const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, text);
  const script = join(directory, `bridge-${randomUUID()}.mjs`);
  writeFileSync(script, "process.stdin.resume();\n");
  const owned = { ...target, owner: { argv: [script, "watch"] } };
  let looks = 0;
  const report = await sweepOnce(
    {
      ...host,
      lookAtProcesses: async (question) => {
        looks += 1;
        if (looks === 2) await start(process.execPath, [script, "watch"], { argv0: "node" });
        return host.lookAtProcesses(question);
      },
    },
    owned,
  );
  expect(looks).toBe(2);
  expect(actions(report)).toEqual({ ghost: "withheld" });
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(report.exitCode).toBe(0);
});

test("a session that comes back between judgement and swap is spared, and its dead neighbour is not", async () => {
  const { host, path, target, directory } = await newScene();
  const id = randomUUID();
  const { pid } = await gonePid();
  writeOld(path, JSON.stringify({ back: { id, pid, since }, dead: { id: randomUUID(), pid, since } }));
  let looks = 0;
  const report = await sweepOnce(
    {
      ...host,
      lookAtProcesses: async (question) => {
        looks += 1;
        if (looks === 2) await pretend(directory, ["codex", "resume", id]);
        return host.lookAtProcesses(question);
      },
    },
    target,
  );
  expect(actions(report)).toEqual({ back: "skipped", dead: "reaped" });
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")) as object)).toEqual(["back"]);
});

test("a look that fails at the last moment keeps everything", async () => {
  const { host, path, target } = await newScene();
  const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, text);
  let looks = 0;
  const report = await sweepOnce(
    {
      ...host,
      lookAtProcesses: (question) => {
        looks += 1;
        return looks === 1 ? host.lookAtProcesses(question) : { seen: false, why: "the process table cannot be read" };
      },
    },
    target,
  );
  expect(actions(report)).toEqual({ ghost: "skipped" });
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("an entry that is registered anew between judgement and swap stays, and so does every other byte of its writer", async () => {
  const { host, path, target } = await newScene();
  const { pid } = await gonePid();
  writeOld(path, JSON.stringify({ renewed: { pid, since }, dead: { pid, since } }));
  let looks = 0;
  const report = await sweepOnce(
    {
      ...host,
      lookAtProcesses: (question) => {
        looks += 1;
        if (looks === 2)
          writeFileSync(path, JSON.stringify({ renewed: { pid, since: new Date().toISOString() }, dead: { pid, since }, more: 1.0 }));
        return host.lookAtProcesses(question);
      },
    },
    target,
  );
  expect(actions(report)).toEqual({ renewed: "skipped", dead: "reaped" });
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")) as object)).toEqual(["renewed", "more"]);
  expect(readdirSync(dirname(path)).filter((name) => name.includes(".sessreap-"))).toEqual([]);
});

test("a clock that was stepped condemns nobody by age", async () => {
  const { host, path, target } = await newScene();
  writeOld(path, JSON.stringify({ silent: { id: randomUUID(), since: new Date().toISOString() } }));
  await sweepOnce(host, target);
  const clock = () => {
    const now = host.clock();
    return { ...now, wallMs: seen((now.wallMs.seen ? now.wallMs.value : 0) + 30 * 86_400_000) };
  };
  const report = await sweepOnce({ ...host, clock }, target);
  expect(report.entries.map(({ verdict, reason }) => `${verdict} ${reason}`)).toEqual(["undecided clock-stepped"]);
});
