import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { fixtures, type Fixture } from "../../registries/fixtures.ts";
import { plant } from "../../registries/plant.ts";
import { gonePid, idle } from "../../processes.ts";
import { fileOf, targetFor } from "../targets.ts";
import { newScene, sweepOnce } from "../scene.ts";

const claudes = fixtures.find(({ folder }) => folder === "claude-sessions/2.1.197") as Fixture;

/** The pid of a sweep that was killed. */
const killed = (): number => spawnSync("/bin/true").pid;

async function scene(holder: { readonly pid: number; readonly startTicks: string }) {
  const made = await newScene();
  plant(claudes.folder, made.directory, holder);
  const file = fileOf(claudes, made, holder);
  return { ...made, file, whole: readFileSync(file), target: targetFor(claudes, made) };
}

function quarantineFile(file: string, maker: number, what: string, bytes: Uint8Array): string {
  const quarantined = join(dirname(file), `.${file.slice(file.lastIndexOf("/") + 1)}.sessreap-${maker}.${what}`);
  writeFileSync(quarantined, bytes);
  const old = Date.now() / 1000 - 86_400;
  utimesSync(quarantined, old, old);
  return quarantined;
}

test("a live session's file that a killed sweep had captured goes back to its place, and no other sweep is needed to see it", async () => {
  const holder = await idle();
  const { host, target, file, whole } = await scene(holder);
  unlinkSync(file);
  quarantineFile(file, killed(), "held", whole);
  await sweepOnce(host, target);
  expect(readFileSync(file)).toEqual(whole);
  expect(readdirSync(dirname(file))).toEqual([`${holder.pid}.json`]);
  expect((await sweepOnce(host, target)).entries).toMatchObject([{ verdict: "live" }]);
});

test("a captured file never takes the place of a newer one", async () => {
  const holder = await idle();
  const { host, target, file, whole } = await scene(holder);
  const quarantined = quarantineFile(file, killed(), "held", Buffer.from("older"));
  await sweepOnce(host, target);
  expect(readFileSync(file)).toEqual(whole);
  expect(existsSync(quarantined)).toBe(false);
});

test("what a killed restore was putting together is dropped", async () => {
  const { host, target, file } = await scene(await gonePid());
  const quarantined = quarantineFile(join(dirname(file), "4000001.json"), killed(), "new", Buffer.from('{"pid"'));
  await sweepOnce(host, target, { dryRun: true });
  expect(existsSync(quarantined)).toBe(true);
  await sweepOnce(host, target);
  expect(existsSync(quarantined)).toBe(false);
  expect(existsSync(join(dirname(file), "4000001.json"))).toBe(false);
});

test("what a sweep at work has just set aside is left to it, and a dry run mends nothing", async () => {
  const { host, target, file, whole } = await scene(await idle());
  const atWork = quarantineFile(join(dirname(file), "4000001.json"), process.ppid, "held", whole);
  const abandoned = quarantineFile(join(dirname(file), "4000002.json"), killed(), "held", whole);
  await sweepOnce(host, target, { dryRun: true });
  expect([existsSync(atWork), existsSync(abandoned)]).toEqual([true, true]);
  await sweepOnce(host, target);
  expect([existsSync(atWork), existsSync(abandoned)]).toEqual([true, false]);
  expect(existsSync(join(dirname(file), "4000002.json"))).toBe(true);
});

test("files of other names that look set aside are nobody's business", async () => {
  const { host, target, file } = await scene(await idle());
  const foreign = quarantineFile(join(dirname(file), "notes.txt"), killed(), "new", Buffer.from("mine"));
  await sweepOnce(host, target);
  expect(existsSync(foreign)).toBe(true);
});
