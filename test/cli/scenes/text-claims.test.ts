import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveSettings } from "../../../src/cli/config/settings.ts";
import { resolveRegistries } from "../../../src/cli/config/targets.ts";
import { by, configure, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";
import { newSession } from "../agents.ts";
import { gonePid, idle } from "../../processes.ts";

type Shape = {
  /** Where the file is, and the path and pattern that declare it. */
  readonly file: string;
  readonly path: string;
  readonly pattern?: string;
  readonly text: readonly string[];
  readonly written: (pid: number, startTicks: string) => string;
};

const shapes: Readonly<Record<string, Shape>> = {
  "happy's bare pid in a lock": { file: "happy/daemon.lock", path: "happy/daemon.lock", text: ["<pid>"], written: (pid) => `${pid}` },
  "a lock of git's that Claude Code writes": {
    file: "a.git/worktrees/beds/locked",
    path: "a.git/worktrees",
    pattern: "*/locked",
    text: ["* (pid <pid> start <startTicks>)", "* (pid <pid> *"],
    written: (pid, ticks) => `claude agent agent-a1 (pid ${pid} start ${ticks})\n`,
  },
  "a dotlock with its host": {
    file: "mail/inbox.lock",
    path: "mail",
    pattern: "*.lock",
    text: ["<pid>\n<host>"],
    written: (pid) => `${pid}\r\n${hostname()}\r\n`,
  },
  "a padded pid of a UUCP lock": { file: "LCK..x", path: "LCK..x", text: ["*<pid>"], written: (pid) => `${String(pid).padStart(10)}\n` },
  "keys and values": {
    file: "run/garden.env",
    path: "run",
    pattern: "*.env",
    text: ["*\nPID=<pid>\n*", "PID=<pid>\n*"],
    written: (pid) => `# garden\nNAME=garden\nPID=${pid}\nPPORT=80\n`,
  },
};

describe.each(Object.entries(shapes))("%s", (_, { file, path, pattern, text, written }) => {
  function declared() {
    const scratch = newScratch();
    configure(scratch, { registries: [{ format: "text-file", path: join(scratch.dir, path), pattern, text }] });
    return { scratch, at: join(scratch.dir, file) };
  }

  test("is kept while its process runs", async () => {
    const { scratch, at } = declared();
    const { pid, startTicks } = await idle();
    writeOld(at, written(pid, startTicks));
    const report = await sweepReport(scratch, ["--now"]);
    expect(Object.values(by(report, "verdict", "reason", "action"))).toEqual(["live pid-alive kept"]);
    expect(report.exitCode).toBe(0);
  });

  test("goes when its process is gone, and comes back byte for byte", async () => {
    const { scratch, at } = declared();
    const { pid, startTicks } = await gonePid();
    writeOld(at, written(pid, startTicks));
    const before = { bytes: readFileSync(at), mode: statSync(at).mode, mtimeMs: statSync(at).mtimeMs };
    expect(Object.values(by(await sweepReport(scratch, ["-n"]), "action"))).toEqual(["would-reap"]);
    const key = at.slice(join(scratch.dir, pattern === undefined ? dirname(path) : path).length + 1);
    expect((await sessreap(scratch, ["explain", key])).stdout).toContain(`pid ${pid} is gone`);
    const report = await sweepReport(scratch, []);
    expect(Object.values(by(report, "reason", "action"))).toEqual(["pid-gone reaped"]);
    expect([report.exitCode, existsSync(at), existsSync(dirname(at))]).toEqual([0, false, true]);
    // A lock that nobody holds is no fault.
    expect(await sweepReport(scratch, [])).toMatchObject({ exitCode: 0, entries: [] });
    expect((await sessreap(scratch, ["restore", key])).code).toBe(0);
    expect({ bytes: readFileSync(at), mode: statSync(at).mode, mtimeMs: statSync(at).mtimeMs }).toEqual(before);
  });
});

test("a text in no form that was declared, or in two, is kept and said", async () => {
  const scratch = newScratch();
  const directory = join(scratch.dir, "locks");
  configure(scratch, { registries: [{ format: "text-file", path: directory, pattern: "*.lock", text: ["<pid>", "pid *<pid>*"] }] });
  const { pid } = await gonePid();
  const texts: Readonly<Record<string, string | Buffer>> = {
    "plus.lock": `+${pid}`,
    "zero.lock": `0${pid}`,
    "hex.lock": `0x${pid}`,
    "behind.lock": `${pid} `,
    "two.lock": `${pid}\n${pid}\n`,
    "nul.lock": `${pid}\0`,
    "empty.lock": "",
    "utf16.lock": Buffer.from(`${pid}`, "utf16le"),
    "huge.lock": "9".repeat(60_000),
    "larger.lock": "9".repeat(70_000),
    "unlikely.lock": "4194305",
    "twice.lock": `pid ${pid} of ${pid}1`,
    "json.lock": `{"pid":${pid}}`,
  };
  for (const [name, text] of Object.entries(texts)) writeOld(join(directory, name), text);
  const report = await sweepReport(scratch, ["--now"]);
  expect(by(report, "reason", "action")).toEqual(Object.fromEntries(Object.keys(texts).map((name) => [name, "malformed-entry kept"])));
  expect(report.exitCode).toBe(0);
  const detailOf = (name: string) => report.entries.find(({ key }) => key === name)?.detail;
  expect(detailOf("twice.lock")).toBe(`can be read in two ways: pid ${pid}; or pid ${pid}1; say more of it in \`text\``);
  expect(detailOf("plus.lock")).toBe(`is "+${pid}", as which no pattern in \`text\` is; add one, as \`config suggest\` prints it`);
});

test("of a text that fits no pattern so much is shown as tells what it is like, and no secret", async () => {
  const scratch = newScratch();
  const path = writeOld(join(scratch.dir, "a.lock"), `token=${"s3cret".repeat(8)} of garden, ${"and so on ".repeat(20)}`);
  configure(scratch, { registries: [{ format: "text-file", path, text: ["<pid>"] }] });
  const [entry] = (await sweepReport(scratch, [])).entries;
  expect(entry?.detail).toMatch(/^is "toke… of garden, (?:and so on )+.*…", as which no pattern in `text` is; add one/);
  expect(entry?.detail).not.toContain("s3cret");
});

test("a text that names no pid, or no session that runs, waits for the last resort", async () => {
  const scratch = newScratch();
  const directory = join(scratch.dir, "locks");
  const text = ["<pid>", "<sessionId> <pid>"];
  configure(scratch, { registries: [{ format: "text-file", path: directory, pattern: "*.lock", text }] });
  for (const [name, said] of Object.entries({ zero: "0", minus: "-1\n", session: `${newSession()} 0` })) {
    writeOld(join(directory, `${name}.lock`), said, 3_600_000);
  }
  const expected = { "zero.lock": "within-ttl kept", "minus.lock": "within-ttl kept", "session.lock": "within-ttl kept" };
  expect(by(await sweepReport(scratch, ["--now"]), "reason", "action")).toEqual(expected);
});

test("a start that was said in ticks proves nothing before one has matched, then it does", async () => {
  const scratch = newScratch();
  const directory = join(scratch.dir, "locks");
  configure(scratch, { registries: [{ format: "text-file", path: directory, pattern: "*", text: ["<pid> <startTicks>"] }] });
  const [one, other] = [await idle(), await idle()];
  writeOld(join(directory, "reused"), `${one.pid} 7`);
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ reused: "start-token-unproven kept" });
  writeOld(join(directory, "proves"), `${other.pid} ${other.startTicks}`);
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ proves: "pid-alive kept", reused: "pid-reused reaped" });
});

