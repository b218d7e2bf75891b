import { once } from "node:events";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { by, configure, daysAgo, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { gonePid, idle, launch } from "../../processes.ts";

const since = daysAgo(1);

function declare(scratch: Scratch, more: object = {}): string {
  const path = join(scratch.dir, "sessions.jsonl");
  const fields = { identity: "who", pid: "pid", registeredAt: "since" };
  configure(scratch, { registries: [{ format: "json-lines", path, fields, about: "process", ...more }] });
  return path;
}

const lineOf = (who: string, { pid }: { readonly pid: number }): string => JSON.stringify({ who, pid, since });

describe.each<[string, string, string]>([
  ["line feeds", "", "\n"],
  ["carriage returns and line feeds, behind a byte order mark", "\uFEFF", "\r\n"],
  ["empty lines between", "", "\n \n\n"],
])("a file with %s", (_, mark, end) => {
  test.each<[string, string]>([
    ["whose last line ends", end],
    ["whose last line has no end", ""],
  ])("%s loses the lines of dead processes, and gets them back", async (__, last) => {
    const scratch = newScratch();
    const [live, gone] = [await idle(), await gonePid()];
    const path = declare(scratch);
    const [first, second, third, fourth] = [lineOf("a", gone), lineOf("b", live), lineOf("c", gone), lineOf("d", gone)];
    const text = `${mark}${first}${end}# a remark${end}${second}${end}${third}${end}["x"]${end}${fourth}${last}`;
    writeOld(path, text);
    const { mode } = statSync(path);
    expect(by(await sweepReport(scratch, ["-n"]), "action")).toMatchObject({
      a: "would-reap",
      b: "kept",
      c: "would-reap",
      d: "would-reap",
    });
    const report = await sweepReport(scratch, []);
    expect(Object.values(by(report, "reason", "action")).toSorted()).toEqual(
      ["malformed-entry kept", "malformed-entry kept", "pid-alive kept", ...Array.from({ length: 3 }, () => "pid-gone reaped")].toSorted(),
    );
    const blank = end.slice(end.indexOf("\n") + 1);
    expect(readFileSync(path, "utf8")).toBe(
      `${mark}${blank}# a remark${end}${second}${end}${blank}["x"]${end}${last.slice(last.indexOf("\n") + 1)}`,
    );
    const { code } = await sessreap(scratch, ["restore", "--sweep", report.sweepId]);
    expect([code, readFileSync(path, "utf8"), statSync(path).mode]).toEqual([0, text, mode]);
    expect(by(await sweepReport(scratch, []), "reason")).toMatchObject({ a: "restored", b: "pid-alive", c: "restored", d: "restored" });
  });
});

test("a line that is being written stays, and what goes back stands before it", async () => {
  const scratch = newScratch();
  const gone = await gonePid();
  const path = declare(scratch);
  const [first, half] = [lineOf("a", gone), lineOf("b", gone).slice(0, -9)];
  writeOld(path, `${first}\n${half}`);
  const report = await sweepReport(scratch, []);
  expect(Object.values(by(report, "reason", "action"))).toEqual(["malformed-entry kept", "pid-gone reaped"]);
  expect(readFileSync(path, "utf8")).toBe(half);
  expect((await sessreap(scratch, ["restore", "a"])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(`${first}\n${half}`);
});

test("a line goes back before what was appended since, and one whose session is there again does not", async () => {
  const scratch = newScratch();
  const [live, gone] = [await idle(), await gonePid()];
  const path = declare(scratch);
  const [first, second, third] = [lineOf("a", live), lineOf("b", gone), lineOf("c", gone)];
  writeOld(path, `${first}\n${second}\n${third}`);
  const { sweepId } = await sweepReport(scratch, []);
  const again = third.replace(String(gone.pid), String(live.pid));
  const more = lineOf("d", live);
  appendFileSync(path, `${again}\n${more}\n`);
  const { code, stdout } = await sessreap(scratch, ["restore", "--sweep", sweepId]);
  expect([code, stdout]).toEqual([3, expect.stringContaining("an entry of this name is there already; it was left alone")]);
  expect(readFileSync(path, "utf8")).toBe(`${first}\n${second}\n${again}\n${more}\n`);
});

test("a file that a writer holds open to append is busy, and no line of it goes", async () => {
  const scratch = newScratch();
  const gone = await gonePid();
  const path = declare(scratch);
  const text = `${lineOf("a", gone)}\n`;
  writeOld(path, text);
  const script = '$| = 1; open my $f, ">>", $ARGV[0] or die; print "held\\n"; <STDIN>';
  const writer = launch("/usr/bin/perl", ["-e", script, path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(writer.stdout as NodeJS.ReadableStream, "data");
  const report = await sweepReport(scratch, []);
  expect(by(report, "action")).toEqual({ a: "busy" });
  expect(report.entries).toMatchObject([{ usedBy: { pid: writer.pid } }]);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a release is written into its line, and taken back", async () => {
  const scratch = newScratch();
  const [live, gone] = [await idle(), await gonePid()];
  const fields = { identity: "who", pid: "pid", releasedAt: "ended", releaseReason: "why" };
  const path = declare(scratch, { fields, onGhost: "release" });
  const text = `${lineOf("a", gone)}\r\n${lineOf("b", live)}\r\n`;
  writeOld(path, text);
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ a: "released", b: "kept" });
  const now = readFileSync(path, "utf8");
  expect(now.replace(/,"ended":"[^"]*","why":"pid_gone"/, "")).toBe(text);
  expect(now.split("\r\n")).toHaveLength(3);
  expect((await sessreap(scratch, ["restore", "a"])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("lines of one session are told apart, and an empty file is no fault", async () => {
  const scratch = newScratch();
  const [live, gone] = [await idle(), await gonePid()];
  const path = declare(scratch);
  const same = lineOf("a", gone);
  const lives = same.replace(String(gone.pid), String(live.pid));
  const text = `${same}\n${lives}\n${same}\n`;
  writeOld(path, text);
  const { sweepId, entries } = await sweepReport(scratch, []);
  expect(entries.map(({ reason, action }) => `${reason} ${action}`).toSorted()).toEqual([
    "pid-alive kept",
    "pid-gone reaped",
    "pid-gone reaped",
  ]);
  expect(readFileSync(path, "utf8")).toBe(`${lives}\n`);
  expect((await sessreap(scratch, ["restore", "--sweep", sweepId])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
  writeOld(path, "");
  expect(await sweepReport(scratch, [])).toMatchObject({ exitCode: 0, entries: [], registries: [{ state: "swept" }] });
});
