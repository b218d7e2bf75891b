import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Guard } from "../../../src/report/model/guards.ts";
import { gonePid } from "../../processes.ts";
import { configure, newScratch, parseOnly, sessreap, sweepReport, writeOld } from "../harness.ts";

test("what has an entry's name and is none is counted by list and doctor, and stays", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "locks");
  const at = (name: string): string => join(path, name);
  const { pid } = await gonePid();
  for (const name of ["a.lock", "\uFFFD.lock"]) writeOld(at(name), String(pid));
  mkdirSync(at("directory.lock"));
  symlinkSync("a.lock", at("link.lock"));
  linkSync(at("link.lock"), at("other.lock"));
  symlinkSync("a.lock", at("link.txt"));
  execFileSync("mkfifo", [at("fifo.lock")]);
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff]), Buffer.from("x.lock")]), String(pid));
  configure(scratch, { registries: [{ format: "text-file", path, pattern: "*.lock", text: ["<pid>"], about: "process" }] });

  const { stdout } = await sessreap(scratch, ["list"]);
  expect(stdout).toMatch(/locks [-·] 2 [-·] 4 passed over\n/);
  const { guards } = parseOnly((await sessreap(scratch, ["doctor", "--json"])).stdout) as { readonly guards: readonly Guard[] };
  expect(guards.find(({ guard }) => guard === "registry")?.detail).toBe(
    "2 registrations; 4 passed over (links, no regular files, or names that are no UTF-8)",
  );
  const { registries, summary, exitCode } = await sweepReport(scratch, []);
  expect([registries[0]?.passedOver, summary.reaped, exitCode]).toEqual([4, 2, 0]);
});
