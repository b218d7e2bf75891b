import { describe, expect, test } from "vitest";
import { nothingClaimed, type Registration } from "../../src/core/registration.ts";
import { largestPid } from "../../src/registries/field-readers.ts";
import type { Claim, EntryName, Format, Places } from "../../src/registries/format.ts";
import { builtInFormat, builtInFormats, declaredFormats } from "../../src/registries/known.ts";
import { pidFiles } from "../../src/registries/formats/pid-files.ts";

/** What every format reads out of an entry, to the last member: what it does not name here it must not claim. */

const at = Date.UTC(2026, 10, 20, 15);
const iso = new Date(at).toISOString();
const id = "019d0000-1111-7000-8000-00000000000a";
const boot = "d7201e58-0b6a-4e5f-bc1d-a3790f221e08";
const places: Places = { home: "/home/dev", cwd: "/w", uid: 1000, env: {}, sha256: () => "0123456789abcdef", furtherHomes: () => [] };

const named = (key: string, more: Partial<EntryName> = {}): EntryName => ({
  key,
  pid: undefined,
  port: undefined,
  sessionId: undefined,
  ...more,
});

function format(name: string): Format {
  const found = builtInFormat(name);
  if (found === undefined) throw new Error(`there is no format ${name}`);
  return found;
}

/** An entry with a file of its own; content undefined where it was not read. */
function fileClaim(of: Format, name: EntryName, content: unknown): Claim {
  if (of.layout !== "files") throw new Error(`${of.name} has many entries in one file`);
  return of.claim(name, typeof content === "string" || content === undefined ? content : JSON.stringify(content));
}

function memberClaim(of: Format, key: string, value: unknown): Claim {
  if (of.layout !== "members") throw new Error(`${of.name} has a file for each entry`);
  return of.claim(key, value);
}

function check(claim: Claim, expected: Partial<Registration> & { readonly key: string }, torn = false): void {
  expect(claim).toMatchObject({ ok: true, torn });
  expect(claim.ok && claim.registration).toEqual({ ...nothingClaimed, ...expected });
}

const problem = (claim: Claim): string => (claim.ok ? "none" : claim.problem);

