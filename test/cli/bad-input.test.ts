import { randomUUID } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fields } from "../fields.ts";
import {
  by,
  configure,
  daysAgo,
  declareRegistry,
  leaveOut,
  newScratch,
  nobodysScratch,
  sessreap,
  sweepReport,
  writeOld,
} from "./harness.ts";
import { gonePid } from "../processes.ts";
import { isRoot, nobody } from "../users.ts";

const since = daysAgo(1);
const cure = "; mend it or move it away, nothing of it was touched";

/** Texts that are no registry, and what is said of each. */
const texts: Readonly<Record<string, readonly [text: string | Uint8Array, problem: string]>> = {
  empty: ["", "the file is empty (line 1, column 1)"],
  blank: [" \r\n\t", "the file is empty (line 1, column 1)"],
  "only a byte order mark": ["\uFEFF", "the file is empty (line 1, column 1)"],
  torn: ['{\n "a": {"id": "x', "the text ends inside a string (line 2, column 16)"],
  "torn after a comma": ['{"a":{},', "a member's name is missing (line 1, column 9)"],
  "no JSON": ["Hello", "the file holds neither an object nor an array (line 1, column 1)"],
  "an array": ["[]", "it holds an array, not an object"],
  "a string": ['"{}"', "the file holds neither an object nor an array (line 1, column 1)"],
  null: ["null", "the file holds neither an object nor an array (line 1, column 1)"],
  "a comment": ['{/* x */"a":{}}', "a member's name is missing (line 1, column 2)"],
  "a comma too many": ['{"a":{},}', "a member's name is missing (line 1, column 9)"],
  NaN: ['{"a":{"since":NaN}}', "a value is no JSON (line 1, column 15)"],
  "single quotes": ["{'a':{}}", "a member's name is missing (line 1, column 2)"],
  "a raw NUL": ['{"a":{"id":"x\0"}}', "a string has a control character that is not escaped (line 1, column 14)"],
  "all NUL": ["\0".repeat(4096), "the text is UTF-16 or binary, not UTF-8 (line 1, column 1)"],
  "UTF-16": [Buffer.from('\uFEFF{"a":{}}', "utf16le"), "the text is UTF-16 or binary, not UTF-8 (line 1, column 1)"],
  "UTF-16 without a mark": [Buffer.from('{"a":{}}', "utf16le"), "the text is UTF-16 or binary, not UTF-8 (line 1, column 1)"],
  "trailing garbage": ['{"a":{}}\n\ngarbage', "something follows the JSON text (line 3, column 1)"],
  "two texts": ['{"a":{}}{}', "something follows the JSON text (line 1, column 9)"],
  "brackets 100,000 deep": ["[".repeat(100_000) + "]".repeat(100_000), "values are nested deeper than 512 levels (line 1, column 514)"],
  "objects 100,000 deep": ['{"a":'.repeat(100_000), "values are nested deeper than 512 levels (line 1, column 2566)"],
};

test("texts that are no registry are each named with a cure, left as they are, and stop no other sweep", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const good = writeOld(join(scratch.dir, "good.json"), JSON.stringify({ ghost: { pid, since } }));
  const paths = new Map(Object.entries(texts).map(([name, [text]]) => [name, writeOld(join(scratch.dir, name), text)]));
  const before = new Map([...paths.values()].map((path) => [path, { bytes: readFileSync(path), stat: statSync(path) }]));
  configure(scratch, { registries: [...paths.values(), good].map((path) => ({ format: "keyed-json", path, fields })) });

  const report = await sweepReport(scratch, []);
  expect(report.exitCode).toBe(3);
  expect(by(report, "action")).toEqual({ ghost: "reaped" });
  const problems = new Map(report.registries.map(({ path, state, problem }) => [path, `${state}: ${problem}`]));
  for (const [name, path] of paths) expect([name, problems.get(path)]).toEqual([name, `malformed: ${texts[name]?.[1]}${cure}`]);
  for (const [path, { bytes, stat }] of before) {
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(statSync(path)).toMatchObject({ ino: stat.ino, mtimeMs: stat.mtimeMs, ctimeMs: stat.ctimeMs });
  }
});

/** Things that are no regular file, and what is said of each. */
async function oddFiles(dir: string): Promise<Readonly<Record<string, string>>> {
  const at = (name: string): string => join(dir, name);
  mkdirSync(at("directory"));
  execFileSync("mkfifo", [at("fifo")]);
  const server = createServer().listen(at("socket")).unref();
  await once(server, "listening");
  symlinkSync("nowhere", at("dangling"));
  symlinkSync("looping", at("looping"));
  return {
    [at("directory")]: "is a directory; name a regular file",
    [at("fifo")]: "is a FIFO; name a regular file",
    [at("socket")]: "is a socket; name a regular file",
    [at("dangling")]: "is a symbolic link that leads nowhere; point it to a file, or remove it",
    [at("looping")]: "cannot be read: too many symbolic links (ELOOP); point the symbolic link to a file",
    [join(writeOld(at("file"), "{}"), "below")]:
      "cannot be read: not a directory (ENOTDIR); a part of the path is a file; correct the path",
    "/dev/zero": "is a device; name a regular file",
    [at("missing")]: "is not there; correct its path where it is named",
  };
}

