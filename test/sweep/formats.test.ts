import { mkdirSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultPolicy } from "../../src/core/policy.ts";
import { readTombstones } from "../../src/host/state/tombstones.ts";
import { restoreInto } from "../sweep-options.ts";
import { fixtures, type Fixture } from "../registries/fixtures.ts";
import { plant, withFacts, withOwnIds } from "../registries/plant.ts";
import { gonePid, pretend } from "../processes.ts";
import { fileOf, targetFor } from "./targets.ts";
import { newScene, sweepOnce } from "./scene.ts";

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const look = (path: string) => {
  const stat = lstatSync(path);
  const { ino, mtimeMs, mode, size } = stat;
  return { bytes: stat.isSymbolicLink() ? readlinkSync(path, "buffer") : readFileSync(path), mtimeMs, mode, size, ino };
};

describe.each(fixtures)("$folder", (fixture) => {
  test("a live session is kept, and its file is not touched", async () => {
    const scene = await newScene();
    const { directory, host } = scene;
    const holder = await pretend(directory, fixture.holder.map(withOwnIds) as [string, string]);
    plant(fixture.folder, directory, holder);
    const file = fileOf(fixture, scene, holder);
    const before = look(file);
    const report = await sweepOnce(host, targetFor(fixture, scene));
    expect(report.entries).toMatchObject([{ key: withFacts(fixture.key, holder), verdict: "live", action: "kept" }]);
    expect(look(file)).toEqual(before);
  });

  test("a ghost is reaped, and restored as it was", async () => {
    const scene = await newScene();
    const { directory, host } = scene;
    const holder = await gonePid();
    plant(fixture.folder, directory, holder);
    const file = fileOf(fixture, scene, holder);
    const before = look(file);
    const target = targetFor(fixture, scene);
    const first = await sweepOnce(host, target);
    expect(first.entries.map(({ verdict, action }) => `${verdict} ${action}`)).toEqual([
      fixture.waits === true ? "ghost pending" : "ghost reaped",
    ]);
    const swept = fixture.waits === true ? await sweepOnce(host, target, { policy: { ...defaultPolicy, now: true } }) : first;
    expect(swept.entries.map(({ action }) => action)).toEqual(["reaped"]);
    const ownFile = fixture.format.layout === "files";
    expect(isThere(file)).toBe(!ownFile);

    const { outcomes } = await restoreInto(host, target, readTombstones(join(directory, "state")));
    expect(outcomes.map(({ action, detail }) => `${action} ${detail}`)).toEqual(["restored "]);
    const { ino: _, mtimeMs, ...after } = look(file);
    expect(after).toEqual({ bytes: before.bytes, mode: before.mode, size: before.size });
    expect(ownFile ? mtimeMs : before.mtimeMs).toBe(before.mtimeMs);
    const again = await sweepOnce(host, target);
    expect(again.entries).toMatchObject([{ reason: "restored", action: "kept" }]);
  });

  test("an entry that cannot be understood is reported and kept, although its holder is gone", async () => {
    const scene = await newScene();
    const holder = await gonePid();
    const mar = (text: string): string => text.replace(...fixture.malformed);
    plant(fixture.folder, scene.directory, holder, mar, fixture.inName === true ? mar : undefined);
    const report = await sweepOnce(scene.host, targetFor(fixture, scene), { policy: { ...defaultPolicy, now: true } });
    expect(report.entries).toMatchObject([{ verdict: "undecided", reason: "malformed-entry", action: "kept" }]);
    expect(report.exitCode).toBe(0);
  });
});

test.each(fixtures.filter(({ abroad }) => abroad !== undefined))(
  "$folder: an entry of another host is kept, although no such pid lives here",
  async (fixture) => {
    const scene = await newScene();
    const holder = await gonePid();
    plant(fixture.folder, scene.directory, holder, (text) => text.replace(...(fixture.abroad as readonly [string, string])));
    const report = await sweepOnce(scene.host, targetFor(fixture, scene), { policy: { ...defaultPolicy, now: true } });
    const reason = fixture.format.hostLocks ? "renamed-host" : "foreign-host";
    expect(report.entries).toMatchObject([{ verdict: "undecided", reason, action: "kept" }]);
  },
);

test.each<[string, boolean, boolean | "none", boolean | "earlier", string]>([
  ["its session outlives its pty host", true, false, true, "live kept"],
  ["its pty host outlives its session", true, true, false, "live kept"],
  ["its pty host is recorded as 0", true, "none", true, "live kept"],
  ["both are gone", true, false, false, "ghost reaped"],
  ["the pid of its session is another process now", true, false, "earlier", "ghost reaped"],
  ["its pty host is recorded as 0 and its session is gone", true, "none", false, "ghost reaped"],
  ["the pid of its session is no number", false, false, true, "undecided kept"],
])("a worker of the Claude daemon: %s", async (_, isNumber, hostLives, replLives, expected) => {
  const scene = await newScene();
  const fixture = fixtures.find(({ folder }) => folder === "claude-roster/2.1.332") as Fixture;
  const [running, gone] = [await pretend(scene.directory, ["claude", "holder"]), await gonePid()];
  const repl = replLives === false ? gone : running;
  const start = replLives === "earlier" ? "1" : repl.startTicks;
  plant(fixture.folder, scene.directory, hostLives === true ? running : gone, (text) => {
    const said = text.replace(/"replPid": \d+,\s*"replProcStart": "\d+"/, () => {
      return `"replPid": ${isNumber ? repl.pid : `"n${repl.pid}"`}, "replProcStart": "${start}"`;
    });
    return hostLives === "none" ? said.replace(/"pid": \d+/, '"pid": 0') : said;
  });
  const { entries } = await sweepOnce(scene.host, targetFor(fixture, scene));
  expect(entries.map(({ verdict, action }) => `${verdict} ${action}`)).toEqual([expected]);
});

test("the Claude daemon's workers are its own while its lock names a living process", async () => {
  const scene = await newScene();
  const fixture = fixtures.find(({ folder }) => folder.startsWith("claude-roster")) as Fixture;
  const [daemon, gone] = [await pretend(scene.directory, ["claude", "daemon"]), await gonePid()];
  plant(fixture.folder, scene.directory, gone);
  const lock = join(scene.directory, ".claude", "daemon.lock");
  mkdirSync(join(scene.directory, ".claude"), { recursive: true });
  writeFileSync(lock, JSON.stringify({ pid: daemon.pid, procStart: daemon.startTicks }));
  const report = await sweepOnce(scene.host, targetFor(fixture, scene));
  expect(report.entries).toMatchObject([{ verdict: "ghost", action: "withheld" }]);
  writeFileSync(lock, JSON.stringify({ pid: daemon.pid, procStart: "1" }));
  expect((await sweepOnce(scene.host, targetFor(fixture, scene))).entries).toMatchObject([{ action: "reaped" }]);
});