describe("an entry with a file of its own", () => {
  const pid7 = named("7.json", { pid: 7 });
  const status = named("p/chats/a.runtime.json", { sessionId: "a" });
  const inUse = named("s1/inuse.7.lock", { pid: 7, sessionId: "s1" });
  const strangeName = "its name is not one that Qwen Code gives";
  const rows: readonly (readonly [string, string, EntryName, unknown, Partial<Registration>])[] = [
    [
      "a session of Claude's",
      "claude-sessions",
      pid7,
      { pid: 7, sessionId: id, procStart: "500", startedAt: at, updatedAt: at + 1000, cwd: "/w", bootId: "b", host: "h" },
      { pid: 7, sessionId: id, startTicks: "500", registeredAt: at, lastActivityAt: at + 1000, cwd: "/w" },
    ],
    [
      "a key beside a session of Claude's",
      "claude-sessions",
      named("7.ab.key", { pid: 7 }),
      { peerToken: "t", procStart: "500", pidDomain: "linux::pid:[77]", sessionId: id },
      { pid: 7, startTicks: "500", pidNamespace: "77" },
    ],
    [
      "the lock of Claude's daemon",
      "claude-daemon",
      named("daemon.lock"),
      { pid: 9, procStart: "500", startedAt: at, spawnedBy: { pid: 8 }, version: "2.1.332" },
      { pid: 9, startTicks: "500", registeredAt: at },
    ],
    [
      "the status of Claude's daemon",
      "claude-daemon",
      named("daemon.status.json"),
      { supervisorPid: 9, supervisorProcStart: "500", writtenAt: at, pid: 8 },
      { pid: 9, startTicks: "500", lastActivityAt: at },
    ],
    [
      "oh-my-codex's watcher",
      "omx-session",
      named("notify-fallback.pid"),
      { pid: 9, parent_pid: 8, cwd: "/w", started_at: iso },
      { pid: 9, cwd: "/w", registeredAt: at },
    ],
    [
      "a plugin marker",
      "claude-plugin-in-use",
      named("a/.in_use/7", { pid: 7 }),
      { pid: 7, procStart: "500", sessionId: id },
      { pid: 7, startTicks: "500" },
    ],
    [
      "an editor's lock",
      "claude-ide",
      named("40123.lock", { port: 40_123 }),
      { pid: 9, runningInWindows: false },
      { pid: 9, endpoint: { kind: "tcp", port: 40_123 } },
    ],
    [
      "an editor's lock in Windows",
      "claude-ide",
      named("40123.lock", { port: 40_123 }),
      { pid: 9, runningInWindows: true },
      { host: "Windows" },
    ],
    [
      "a broker",
      "codex-broker",
      named("w/broker.json"),
      { pid: 9, endpoint: "unix:/tmp/s", sessionId: id },
      { pid: 9, endpoint: { kind: "unix", path: "/tmp/s" } },
    ],
    ["a broker elsewhere", "codex-broker", named("w/broker.json"), { pid: 9, endpoint: "tcp:1" }, { pid: 9 }],
    [
      "oh-my-codex's session",
      "omx-session",
      named("session.json"),
      {
        native_session_id: id,
        session_id: "omx-1",
        pid: 9,
        pid_start_ticks: 500,
        started_at: iso,
        created_at: "2020-01-01T00:00:00Z",
        cwd: "/w",
        platform: "linux",
      },
      { sessionId: id, identity: "omx-1", pid: 9, startTicks: "500", registeredAt: at, cwd: "/w" },
    ],
    [
      "oh-my-codex's lock",
      "omx-session",
      named("session.json.lock/owner.json"),
      { pid: 9, started_at: "2020-01-01T00:00:00Z", created_at: iso },
      { pid: 9, registeredAt: at },
    ],
    [
      "oh-my-codex's session of another platform",
      "omx-session",
      named("session.json"),
      { pid: 9, platform: "darwin" },
      { pid: 9, host: "darwin" },
    ],
    ["oh-my-codex's session that says no platform", "omx-session", named("session.json"), { pid: 9 }, { pid: 9 }],
    [
      "a daemon of Codex's",
      "codex-daemon-pid",
      named("daemon.pid"),
      { pid: 9, processIdentity: { bootId: boot.toUpperCase(), startTicks: 500 }, processStartTime: "Fri" },
      { pid: 9, bootId: boot, startTicks: "500" },
    ],
    [
      "a lock of a host",
      "host-lock",
      named("a.lock"),
      { pid: 9, hostname: "venus", heartbeat: at },
      { pid: 9, host: "venus", lastHeartbeatAt: at },
    ],
    [
      "a session of Qwen's",
      "qwen-sessions",
      pid7,
      { schemaVersion: 1, pid: 7, procStart: `${boot}:500`, pidNs: 4026531836, sessionId: id, startedAt: at, cwd: "/w", later: 1 },
      { pid: 7, sessionId: id, startTicks: "500", bootId: boot, pidNamespace: "4026531836", registeredAt: at, cwd: "/w" },
    ],
    [
      "one of several sessions of a process of Qwen's",
      "qwen-sessions",
      named("7-0a1b2c3d.json", { pid: 7 }),
      { schemaVersion: 1, pid: 7, procStart: null, pidNs: null, sessionId: id },
      { pid: 7, sessionId: id },
    ],
    [
      "what Qwen says beside a transcript",
      "qwen-sessions",
      named("p/chats/a.runtime.json", { sessionId: "a" }),
      { schema_version: 1, pid: 7, session_id: id, work_dir: "/w", hostname: "venus", started_at: at / 1000 },
      { pid: 7, sessionId: id, host: "venus", registeredAt: at, cwd: "/w" },
    ],
    ["a lock of Copilot's", "copilot-in-use", named("s1/inuse.7.lock", { pid: 7, sessionId: "s1" }), "7\n", { pid: 7, sessionId: "s1" }],
    ["what Copilot keeps locked", "copilot-in-use", named("a/1.0/inuse.7.hold", { pid: 7 }), "", { pid: 7 }],
    [
      "a hub of Cline's",
      "cline-hub",
      named("production.json"),
      { hubId: "h", host: "127.0.0.1", port: 25463, pid: 9, startedAt: iso, updatedAt: iso },
      { pid: 9, registeredAt: at, lastActivityAt: at, endpoint: { kind: "tcp", port: 25463 } },
    ],
    [
      "a hub of Cline's that listens elsewhere",
      "cline-hub",
      named("production.json"),
      { hubId: "h", host: "0.0.0.0", port: 25463, pid: 9 },
      { pid: 9 },
    ],
    ["a file named by its pid", "pid-files", named("active-session-7", { pid: 7 }), ` ${id}\n`, { pid: 7, sessionId: id }],
    ["a file named by its pid, with a text in it", "pid-files", named("active-session-7", { pid: 7 }), "not one word", { pid: 7 }],
    ["a file named by its pid that was not read", "pid-files", named("active-session-7", { pid: 7 }), undefined, { pid: 7 }],
  ];

  test.each(rows)("%s", (_, of, name, content, expected) => {
    check(fileClaim(format(of), name, content), { key: name.key, ...expected });
  });

  test("a name that says the session, too, is believed before what the file holds", () => {
    const name = named("s1-7", { pid: 7, sessionId: "s1" });
    check(fileClaim(pidFiles("<sessionId>-<pid>"), name, "s2"), { key: "s1-7", pid: 7, sessionId: "s1" });
  });

  test.each([
    ["of nothing", ""],
    ["of half a text", '{"pid":7,'],
  ])("is known by its name alone when its body is torn: %s", (_, content) => {
    check(fileClaim(format("claude-sessions"), pid7, content), { key: "7.json", pid: 7 }, true);
    expect(problem(fileClaim(format("omx-session"), named("session.json"), content))).toBe(content === "" ? "is empty" : "is no JSON");
  });

  test("is known by its name alone when its lock is not written yet", () => {
    check(fileClaim(format("copilot-in-use"), inUse, ""), { key: inUse.key, pid: 7, sessionId: "s1" }, true);
  });

  test("is known by its name alone when nobody read it, and that is no doubt", () => {
    check(fileClaim(format("claude-plugin-in-use"), named("a/.in_use/7", { pid: 7 }), undefined), { key: "a/.in_use/7", pid: 7 });
  });

  test("a mark before its text does not matter, and one inside of it tears it", () => {
    check(fileClaim(format("claude-sessions"), pid7, '\uFEFF{"pid":7}'), { key: "7.json", pid: 7 });
    check(fileClaim(format("claude-sessions"), pid7, '{\uFEFF"pid":7}'), { key: "7.json", pid: 7 }, true);
  });

  test.each([0, largestPid + 1])("is not understood when its name says pid %i", (pid) => {
    const why = `its name says pid ${pid}, which can be no holder`;
    expect(problem(fileClaim(format("claude-sessions"), named("x", { pid }), { pid }))).toBe(why);
    expect(problem(fileClaim(format("pid-files"), named("x", { pid }), ""))).toBe(why);
  });

  test.each([2, largestPid])("is understood when its name says pid %i", (pid) => {
    check(fileClaim(format("claude-sessions"), named("x", { pid }), { pid }), { key: "x", pid });
  });

  test.each<[string, string, EntryName, unknown, string]>([
    ["whose body names another pid", "claude-sessions", pid7, { pid: 8 }, "its name says pid 7, its body says 8"],
    ["whose marker names another pid", "claude-plugin-in-use", pid7, { pid: 8 }, "its name says pid 7, its body says 8"],
    ["whose body is a list", "claude-sessions", pid7, [], "is an array, not an object"],
    ["that names no pid", "pid-files", named("active-session"), "", "its name has no pid that is one"],
    ["that names no host", "host-lock", named("a.lock"), { pid: 9 }, 'lacks "pid" or "hostname"; it is no lock of this kind'],
    ["that names no holder", "host-lock", named("a.lock"), { hostname: "venus" }, 'lacks "pid" or "hostname"; it is no lock of this kind'],
    [
      "that is no key of Claude's",
      "claude-sessions",
      named("7.ab.key", { pid: 7 }),
      { procStart: "5" },
      'has no "peerToken"; it is no key of a session',
    ],
    ["of Claude's daemon without its pid", "claude-daemon", named("daemon.status.json"), { pid: 9 }, 'has no "supervisorPid"'],
    ["of Claude's daemon that is torn", "claude-daemon", named("daemon.lock"), '{"pid":9', "is no JSON"],
    ["that an older watcher of oh-my-codex wrote", "omx-session", named("notify-fallback.pid"), "9", "is 9, not an object"],
    ["of a later Qwen", "qwen-sessions", pid7, { schemaVersion: 2, pid: 7 }, '"schemaVersion" is 2, not 1'],
    ["of a later Qwen, beside a transcript", "qwen-sessions", status, { schema_version: "1", pid: 7 }, '"schema_version" is "1", not 1'],
    ["that Qwen wrote beside a transcript without a pid", "qwen-sessions", status, { schema_version: 1 }, 'has no "pid"'],
    ["in Qwen's directory under another name", "qwen-sessions", named("7-mine.json", { pid: 7 }), {}, strangeName],
    ["in Qwen's directory under a padded pid", "qwen-sessions", named("07.json"), {}, strangeName],
    ["whose lock names another pid", "copilot-in-use", inUse, "8", "its name says pid 7, its body says 8"],
    ["whose lock holds something else", "copilot-in-use", inUse, { pid: 7 }, "it holds what Copilot does not write there"],
    [
      "that Copilot keeps locked and that is not empty",
      "copilot-in-use",
      named("s1/inuse.7.hold", { pid: 7 }),
      "7",
      "it holds what Copilot does not write there",
    ],
    ["that Copilot named by a padded pid", "copilot-in-use", named("s1/inuse.07.lock"), "7", "its name has no pid that is one"],
    ["that is no hub's", "cline-hub", named("a.json"), { pid: 9 }, 'has no "hubId"; it is no record of a hub'],
    ["whose platform is no name", "omx-session", named("session.json"), { pid: 9, platform: 5 }, '"platform" is 5, not a name'],
  ])("%s is not understood", (_, of, name, content, why) => {
    expect(problem(fileClaim(format(of), name, content))).toBe(why);
  });

  test("whose body names no pid has its name's, and the other way round", () => {
    check(fileClaim(format("claude-sessions"), pid7, { sessionId: id }), { key: "7.json", pid: 7, sessionId: id });
    check(fileClaim(format("host-lock"), named("a.lock"), { pid: 9, hostname: "v" }), { key: "a.lock", pid: 9, host: "v" });
  });
});

