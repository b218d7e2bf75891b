import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeclaredShape } from "../../src/registries/declared/declared.ts";
import type { Format } from "../../src/registries/format.ts";
import { jsonArray } from "../../src/registries/declared/json-array.ts";
import { jsonLines } from "../../src/registries/declared/json-lines.ts";
import { jsonFile } from "../../src/registries/declared/json-file.ts";
import { builtInFormat } from "../../src/registries/known.ts";
import { keyedJson } from "../../src/registries/declared/keyed-json.ts";
import { symlink } from "../../src/registries/declared/symlink.ts";
import { textFile } from "../../src/registries/declared/text-file.ts";
import { fields } from "../fields.ts";

export const fixturesDir = join(import.meta.dirname, "fixtures");

/** What the fixtures say of their holder; a test puts the facts of a real process in its place. */
export const placeholders = {
  pid: "4100001",
  startTicks: "128801",
  bootId: "00000000-0000-4000-8000-000000000000",
  machineId: "0123456789abcdef0123456789abcdef",
  host: '"here"',
} as const;

/** One fixture: a tree as the tool leaves it in a home, and how a session of it lives. */
export type Fixture = {
  /** Its folder: the format, and the version of the tool that writes so. */
  readonly folder: string;
  readonly format: Format;
  /** The registry's place below the home. */
  readonly at: string;
  /** The key of its entry, under the placeholder pid. */
  readonly key: string;
  /** What a holder is called, or a whole argv where only an argv shows it. */
  readonly holder: readonly [string, string, ...string[]];
  /** What makes it another host's entry, where it can say so. */
  readonly abroad: readonly [string, string] | undefined;
  /** What makes it one that cannot be understood: a piece of its text, or of its name where only that is read. */
  readonly malformed: readonly [string, string];
  readonly inName?: true;
  /** Its death rests on absence alone. */
  readonly waits?: true;
};

const shape: DeclaredShape = {
  entries: "",
  pattern: "*.json",
  fields,
  about: "session",
};

const known = (name: string): Format => {
  const format = builtInFormat(name);
  if (format === undefined) throw new Error(`there is no format ${name}`);
  return format;
};

const badPid = [placeholders.pid, "true"] as const;
const otherMachine = [placeholders.machineId, "fedcba9876543210fedcba9876543210"] as const;
const otherHost = [placeholders.host, '"elsewhere"'] as const;

