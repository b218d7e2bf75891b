import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { configSchema } from "../../src/cli/config/config-schema.ts";
import { filesOf } from "../registries/fixtures.ts";
import { plant, withFacts } from "../registries/plant.ts";
import { gonePid, idle } from "../processes.ts";
import { by, newScratch, sweepReport, writeOld, type Scratch } from "./harness.ts";

const examples = "examples";

/** Each example, the fixture that it is for, its entries under the placeholder pid, and which of them name a host. */
const rows = [
  { config: "pad", folder: "pad/seen-2026-11", keys: ["4100001.json"], hosted: [] },
  {
    config: "instar",
    folder: "instar/1.3.1186",
    keys: ["resume-queue.lock", "server-instance.lock"],
    hosted: ["resume-queue.lock", "server-instance.lock"],
  },
  { config: "every-code", folder: "every-code/0.6.172", keys: ["pid-4100001.txt", "repo-0a1b2c3d/review.lock"], hosted: [] },
] as const;

const read = (config: string): string => readFileSync(join(examples, `${config}.config.json`), "utf8");

function configured({ dir }: Scratch, config: string): readonly string[] {
  return ["--config", writeOld(join(dir, "config.json"), read(config))];
}

test("every example configuration is tried here, and says what the schema allows", () => {
  const shipped = readdirSync(examples).filter((name) => name.endsWith(".config.json"));
  expect(shipped.toSorted()).toEqual(rows.map(({ config }) => `${config}.config.json`).toSorted());
  const bad = shipped.filter((name) => !v.is(configSchema, JSON.parse(readFileSync(join(examples, name), "utf8"))));
  expect(bad).toEqual([]);
});

describe.each(rows)("examples/$config.config.json", ({ config, folder, keys, hosted }) => {
  const answers = (holder: { readonly pid: number; readonly startTicks: string }, said: string) =>
    Object.fromEntries(keys.map((key) => [withFacts(key, holder), said]));

  test("keeps the live and touches nothing of it", async () => {
    const scratch = newScratch();
    const holder = await idle();
    plant(folder, scratch.home, holder);
    const files = [...filesOf(folder).keys()].map((path) => join(scratch.home, withFacts(path, holder)));
    const before = files.map((path) => statSync(path).ctimeMs);
    const report = await sweepReport(scratch, [...configured(scratch, config), "--now"]);
    expect(by(report, "verdict", "reason", "action")).toEqual(answers(holder, "live pid-alive kept"));
    expect(files.map((path) => statSync(path).ctimeMs)).toEqual(before);
  });

  test("reaps the ghosts, which can be restored as they were", async () => {
    const scratch = newScratch();
    const holder = await gonePid();
    plant(folder, scratch.home, holder);
    const files = [...filesOf(folder)].map(
      ([path, text]) => [join(scratch.home, withFacts(path, holder)), withFacts(text, holder)] as const,
    );
    const words = configured(scratch, config);
    const report = await sweepReport(scratch, words);
    expect(by(report, "verdict", "reason", "action")).toEqual(answers(holder, "ghost pid-gone reaped"));
    expect(files.filter(([path]) => existsSync(path))).toEqual([]);
    await sweepReport(scratch, ["restore", "--sweep", report.sweepId]);
    expect(files.map(([path]) => readFileSync(path, "utf8"))).toEqual(files.map(([, text]) => text));
  });

  test.each(hosted)("keeps %s of another host", async (key) => {
    const scratch = newScratch();
    plant(folder, scratch.home, await gonePid(), (text) => text.replaceAll('"here"', JSON.stringify(`not-${hostname()}`)));
    const report = await sweepReport(scratch, [...configured(scratch, config), "--now"]);
    expect(by(report, "reason", "action")[key]).toBe("foreign-host kept");
  });
});