test("whatever is no regular file is named with a cure, in one line, and never waited for", async () => {
  const scratch = newScratch();
  const odd = await oddFiles(scratch.dir);
  const { pid } = await gonePid();
  const good = writeOld(join(scratch.dir, "good.json"), JSON.stringify({ ghost: { pid, since } }));
  configure(scratch, { registries: [...Object.keys(odd), good].map((path) => ({ format: "keyed-json", path, fields })) });
  const { code, stdout, stderr } = await sessreap(scratch, []);
  expect(code).toBe(3);
  expect(stdout).toContain("1 reaped");
  const lines = Object.entries(odd).map(([path, problem]) => `error   ${path} ${problem}`);
  const [undo, ...said] = stderr.trimEnd().split("\n");
  expect(undo).toContain("sessreap restore --sweep");
  expect(said.toSorted()).toEqual(lines.toSorted());
});

test("when no registry at all could be read, the exit code is 1", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  writeOld(path, "{");
  const { code, stdout, stderr } = await sessreap(scratch, []);
  expect(code).toBe(1);
  expect(stderr).toBe(`error   ${path} is malformed: a member's name is missing (line 1, column 2)${cure}\n`);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("0 registrations");
});

test("a registry that may not be read is said to be, and the others are swept", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("an unreadable registry", "only root can run as another user");
    skip();
  }
  const scratch = nobodysScratch();
  const secret = writeOld(join(scratch.dir, "secret.json"), "{}");
  chmodSync(secret, 0o600);
  const good = writeOld(join(scratch.dir, "good.json"), JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } }));
  chownSync(good, nobody, nobody);
  configure(scratch, { registries: [secret, good].map((path) => ({ format: "keyed-json", path, fields })) });
  const { code, stderr } = await sessreap(scratch, [], { asNobody: true });
  expect(code).toBe(3);
  expect(stderr.split("\n").slice(1)).toEqual([
    `error   ${secret} cannot be read: permission denied (EACCES); run as its owner, or let this user read it`,
    "",
  ]);
  expect(readFileSync(good, "utf8")).toBe("{}");
});

test.each(["-n --registry ./x", "list --registry pid-files:x", "config suggest x", "history --registry x", "--metrics-file x"])(
  "in a directory that was removed, sessreap %s asks for a whole path",
  async (line) => {
    const under = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"];
    const { code, stdout, stderr } = await sessreap(newScratch(), line.split(" "), { under });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error {3}"(?:\.\/)?x" is no whole path, and the current directory has none\n {8}do: name it from \/ on\n$/);
  },
);

test("a sweep that stands where its user may not look reaps files all the same", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("a working directory that may not be searched", "only root can run as another user");
    skip();
  }
  const scratch = nobodysScratch();
  const markers = join(scratch.dir, "markers");
  const locked = join(scratch.dir, "locked");
  for (const directory of [markers, locked]) mkdirSync(directory, { mode: 0o700 });
  chownSync(markers, nobody, nobody);
  const marker = writeOld(join(markers, `active-session-${(await gonePid()).pid}`), "{}");
  chownSync(marker, nobody, nobody);
  const { code, stderr } = await sessreap(scratch, ["--registry", `pid-files:${markers}`], { asNobody: true, cwd: locked });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^undo [^\n]*\n$/) });
  expect(readdirSync(markers)).toEqual([]);
});

test("values that make no sense: a pid that is none spoils its entry, a time that is none is no evidence", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const { pid } = await gonePid();
  const pids = { init: 1, fractional: 1.5, huge: 1e10, words: "a pid", flag: true, list: [5] };
  const none = { negative: -1, zero: 0, null: null, empty: "" };
  const times = {
    text: "session 5",
    empty: "",
    "Feb 30": "2026-02-30T00:00:00Z",
    "without zone": "2026-01-01T00:00:00",
    "a date": "2026-01-01",
    negative: -5,
    zero: 0,
    nanoseconds: 1_795_186_883_304_000_000,
    "far future": "9999-12-31T23:59:59Z",
    future: Date.now() + 3_600_000,
  };
  const entries = {
    ...Object.fromEntries(Object.entries(pids).map(([name, value]) => [`pid ${name}`, { pid: value, since }])),
    ...Object.fromEntries(Object.entries(none).map(([name, value]) => [`pid ${name}`, { pid: value, since }])),
    "pid in digits": { pid: String(pid), since },
    ...Object.fromEntries(Object.entries(times).map(([name, value]) => [`time ${name}, holder gone`, { pid, since: value }])),
    ...Object.fromEntries(Object.entries(times).map(([name, value]) => [`time ${name}`, { id: randomUUID(), since: value }])),
    "time, an object": { pid, since: {} },
    "id, a number": { id: 5, since },
    "no object": 5,
    null: null,
    "nothing claimed": {},
  };
  const before = JSON.stringify(entries);
  writeOld(path, before);
  const expected = {
    ...Object.fromEntries(Object.keys(pids).map((name) => [`pid ${name}`, "undecided malformed-entry"])),
    ...Object.fromEntries(Object.keys(none).map((name) => [`pid ${name}`, "undecided within-ttl"])),
    "pid in digits": "ghost pid-gone",
    ...Object.fromEntries(Object.keys(times).map((name) => [`time ${name}, holder gone`, "ghost pid-gone"])),
    ...Object.fromEntries(Object.keys(times).map((name) => [`time ${name}`, "undecided within-ttl"])),
    "time, an object": "undecided malformed-entry",
    "id, a number": "undecided malformed-entry",
    "no object": "undecided malformed-entry",
    null: "undecided malformed-entry",
    "nothing claimed": "undecided malformed-entry",
  };
  const listed = await sweepReport(scratch, ["list"]);
  expect(by(listed, "verdict", "reason")).toEqual(expected);
  expect(listed.exitCode).toBe(0);

  writeOld(path, before, 0);
  const young = by(await sweepReport(scratch, ["list"]), "verdict", "reason");
  for (const name of Object.keys(times)) expect(young[`time ${name}, holder gone`]).toBe("undecided within-grace");
});

