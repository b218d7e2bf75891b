import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configure, newScratch, sweepReport, type Scratch } from "../harness.ts";
import { gonePid } from "../../processes.ts";

type Row = {
  readonly declared: object;
  readonly name: string;
  readonly written: (pid: number) => string;
  /** What a sweep without grace does with it right after it was written. */
  readonly action: "pending" | "reaped";
};

const bare = { format: "text-file", text: ["<pid>", "pid <pid>*", "<pid> started *"] };

const rows: Readonly<Record<string, Row>> = {
  "a bare pid": { declared: bare, name: "a.pid", written: String, action: "pending" },
  "a bare pid with a line end": { declared: bare, name: "a.pid", written: (pid) => `${pid}\n`, action: "reaped" },
  "a pid behind its name": { declared: bare, name: "a.pid", written: (pid) => `pid ${pid}`, action: "pending" },
  "a pid with other words behind it": { declared: bare, name: "a.pid", written: (pid) => `${pid} started by beds`, action: "reaped" },
  "a number that is a file's whole JSON": {
    declared: { format: "json-file", fields: { pid: "<value>" }, about: "process" },
    name: "a.json",
    written: String,
    action: "pending",
  },
  "an object": {
    declared: { format: "json-file", fields: { pid: "pid" }, about: "process" },
    name: "a.json",
    written: (pid) => JSON.stringify({ pid }),
    action: "reaped",
  },
};

const actionsIn = async (scratch: Scratch, ...args: readonly string[]): Promise<readonly string[]> =>
  (await sweepReport(scratch, ["--grace", "0s", ...args])).entries.map(({ reason, action }) => `${reason} ${action}`);

test.each(Object.entries(rows))("%s that was just written, of a pid that is gone, is acted on only when it is whole", async (_, row) => {
  const scratch = newScratch();
  const path = join(scratch.dir, row.name);
  configure(scratch, { registries: [{ ...row.declared, path }] });
  const { pid } = await gonePid();
  writeFileSync(path, row.written(pid));
  expect(await actionsIn(scratch)).toEqual([`pid-gone ${row.action}`]);
});

test("what no writer has touched for a while is whole, and an operator's --now takes the rest", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "a.pid");
  configure(scratch, { registries: [{ ...bare, path }] });
  const { pid } = await gonePid();
  writeFileSync(path, String(pid));
  expect(await actionsIn(scratch, "-n", "--now")).toEqual(["pid-gone would-reap"]);
  expect(readFileSync(path, "utf8")).toBe(String(pid));
});