test("a bare pid that is half written is too young to be judged", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "daemon.lock");
  configure(scratch, { registries: [{ format: "text-file", path, text: ["<pid>"] }] });
  const { pid } = await idle();
  writeFileSync(path, String(pid).slice(0, -1));
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ "daemon.lock": "within-grace kept" });
});

test("a file in place of a registry's directory, and a directory in place of its file, are mistakes that are said", async () => {
  const scratch = newScratch();
  const [file, directory] = [writeOld(join(scratch.dir, "a.lock"), "7"), join(scratch.dir, "locks")];
  mkdirSync(directory);
  configure(scratch, { registries: [{ format: "text-file", path: directory, text: ["<pid>"] }] });
  const said = `registries[0].pattern: is missing; ${directory} is a directory, and it says which files there are entries`;
  expect(await sessreap(scratch, [])).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
  configure(scratch, { registries: [{ format: "text-file", path: file, pattern: "*.lock", text: ["<pid>"] }] });
  expect(await sweepReport(scratch, [])).toMatchObject({ exitCode: 1, registries: [{ state: "unreadable", problem: /is no directory/ }] });
});

test("a host lock may be named by itself, by its directory, and on the command line", async () => {
  const scratch = newScratch();
  const lock = join(scratch.dir, "queue.lock");
  const { pid } = await gonePid();
  const text = JSON.stringify({ pid, hostname: hostname() });
  for (const path of [lock, scratch.dir]) {
    writeOld(lock, text);
    configure(scratch, { registries: [{ format: "host-lock", path }] });
    expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ "queue.lock": "pid-gone reaped" });
    expect(await sweepReport(scratch, [])).toMatchObject({ exitCode: 0, entries: [] });
  }
  writeOld(lock, text);
  const other = writeOld(join(scratch.dir, "other.lock"), text);
  const report = await sweepReport(scratch, ["--registry", `host-lock:${lock}`]);
  expect(by(report, "reason", "action")).toEqual({ "queue.lock": "pid-gone reaped" });
  expect(existsSync(other)).toBe(true);
});