test("keys that a program may choke on are judged and reaped like any other", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const { pid } = await gonePid();
  const ghost = `{"pid":${pid},"since":"${since}"}`;
  const keys = ['"__proto__"', '"constructor"', '"toString"', '""', '"\\ud800"', '"a/b~c"', '"1"', '"\\u0000"', `"${"k".repeat(70_000)}"`];
  writeOld(path, `{${keys.map((key) => `${key}:${ghost}`).join(",")},"same":${ghost},"same":${ghost}}`);
  const report = await sweepReport(scratch, []);
  expect(report.exitCode).toBe(0);
  expect(report.summary).toMatchObject({ ghost: keys.length, reaped: keys.length, undecided: 2 });
  expect(readFileSync(path, "utf8")).toBe(`{"same":${ghost},"same":${ghost}}`);
  expect((await sessreap(scratch, ["restore", "--sweep", report.sweepId])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(`{${keys.map((key) => `${key}:${ghost}`).join(",")},"same":${ghost},"same":${ghost}}`);
});

test("escape sequences in keys, ids, hosts and paths never reach the terminal", async () => {
  const scratch = newScratch();
  const evil = "\u001b[2J\u001b]0;owned\u0007\u009b31m\r\b\u202e\u2028\u0000";
  const path = join(scratch.dir, "agents\u001b[31m\n.json");
  const { pid } = await gonePid();
  writeOld(
    path,
    JSON.stringify({
      [`${evil}1`]: { pid, since },
      [`${evil}2`]: { host: evil, pid, since },
      [`${evil}3`]: { pid: evil, since },
      [`${evil}4`]: { id: evil, since },
    }),
  );
  const config = join(scratch.dir, "config.json");
  writeOld(config, JSON.stringify({ registries: [{ format: "keyed-json", path: join(scratch.dir, "agents.json"), fields }] }));
  symlinkSync(path, join(scratch.dir, "agents.json"));
  const runs = [
    ["list", "--config", config],
    ["explain", `${evil.replace("\0", "")}9`, "--config", config],
    ["--registry", path],
    ["--config", config],
    ["history"],
    ["restore", `${evil.slice(0, 5)}x`],
    ["--registry", `./${evil.replace("\0", "")}`],
    [`--${evil.replace("\0", "")}`],
    ["--grace", evil.replace("\0", "")],
  ];
  for (const words of runs) {
    const { stdout, stderr } = await sessreap(scratch, words);
    expect(`${stdout}${stderr}`.replaceAll("\n", "")).toMatch(/^[^\p{Cc}\u2028\u202e]+$/u);
    expect(stderr).not.toMatch(/^ +at /m);
  }
});

test("a registry in which nothing is old enough to be judged is not said to have its owner up", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { owner: { argv: ["nobody-runs-this.mjs", "watch"] } });
  writeOld(path, JSON.stringify({ young: { pid: (await gonePid()).pid, since: new Date().toISOString() } }));
  const report = await sweepReport(scratch, []);
  expect(report.registries).toMatchObject([{ state: "swept", owner: { up: false, pids: [] }, problem: null }]);
});

test("a registry that is larger than --max-size says is unreadable, and what is no size is a usage error", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const path = writeOld(join(scratch.dir, "good.json"), JSON.stringify({ ghost: { pid, since } }));
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  const report = await sweepReport(scratch, ["sweep", "--max-size", "10"]);
  expect(report.registries).toMatchObject([{ state: "unreadable", problem: expect.stringContaining("--max-size") }]);
  for (const size of ["", "0", "many", "5X", "-1"]) {
    const { code, stderr } = await sessreap(scratch, ["sweep", `--max-size=${size}`]);
    expect([size, code]).toEqual([size, 2]);
    expect(stderr).toContain("--max-size");
  }
  expect(by(await sweepReport(scratch, ["sweep", "--max-size", "1K"]), "action")).toEqual({ ghost: "reaped" });
});