const declared = {
  entries: "",
  pattern: "",
  fields: { sessionId: "id", pid: "pid", registeredAt: "since" },
  about: "session",
} as const;

describe("an entry among many", () => {
  test("of the bridge's", () => {
    const value = { threadId: id, registeredAt: iso, lastActivityAt: at, cwd: "/w", pid: 7, identity: "n" };
    check(memberClaim(format("llmmsg-bridge"), "mars", value), {
      key: "mars",
      identity: "mars",
      sessionId: id,
      registeredAt: at,
      lastActivityAt: at,
      cwd: "/w",
    });
    expect(problem(memberClaim(format("llmmsg-bridge"), "mars", { registeredAt: iso }))).toBe('has no "threadId"');
    check(memberClaim(format("llmmsg-bridge"), "", { threadId: id }), { key: "", sessionId: id });
  });

  test("of the Claude daemon's roster", () => {
    const value = { sessionId: id, pid: 7, procStart: "500", startedAt: at, cwd: "/w", updatedAt: at, rvAuth: "x" };
    check(memberClaim(format("claude-roster"), "ab12", value), {
      key: "ab12",
      sessionId: id,
      pid: 7,
      startTicks: "500",
      registeredAt: at,
      cwd: "/w",
    });
  });

  test.each<[string, Claim]>([
    ["of a declared object", memberClaim(declaredFormats["keyed-json"](declared), "hosts", { agents: {}, since: 1.7e9 })],
    ["of a declared array", memberClaim(declaredFormats["json-array"](declared), "0", {})],
    ["of a declared directory", fileClaim(declaredFormats["json-file"]({ ...declared, pattern: "*.json" }), named("a.json"), "{}")],
    ["of Claude's roster", memberClaim(format("claude-roster"), "aaaa1111", { state: "idle", startedAt: 1.7e12 })],
    ["of oh-my-codex", fileClaim(format("omx-session"), named("session.json"), '{"version":2}')],
    ["of the Codex daemon", fileClaim(format("codex-daemon-pid"), named("daemon.pid"), '{"processStartTime":"Mon"}')],
    ["of a broker", fileClaim(format("codex-broker"), named("w/broker.json"), '{"sessionDir":"/tmp"}')],
    ["of the bridge", memberClaim(format("llmmsg-bridge"), "mars", { registeredAt: "2026-01-01T00:00:00Z" })],
  ])("%s without a member that claims something is malformed", (_, claim) => {
    expect(problem(claim)).toMatch(/^has no "/);
  });

  test("whose file's name claims something may say nothing", () => {
    const { sessionId: _, ...fields } = declared.fields;
    const named7 = { ...named("7.json"), pid: 7 };
    check(fileClaim(declaredFormats["json-file"]({ ...declared, fields, pattern: "<pid>.json" }), named7, "{}"), { key: "7.json", pid: 7 });
    const nothing = declaredFormats["json-file"]({ ...declared, fields: {}, pattern: "*.lock" });
    expect(problem(fileClaim(nothing, named("a.lock"), undefined))).toBe("its name says no pid, session or port");
    const bare = declaredFormats["keyed-json"]({ ...declared, fields: { registeredAt: "since" } });
    expect(problem(memberClaim(bare, "a", { since: 1.7e9 }))).toBe("its fields name no session, pid or identity");
  });

  const shape = {
    entries: "/agents",
    pattern: "<pid>.json",
    fields: { sessionId: "id", pid: "p", identity: "name" },
    about: "thread",
  } as const;

  test("of a declared object goes by its key only where the configuration says so", () => {
    check(memberClaim(declaredFormats["keyed-json"](shape), "k", { id, p: 7, name: "n" }), {
      key: "k",
      sessionId: id,
      pid: 7,
      identity: "n",
    });
    check(memberClaim(declaredFormats["keyed-json"](shape), "k", { id }), { key: "k", sessionId: id });
    const { identity: _, ...bare } = shape.fields;
    const value = { id, p: 7 };
    check(memberClaim(declaredFormats["keyed-json"]({ ...shape, fields: bare }), "k", value), { key: "k", sessionId: id, pid: 7 });
    const keyed = declaredFormats["keyed-json"]({ ...shape, fields: { ...bare, identity: "<key>" } });
    check(memberClaim(keyed, "k", value), { key: "k", sessionId: id, pid: 7, identity: "k" });
    check(memberClaim(keyed, "k", {}), { key: "k", identity: "k" });
    const bySession = declaredFormats["keyed-json"]({ ...shape, fields: { sessionId: "<key>", pid: "<value>" } });
    check(memberClaim(bySession, id, "7"), { key: id, sessionId: id, pid: 7 });
    expect(problem(memberClaim(bySession, id, [7]))).toBe("is an array, not an object");
  });

  test.each<[object, string]>([
    [{ id, name: "n", p: 7 }, id],
    [{ name: "n", p: 7 }, "n"],
    [{ p: 7 }, "pid 7"],
    [{ p: null }, "3"],
  ])("of a declared array, %j, is called by the most telling of what it says", (value, key) => {
    const claim = memberClaim(declaredFormats["json-array"](shape), "3", value);
    expect(claim).toMatchObject({ ok: true, registration: { key } });
    expect(problem(memberClaim(declaredFormats["json-array"](shape), "3", { p: "x" }))).toContain('"p"');
  });

  test("of a declared directory says by its name what its body does not", () => {
    const said = named("s1-7-80", { pid: 7, port: 80, sessionId: "s1" });
    const endpoint = { kind: "tcp", port: 80 } as const;
    check(fileClaim(declaredFormats["json-file"](shape), said, { p: 7 }), { key: "s1-7-80", pid: 7, sessionId: "s1", endpoint });
    check(fileClaim(declaredFormats["json-file"]({ ...shape, fields: {} }), said, ""), {
      key: "s1-7-80",
      pid: 7,
      sessionId: "s1",
      endpoint,
    });
  });

  test("of a declared directory is read only where fields are declared", () => {
    const name = named("7.json", { pid: 7 });
    check(fileClaim(declaredFormats["json-file"](shape), name, { id, p: 7 }), { key: "7.json", pid: 7, sessionId: id });
    check(fileClaim(declaredFormats["json-file"]({ ...shape, fields: {} }), name, "whatever"), { key: "7.json", pid: 7 });
  });
});

describe("what holds for a whole registry", () => {
  test("a declared pattern can be anybody's, so its holders have no names", () => {
    expect(pidFiles("x-<pid>").holderNames).toBeUndefined();
    expect(pidFiles(undefined).holderNames).toContain("claude");
  });

  test("who owns it, and which servers are tried for it", () => {
    expect(format("llmmsg-bridge").owner?.(places, "/w/registrations.json")).toEqual({ argv: ["bridge.mjs", "watch"] });
    const ofDaemon = (home: string) => ({ lock: `${home}/daemon.lock`, socket: "/tmp/cc-daemon-1000/01234567/control.sock" });
    const owner = (path: string) => format("claude-roster").owner?.(places, path);
    expect(owner("/home/dev/.claude/daemon/roster.json")).toEqual(ofDaemon("/home/dev/.claude"));
    expect(owner("/home/dev/.claude-work/daemon/roster.json")).toEqual(ofDaemon("/home/dev/.claude-work"));
    expect(owner("/srv/copy-of-a-roster.json")).toEqual(ofDaemon("/home/dev/.claude"));
    expect(format("llmmsg-bridge").triedServers(places)).toEqual(["ws://127.0.0.1:8788", "unix://"]);
    expect(format("llmmsg-bridge").triedServers({ ...places, env: { CODEX_APP_SERVER_URL: "ws://127.0.0.1:1" } })).toEqual([
      "ws://127.0.0.1:1",
      "unix://",
    ]);
    expect(format("host-lock").triedServers(places)).toEqual([]);
  });

  test("where it is looked for when a variable holds no absolute path", () => {
    const env = {
      CLAUDE_CONFIG_DIR: "claude/",
      CODEX_HOME: "codex/",
      CLAUDE_PLUGIN_DATA: "data/",
      TMPDIR: "tmp/",
      QWEN_HOME: "q",
      COPILOT_HOME: "c",
      CLINE_DIR: "~",
    };
    const found = builtInFormats.map((one: Format) => one.wellKnown({ ...places, env }).join(" "));
    expect(found).toEqual(builtInFormats.map((one: Format) => one.wellKnown(places).join(" ")));
    expect(format("llmmsg-bridge").wellKnown(places)).toEqual([
      "/opt/llmmsg/codex-llmmsg-app/registrations.json",
      "/opt/llmmsg-srv/bridge/registrations.json",
    ]);
    expect(pidFiles("x-<pid>").wellKnown(places)).toEqual([]);
    expect(format("host-lock").wellKnown(places)).toEqual([]);
    expect(format("omx-session").wellKnown({ ...places, cwd: places.home })).toEqual(["/home/dev/.omx/state"]);
  });
});