export const fixtures: readonly Fixture[] = [
  {
    folder: "llmmsg-bridge/5e84611",
    format: known("llmmsg-bridge"),
    at: "registrations.json",
    key: "garden-ca",
    holder: ["codex", "resume", "01a1f984-d1a8-7cc3-9759-13c129b40702"],
    abroad: undefined,
    malformed: ['"01a1f984-d1a8-7cc3-9759-13c129b40702"', "7"],
    waits: true,
  },
  {
    folder: "claude-sessions/2.1.197",
    format: known("claude-sessions"),
    at: ".claude/sessions",
    key: "4100001.json",
    holder: ["claude", "chat"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "claude-sessions/2.1.329",
    format: known("claude-sessions"),
    at: ".claude/sessions",
    key: "4100001.json",
    holder: ["claude", "chat"],
    abroad: otherMachine,
    malformed: badPid,
  },
  {
    folder: "claude-sessions/2.1.332",
    format: known("claude-sessions"),
    at: ".claude/sessions",
    key: "4100001.json",
    holder: ["claude", "chat"],
    abroad: otherMachine,
    malformed: badPid,
  },
  {
    folder: "claude-sessions/2.1.332-key",
    format: known("claude-sessions"),
    at: ".claude/sessions",
    key: "4100001.00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff.key",
    holder: ["claude", "chat"],
    abroad: otherMachine,
    malformed: ["peerToken", "token"],
  },
  {
    folder: "claude-daemon/2.1.332",
    format: known("claude-daemon"),
    at: ".claude",
    key: "daemon.lock",
    holder: ["claude", "daemon"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "claude-daemon/2.1.197-status",
    format: known("claude-daemon"),
    at: ".claude",
    key: "daemon.status.json",
    holder: ["claude", "daemon"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "claude-roster/2.1.197",
    format: known("claude-roster"),
    at: ".claude/daemon/roster.json",
    key: "5e8d01aa",
    holder: ["claude", "pty-host"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "claude-roster/2.1.332",
    format: known("claude-roster"),
    at: ".claude/daemon/roster.json",
    key: "7c20b9e4",
    holder: ["claude", "pty-host"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "claude-plugin-in-use/2.1.197",
    format: known("claude-plugin-in-use"),
    at: ".claude/plugins/cache",
    key: "market/beds/1.4.0/.in_use/4100001",
    holder: ["claude", "chat"],
    abroad: undefined,
    malformed: ["4100001", "1"],
    inName: true,
  },
  {
    folder: "claude-plugin-in-use/empty",
    format: known("claude-plugin-in-use"),
    at: ".claude/plugins/cache",
    key: "market/beds/1.3.0/.in_use/4100001",
    holder: ["claude", "chat"],
    abroad: undefined,
    malformed: ["4100001", "1"],
    inName: true,
    waits: true,
  },
  {
    folder: "claude-ide/2.1.197",
    format: known("claude-ide"),
    at: ".claude/ide",
    key: "40123.lock",
    holder: ["code", "window"],
    abroad: ['"runningInWindows":false', '"runningInWindows":true'],
    malformed: badPid,
  },
  {
    folder: "codex-broker/0774316",
    format: known("codex-broker"),
    at: ".claude/plugins/data",
    key: "codex-openai-codex/state/garden-00112233445566ff/broker.json",
    holder: ["app-server-broker", "serve"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "omx-session/seen-2026-11",
    format: known("omx-session"),
    at: ".omx/state",
    key: "session.json",
    holder: ["omx", "run"],
    abroad: ['"platform": "linux"', '"platform": "darwin"'],
    malformed: badPid,
  },
  {
    folder: "omx-session/0.21.6",
    format: known("omx-session"),
    at: ".omx/state",
    key: "session.json",
    holder: ["omx", "run"],
    abroad: ['"platform": "linux"', '"platform": "darwin"'],
    malformed: badPid,
  },
  {
    folder: "omx-session/0.21.6-notify",
    format: known("omx-session"),
    at: ".omx/state",
    key: "notify-fallback.pid",
    holder: ["node", "watch"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "omx-lock/seen-2026-11",
    format: known("omx-session"),
    at: ".omx/state",
    key: "session.json.lock/owner.json",
    holder: ["omx", "run"],
    abroad: ['"platform":"linux"', '"platform":"darwin"'],
    malformed: badPid,
  },
  {
    folder: "pid-files/8d45bd2",
    format: known("pid-files"),
    at: ".orchestrator-state",
    key: "active-session-4100001",
    holder: ["claude", "chat"],
    abroad: undefined,
    malformed: ["4100001", "1"],
    inName: true,
  },
  {
    folder: "codex-daemon-pid/0.169.0",
    format: known("codex-daemon-pid"),
    at: ".codex/app-server-daemon",
    key: "daemon.pid",
    holder: ["codex", "app-server"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "codex-daemon-pid/0.171.0-updater",
    format: known("codex-daemon-pid"),
    at: ".codex/app-server-daemon",
    key: "daemon-updater.pid",
    holder: ["codex", "app-server"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "codex-daemon-pid/0.149.1",
    format: known("codex-daemon-pid"),
    at: ".codex/app-server-daemon",
    key: "app-server.pid",
    holder: ["codex-x86_64-unknown-linux-musl", "app-server"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "qwen-sessions/0.24.4",
    format: known("qwen-sessions"),
    at: ".qwen/sessions",
    key: "4100001.json",
    holder: ["qwen", "chat"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "qwen-sessions/0.24.4-acp",
    format: known("qwen-sessions"),
    at: ".qwen/sessions",
    key: "4100001-0a1b2c3d.json",
    holder: ["qwen", "serve"],
    abroad: undefined,
    malformed: ['"schemaVersion": 1', '"schemaVersion": 2'],
  },
  {
    folder: "qwen-sessions/0.24.4-runtime",
    format: known("qwen-sessions"),
    at: ".qwen/projects",
    key: "-home-dev-garden/chats/7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e23.runtime.json",
    holder: ["qwen", "chat"],
    abroad: otherHost,
    malformed: badPid,
  },
  {
    folder: "copilot-in-use/1.0.102",
    format: known("copilot-in-use"),
    at: ".copilot/session-state",
    key: "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e08/inuse.4100001.lock",
    holder: ["copilot", "chat"],
    abroad: undefined,
    malformed: ["4100001", "1"],
    inName: true,
  },
  {
    folder: "copilot-in-use/1.0.102-hold",
    format: known("copilot-in-use"),
    at: ".copilot/session-state",
    key: "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e08/inuse.4100001.hold",
    holder: ["copilot", "chat"],
    abroad: undefined,
    malformed: ["4100001", "1"],
    inName: true,
  },
  {
    folder: "copilot-in-use/1.0.102-package",
    format: known("copilot-in-use"),
    at: ".cache/copilot/pkg",
    key: "linux-x64/1.0.102/inuse.4100001.lock",
    holder: ["copilot", "chat"],
    abroad: undefined,
    malformed: ["4100001", "1"],
    inName: true,
  },
  {
    folder: "copilot-in-use/1.0.102-package-hold",
    format: known("copilot-in-use"),
    at: ".cache/copilot/pkg",
    key: "linux-x64/1.0.102/inuse.4100001.hold",
    holder: ["copilot", "chat"],
    abroad: undefined,
    malformed: ["4100001", "1"],
    inName: true,
  },
  {
    folder: "cline-hub/3.0.65",
    format: known("cline-hub"),
    at: ".cline/data/locks/hub",
    key: "production.json",
    holder: ["cline", "hub"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "cline-hub/3.0.65-owner",
    format: known("cline-hub"),
    at: ".cline/data/locks/hub",
    key: "owners/hub-00112233445566ff.json",
    holder: ["cline", "hub"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "host-lock/b987725",
    format: known("host-lock"),
    at: ".instar/local",
    key: "server-instance.lock",
    holder: ["instar", "serve"],
    abroad: otherHost,
    malformed: badPid,
  },
  {
    folder: "keyed-json/1",
    format: keyedJson({ ...shape, entries: "/agents" }),
    at: "agents.json",
    key: "gardener",
    holder: ["gardener", "run"],
    abroad: otherHost,
    malformed: badPid,
  },
  {
    folder: "json-array/1",
    format: jsonArray({ ...shape, entries: "/sessions" }),
    at: "sessions.json",
    key: "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e05",
    holder: ["gardener", "run"],
    abroad: otherHost,
    malformed: badPid,
  },
  {
    folder: "json-lines/1",
    format: jsonLines(shape),
    at: "sessions.jsonl",
    key: "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e05",
    holder: ["gardener", "run"],
    abroad: otherHost,
    malformed: badPid,
  },
  {
    folder: "json-file/1",
    format: jsonFile(shape),
    at: "sessions",
    key: "gardener.json",
    holder: ["gardener", "run"],
    abroad: otherHost,
    malformed: badPid,
  },
  {
    folder: "symlink/1",
    format: symlink({ ...shape, pattern: "SingletonLock", text: ['"<host>"-<pid>'] }),
    at: ".config/garden",
    key: "SingletonLock",
    holder: ["garden-browser", "run"],
    abroad: otherHost,
    malformed: badPid,
  },
  {
    folder: "text-file/1",
    format: textFile({ ...shape, pattern: "*/locked", text: ["* (pid <pid> start <startTicks>)"] }),
    at: "garden.git/worktrees",
    key: "beds/locked",
    holder: ["claude", "agent"],
    abroad: undefined,
    malformed: badPid,
  },
  {
    folder: "text-file/2",
    format: textFile({ ...shape, pattern: "*.lock", text: ["* said nothing", '<pid>\n"<host>"'] }),
    at: "locks",
    key: "mail.lock",
    holder: ["gardener", "run"],
    abroad: otherHost,
    malformed: badPid,
  },
];

/** Those that can be half written: a symbolic link cannot. */
export const tearable = fixtures.filter(({ format }) => format.body !== "link");

/** The files of a fixture, by their path below the home. */
export function filesOf(folder: string): ReadonlyMap<string, string> {
  const root = join(fixturesDir, folder);
  const rows = readdirSync(root, { recursive: true, withFileTypes: true }).filter((row) => row.isFile());
  return new Map(
    rows.map((row) => [join(row.parentPath, row.name).slice(root.length + 1), readFileSync(join(row.parentPath, row.name), "utf8")]),
  );
}