const text = (...patterns: readonly string[]) => ({ registries: [{ format: "text-file", path: "/x/a", text: patterns }] });

test.each<[object, string]>([
  [
    { registries: [{ format: "text-file", path: "/x/a" }] },
    'registries[0].text: is missing; it says what a claim looks like, such as ["<pid>"]',
  ],
  [text(), "registries[0].text: [] is an empty list"],
  [text("*"), 'registries[0].text[0]: "*" has no <pid> and no <sessionId> in it'],
  [text("<pid>", "<host>"), 'registries[0].text[1]: "<host>" has no <pid> and no <sessionId> in it'],
  [text("<PID>"), 'registries[0].text[0]: "<PID>" is not a pattern of a text: its places can be <pid>, <sessionId>, <host>, <startTicks>'],
  [text("<sessionid> <pid>"), "is not a pattern of a text: its places can be"],
  [text("<pid> <pid>"), 'registries[0].text[0]: "<pid> <pid>" is not a pattern of a text: it has one place twice'],
  [text("<host><pid>"), "is not a pattern of a text: two places, or two asterisks, have no text between them"],
  [text("**<pid>"), "is not a pattern of a text: two places, or two asterisks, have no text between them"],
  [text("<pid>\u0007"), "is not a pattern of a text: it holds a control character"],
  [
    { registries: [{ format: "keyed-json", path: "/x", fields: {}, text: ["<pid>"] }] },
    "registries[0].text: keyed-json has a shape of its own",
  ],
  [
    { registries: [{ format: "text-file", path: "/x", text: ["<pid>"], fields: {} }] },
    "registries[0].fields: text-file has a shape of its own",
  ],
  [
    { registries: [{ format: "text-file", path: "/x/a*", text: ["<pid>"] }] },
    "/x/a*: a file's name with * or < in it can only be described by `pattern`",
  ],
])("a mistake: %j", async (config, said) => {
  const scratch = newScratch();
  const options = { config: configure(scratch, config) };
  const resolved = resolveSettings(options, scratch.env).then((settings) => resolveRegistries(settings, options, scratch.env));
  await expect(resolved).rejects.toThrow(said);
});
