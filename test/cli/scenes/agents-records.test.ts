import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { by, makeOld, newScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { bootId, gonePid, idle, launch, until, zombie } from "../../processes.ts";

const namespace = statSync("/proc/self/ns/pid").ino;
const earlierBoot = randomUUID();
/** Before this machine can have been booted. */
const beforeBootMs = 1000 * 86_400_000;

const said = async (scratch: Scratch, format: string, ...words: readonly string[]) =>
  by(
    await sweepReport(scratch, ["--registry", format, ...words], { env: { XDG_CACHE_HOME: join(scratch.home, ".cache") } }),
    "verdict",
    "reason",
    "action",
  );

type Holder = { readonly pid: number; readonly startTicks: string };

describe("qwen-sessions", () => {
  const inSessions = ({ home }: Scratch, name: string): string => join(home, ".qwen", "sessions", name);
  const body = ({ pid, startTicks }: Holder, more: object = {}): string =>
    JSON.stringify({
      schemaVersion: 1,
      pid,
      procStart: `${bootId()}:${startTicks}`,
      pidNs: namespace,
      sessionId: randomUUID(),
      cwd: "/w",
      name: "w-1",
      startedAt: Date.UTC(2020, 0, 1),
      ...more,
    });

  test("tells a process from the one that has its pid now, in this boot and in an earlier one", async () => {
    const scratch = newScratch();
    const [alive, another, earlier] = [await idle(), await idle(), await idle()];
    const [dead, torn, ended] = [await gonePid(), await gonePid(), await zombie()];
    const write = (holder: Holder, more: object = {}) =>
      writeOld(inSessions(scratch, `${holder.pid}.json`), body(holder, more), beforeBootMs);
    write(alive);
    write(another, { procStart: `${bootId()}:1` });
    write(earlier, { procStart: `${earlierBoot}:${earlier.startTicks}` });
    write(dead);
    write(ended);
    writeOld(inSessions(scratch, `${torn.pid}.json`), body(torn).slice(0, 30), beforeBootMs);
    writeOld(inSessions(scratch, `${alive.pid}-0a1b2c3d.json`), body(alive, { kind: "serve" }), beforeBootMs);
    writeOld(inSessions(scratch, `${dead.pid}-0a1b2c3d.json`), body(dead, { kind: "serve", laterMember: { deep: [1] } }), beforeBootMs);
    expect(await said(scratch, "qwen-sessions")).toEqual({
      [`${alive.pid}.json`]: "live pid-alive kept",
      [`${alive.pid}-0a1b2c3d.json`]: "live pid-alive kept",
      [`${another.pid}.json`]: "ghost pid-reused reaped",
      [`${earlier.pid}.json`]: "ghost previous-boot reaped",
      [`${dead.pid}.json`]: "ghost pid-gone reaped",
      [`${dead.pid}-0a1b2c3d.json`]: "ghost pid-gone reaped",
      [`${torn.pid}.json`]: "ghost pid-gone pending",
      [`${ended.pid}.json`]: "ghost pid-zombie reaped",
    });
  });

  test("keeps what a container, another machine, a later version or another program wrote", async () => {
    const scratch = newScratch();
    const [container, beside, later] = [await gonePid(), await gonePid(), await gonePid()];
    const [text, foreign] = [await gonePid(), await gonePid()];
    const write = (name: string, content: string) => writeOld(inSessions(scratch, name), content);
    write(`${container.pid}.json`, body(container, { pidNs: namespace + 1 }));
    write(`${beside.pid}.json`, body(beside, { procStart: null, pidNs: null }));
    write(`${later.pid}.json`, body(later, { schemaVersion: 2 }));
    write(`${text.pid}.json`, "half of it");
    write(`${foreign.pid}-mine.json`, body(foreign));
    write("notes.json", "{}");
    write(`${foreign.pid}.json.0123456789ab.tmp`, "{");
    expect(await said(scratch, "qwen-sessions")).toEqual({
      [`${container.pid}.json`]: "undecided foreign-pid-namespace kept",
      [`${beside.pid}.json`]: "undecided foreign-pid-namespace kept",
      [`${later.pid}.json`]: "undecided malformed-entry kept",
      [`${text.pid}.json`]: "undecided foreign-pid-namespace kept",
      [`${foreign.pid}-mine.json`]: "undecided malformed-entry kept",
    });
    expect(existsSync(inSessions(scratch, "notes.json"))).toBe(true);
  });

  test("judges what stands beside a transcript by its pid, if it is of this host", async () => {
    const scratch = newScratch();
    const [alive, dead] = [await idle({ argv0: "qwen" }), await gonePid()];
    const write = (project: string, pid: number, host = hostname(), more: object = {}) => {
      const session = randomUUID();
      const text = { schema_version: 1, pid, session_id: session, work_dir: "/w", hostname: host, started_at: 1.5, ...more };
      writeOld(join(scratch.home, ".qwen", "projects", project, "chats", `${session}.runtime.json`), JSON.stringify(text));
      writeOld(join(scratch.home, ".qwen", "projects", project, "chats", `${session}.jsonl`), "{}");
      return `${project}/chats/${session}.runtime.json`;
    };
    const expected = {
      [write("-w", alive.pid)]: "live pid-alive kept",
      [write("-w", dead.pid)]: "ghost pid-gone reaped",
      [write("-v", dead.pid, `not-${hostname()}`)]: "undecided foreign-host kept",
      [write("-v", dead.pid, hostname(), { schema_version: 2 })]: "undecided malformed-entry kept",
    };
    expect(await said(scratch, "qwen-sessions")).toEqual(expected);
    const transcripts = Object.keys(expected).map((key) => join(scratch.home, ".qwen", "projects", key.replace(".runtime.json", ".jsonl")));
    expect(transcripts.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe("copilot-in-use", () => {
  const place = ({ home }: Scratch, where: "session" | "package", name: string): string =>
    where === "session"
      ? join(home, ".copilot", "session-state", "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e08", name)
      : join(home, ".cache", "copilot", "pkg", "linux-x64", "1.0.102", name);
  const keyOf = (where: "session" | "package", name: string): string =>
    where === "session" ? `7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e08/${name}` : `linux-x64/1.0.102/${name}`;

  test.each(["session", "package"] as const)(
    "reaps the pair of a dead process in the directory of its %s, and keeps a live one's",
    async (where) => {
      const scratch = newScratch();
      const [alive, dead] = [await idle({ argv0: "copilot" }), await gonePid()];
      for (const { pid } of [alive, dead]) {
        writeOld(place(scratch, where, `inuse.${pid}.lock`), `${pid}\n`);
        writeOld(place(scratch, where, `inuse.${pid}.hold`), "");
        writeOld(place(scratch, where, `index.${pid}.js`), "");
      }
      expect(await said(scratch, "copilot-in-use")).toEqual({
        [keyOf(where, `inuse.${alive.pid}.lock`)]: "live pid-alive kept",
        [keyOf(where, `inuse.${alive.pid}.hold`)]: "live pid-alive kept",
        [keyOf(where, `inuse.${dead.pid}.lock`)]: "ghost pid-gone reaped",
        [keyOf(where, `inuse.${dead.pid}.hold`)]: "ghost pid-gone reaped",
      });
      expect(existsSync(place(scratch, where, `index.${dead.pid}.js`))).toBe(true);
    },
  );

  test("judges a companion without its lock, and a lock without its companion", async () => {
    const scratch = newScratch();
    const [one, other] = [await gonePid(), await gonePid()];
    writeOld(place(scratch, "session", `inuse.${one.pid}.hold`), "");
    writeOld(place(scratch, "package", `inuse.${other.pid}.lock`), `${other.pid}\n`);
    expect(await said(scratch, "copilot-in-use")).toEqual({
      [keyOf("session", `inuse.${one.pid}.hold`)]: "ghost pid-gone reaped",
      [keyOf("package", `inuse.${other.pid}.lock`)]: "ghost pid-gone reaped",
    });
  });

  test("keeps a companion that a process holds locked, though the pid in its name is gone", async () => {
    const scratch = newScratch();
    const dead = await gonePid();
    const path = writeOld(place(scratch, "session", `inuse.${dead.pid}.hold`), "");
    launch("flock", ["-x", path, "sleep", "600"]);
    const inode = `:${statSync(path).ino} `;
    await until("the companion is locked", () => readFileSync("/proc/locks", "utf8").includes(inode));
    makeOld(path);
    expect(await said(scratch, "copilot-in-use", "--now")).toEqual({ [keyOf("session", `inuse.${dead.pid}.hold`)]: "live lock-held kept" });
  });

  test("keeps a lock whose pid another program has, one that says another pid, and waits for one that says none", async () => {
    const scratch = newScratch();
    const [other, wrong, empty] = [await idle(), await idle({ argv0: "copilot" }), await gonePid()];
    writeOld(place(scratch, "session", `inuse.${other.pid}.lock`), `${other.pid}\n`);
    writeOld(place(scratch, "session", `inuse.${wrong.pid}.lock`), `${empty.pid}\n`);
    writeOld(place(scratch, "session", `inuse.${empty.pid}.lock`), "");
    expect(await said(scratch, "copilot-in-use")).toEqual({
      [keyOf("session", `inuse.${other.pid}.lock`)]: "undecided pid-unproven kept",
      [keyOf("session", `inuse.${wrong.pid}.lock`)]: "undecided malformed-entry kept",
      [keyOf("session", `inuse.${empty.pid}.lock`)]: "ghost pid-gone pending",
    });
  });
});

describe("cline-hub", () => {
  const place = ({ home }: Scratch, name: string): string => join(home, ".cline", "data", "locks", "hub", name);
  const hub = (more: object): string =>
    JSON.stringify({
      hubId: "hub_1_abcde",
      protocolVersion: "v1",
      host: "127.0.0.1",
      port: 1,
      url: "ws://127.0.0.1:1/hub",
      startedAt: "2026-01-01T00:00:00.000Z",
      ...more,
    });

  test("goes with the hub that wrote it, and alone", async () => {
    const scratch = newScratch();
    const [alive, dead] = [await idle({ argv0: "cline" }), await gonePid()];
    writeOld(place(scratch, "production.json"), hub({ pid: dead.pid }));
    writeOld(place(scratch, "production.json.instance.lock"), "");
    writeOld(place(scratch, "owners/hub-a.json"), hub({ pid: alive.pid, laterMember: 1 }));
    writeOld(place(scratch, "owners/hub-b.json"), `{"hubId":"h","pid":${dead.pid}`);
    writeOld(place(scratch, "settings.json"), `{"pid":${dead.pid}}`);
    expect(await said(scratch, "cline-hub")).toEqual({
      "production.json": "ghost pid-gone reaped",
      "owners/hub-a.json": "live pid-alive kept",
      "owners/hub-b.json": "undecided malformed-entry kept",
      "settings.json": "undecided malformed-entry kept",
    });
    expect(existsSync(place(scratch, "production.json.instance.lock"))).toBe(true);
  });

  test("is kept where another program has its pid", async () => {
    const scratch = newScratch();
    writeOld(place(scratch, "production.json"), hub({ pid: (await idle()).pid }));
    expect(await said(scratch, "cline-hub", "--now")).toEqual({ "production.json": "undecided pid-unproven kept" });
  });
});

describe("claude-sessions", () => {
  const sha = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  const inSessions = ({ home }: Scratch, name: string): string => join(home, ".claude", "sessions", name);
  const keyText = (startTicks: string, more: object = {}): string =>
    JSON.stringify({ peerToken: "none", procStart: startTicks, pidDomain: `linux::pid:[${namespace}]`, ...more });

  test("judges each key by its own pid and start, with or without its record", async () => {
    const scratch = newScratch();
    const [alive, another, dead, later] = [await idle({ argv0: "claude" }), await idle(), await gonePid(), await gonePid()];
    const writeKey = (pid: number, text: string): string => writeOld(inSessions(scratch, `${pid}.${sha}.key`), text);
    const writeRecord = ({ pid, startTicks }: Holder): string =>
      writeOld(
        inSessions(scratch, `${pid}.json`),
        JSON.stringify({ pid, sessionId: randomUUID(), procStart: startTicks, version: "2.1.332" }),
      );
    writeKey(alive.pid, keyText(alive.startTicks));
    writeKey(another.pid, keyText("1"));
    writeRecord(another);
    writeKey(dead.pid, keyText("1", { laterMember: [] }));
    writeKey(later.pid, JSON.stringify({ key: "of another shape" }));
    writeRecord(later);
    expect(await said(scratch, "claude-sessions")).toEqual({
      [`${alive.pid}.${sha}.key`]: "live pid-alive kept",
      [`${another.pid}.${sha}.key`]: "ghost pid-reused reaped",
      [`${another.pid}.json`]: "live pid-alive kept",
      [`${dead.pid}.${sha}.key`]: "ghost pid-gone reaped",
      [`${later.pid}.${sha}.key`]: "undecided malformed-entry kept",
      [`${later.pid}.json`]: "ghost pid-gone reaped",
    });
  });

  test("keeps a key of another machine or pid namespace, and waits for one that is torn", async () => {
    const scratch = newScratch();
    const [machine, container, torn] = [await gonePid(), await gonePid(), await gonePid()];
    const theirs = newScratch();
    const write = (at: Scratch, pid: number, text: string) => writeOld(inSessions(at, `${pid}.${sha}.key`), text);
    write(theirs, machine.pid, keyText("1", { pidDomain: "linux:fedcba9876543210fedcba9876543210:" }));
    write(theirs, container.pid, keyText("1", { pidDomain: `linux::pid:[${namespace + 1}]` }));
    write(scratch, torn.pid, keyText("1").slice(0, 20));
    expect(await said(theirs, "claude-sessions", "--now")).toEqual({
      [`${machine.pid}.${sha}.key`]: "undecided foreign-host kept",
      [`${container.pid}.${sha}.key`]: "undecided foreign-pid-namespace kept",
    });
    expect(await said(scratch, "claude-sessions")).toEqual({ [`${torn.pid}.${sha}.key`]: "ghost pid-gone pending" });
  });
});

describe("claude-daemon", () => {
  const write = ({ home }: Scratch, pid: number, start: string): void => {
    writeOld(join(home, ".claude", "daemon.lock"), JSON.stringify({ pid, procStart: start, startedAt: 1, version: "2.1.332" }));
    const status = { supervisorPid: pid, supervisorProcStart: start, writtenAt: 1, workers: {} };
    writeOld(join(home, ".claude", "daemon.status.json"), JSON.stringify(status));
    writeOld(join(home, ".claude", "settings.json"), "{}");
  };

  test.each<[string, () => Promise<Holder>, string]>([
    ["keeps both files of a live daemon", () => idle({ argv0: "claude" }), "live pid-alive kept"],
    ["reaps both of one that is gone", gonePid, "ghost pid-gone reaped"],
    ["reaps both of one whose pid was given again", async () => ({ ...(await idle()), startTicks: "1" }), "ghost pid-reused reaped"],
  ])("%s", async (_, holder, expected) => {
    const scratch = newScratch();
    const { pid, startTicks } = await holder();
    write(scratch, pid, startTicks);
    expect(await said(scratch, "claude-daemon")).toEqual({ "daemon.lock": expected, "daemon.status.json": expected });
    expect(existsSync(join(scratch.home, ".claude", "settings.json"))).toBe(true);
  });
});

test("oh-my-codex's watcher file goes with the watcher, whatever becomes of the session beside it", async () => {
  const scratch = newScratch();
  const [watcher, dead] = [await idle({ argv0: "node" }), await gonePid()];
  const path = join(scratch.home, ".omx", "state", "notify-fallback.pid");
  const session = { session_id: `omx-${randomUUID()}`, pid: watcher.pid, pid_start_ticks: Number(watcher.startTicks), platform: "linux" };
  writeOld(join(scratch.home, ".omx", "state", "session.json"), JSON.stringify(session));
  const text = (pid: number): string => JSON.stringify({ pid, parent_pid: 1, cwd: scratch.home, started_at: "2026-01-01T00:00:00.000Z" });
  writeOld(path, text(watcher.pid));
  const live = { "session.json": "live pid-alive kept" };
  expect(await said(scratch, "omx-session")).toEqual({ ...live, "notify-fallback.pid": "live pid-alive kept" });
  writeOld(path, text(dead.pid));
  expect(await said(scratch, "omx-session")).toEqual({ ...live, "notify-fallback.pid": "ghost pid-gone reaped" });
});

test("a record that is a link to another user's file is passed over", async () => {
  const scratch = newScratch();
  const dead = await gonePid();
  const target = writeOld(join(scratch.dir, "target.json"), "{}");
  writeOld(join(scratch.home, ".qwen", "sessions", "keep"), "");
  symlinkSync(target, join(scratch.home, ".qwen", "sessions", `${dead.pid}.json`));
  expect(await said(scratch, "qwen-sessions")).toEqual({});
  expect(existsSync(target)).toBe(true);
});
