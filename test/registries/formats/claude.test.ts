import { expect, test } from "vitest";
import { claudeSessions } from "../../../src/registries/formats/claude-sessions.ts";
import { codexBroker } from "../../../src/registries/formats/codex-broker.ts";
import { builtInFormats } from "../../../src/registries/known.ts";
import type { FilesFormat, Places } from "../../../src/registries/format.ts";

const places: Places = {
  home: "/home/dev",
  cwd: "/home/dev/garden",
  uid: 1000,
  env: {},
  sha256: () => "0123456789abcdef",
  furtherHomes: () => [],
};

function whereCounted(pidDomain: unknown) {
  const claim = (claudeSessions as unknown as FilesFormat).claim(
    { key: "77.json", pid: 77, port: undefined, sessionId: undefined },
    JSON.stringify({ pid: 77, sessionId: "a", pidDomain }),
  );
  if (!claim.ok) return claim.problem;
  const { host, machineId, pidNamespace } = claim.registration;
  return { host, machineId, pidNamespace };
}

const machine = "0123456789abcdef0123456789abcdef";

test.each([
  ["nothing", undefined, {}],
  ["that it is a Linux", "linux", {}],
  ["machine and namespace", `linux:${machine}:pid:[4026531836]`, { machineId: machine, pidNamespace: "4026531836" }],
  ["a namespace of a machine that could not be read", "linux::pid:[4026532201]", { pidNamespace: "4026532201" }],
  ["a machine whose namespace could not be read", `linux:${machine}:`, { machineId: machine }],
  ["a machine that is none of Linux's", "linux:desktop-7", { host: "linux:desktop-7" }],
  ["a system that only ends like Linux", "xlinux:ab12:", { host: "xlinux:ab12:" }],
  ["more than a namespace", "linux:ab12:pid:[7]:user:[8]", { host: "linux:ab12:pid:[7]:user:[8]" }],
  ["another word", "darwin", { host: "darwin" }],
  ["no word at all", 7, {}],
])("a Claude that says %s of its pid is believed so far", (_, said, expected) => {
  expect(whereCounted(said)).toEqual({ host: undefined, machineId: undefined, pidNamespace: undefined, ...expected });
});

test("every place that is looked at without a configuration", () => {
  const found = Object.fromEntries(builtInFormats.map((format) => [format.name, format.wellKnown(places)]));
  expect(found).toMatchObject({
    "claude-sessions": ["/home/dev/.claude/sessions"],
    "claude-roster": ["/home/dev/.claude/daemon/roster.json"],
    "claude-daemon": ["/home/dev/.claude"],
    "claude-plugin-in-use": ["/home/dev/.claude/plugins/cache"],
    "claude-ide": ["/home/dev/.claude/ide"],
    "codex-broker": ["/home/dev/.claude/plugins/data", "/tmp/codex-companion"],
    "omx-session": ["/home/dev/garden/.omx/state", "/home/dev/.omx/state"],
    "pid-files": ["/home/dev/garden/.orchestrator-state"],
    "codex-daemon-pid": ["/home/dev/.codex/app-server-daemon"],
    "qwen-sessions": ["/home/dev/.qwen/sessions", "/home/dev/.qwen/projects"],
    "copilot-in-use": ["/home/dev/.copilot/session-state", "/home/dev/.cache/copilot/pkg"],
    "cline-hub": ["/home/dev/.cline/data/locks/hub"],
  });
});

test("places move with the variables that move them", () => {
  const env = { CLAUDE_CONFIG_DIR: "/srv/claude/", CODEX_HOME: "/srv/codex", CLAUDE_PLUGIN_DATA: "/srv/data/codex", TMPDIR: "/srv/tmp/" };
  const found = Object.fromEntries(builtInFormats.map((format) => [format.name, format.wellKnown({ ...places, env })]));
  expect(found).toMatchObject({
    "claude-sessions": ["/srv/claude/sessions"],
    "codex-broker": ["/srv/claude/plugins/data", "/srv/data/codex", "/srv/tmp/codex-companion"],
    "codex-daemon-pid": ["/srv/codex/app-server-daemon"],
  });
});

test("profiles and homes that were found are looked at beside the usual ones, each once", () => {
  const homes = { claude: ["/home/dev/.claude", "/home/dev/.claude-work"], codex: ["/srv/codex"] };
  const found = Object.fromEntries(
    builtInFormats.map((format) => [format.name, format.wellKnown({ ...places, furtherHomes: (agent) => homes[agent] })]),
  );
  expect(found).toMatchObject({
    "claude-sessions": ["/home/dev/.claude/sessions", "/home/dev/.claude-work/sessions"],
    "claude-roster": ["/home/dev/.claude/daemon/roster.json", "/home/dev/.claude-work/daemon/roster.json"],
    "claude-daemon": ["/home/dev/.claude", "/home/dev/.claude-work"],
    "claude-plugin-in-use": ["/home/dev/.claude/plugins/cache", "/home/dev/.claude-work/plugins/cache"],
    "claude-ide": ["/home/dev/.claude/ide", "/home/dev/.claude-work/ide"],
    "codex-broker": ["/home/dev/.claude/plugins/data", "/home/dev/.claude-work/plugins/data", "/tmp/codex-companion"],
    "codex-daemon-pid": ["/home/dev/.codex/app-server-daemon", "/srv/codex/app-server-daemon"],
  });
});

test.each<[Places["env"], string, readonly string[]]>([
  [{ QWEN_HOME: "/q/" }, "qwen-sessions", ["/q/sessions", "/q/projects"]],
  [{ QWEN_HOME: "/q", QWEN_RUNTIME_DIR: "/r" }, "qwen-sessions", ["/q/sessions", "/r/projects"]],
  [{ COPILOT_HOME: "/c", XDG_CACHE_HOME: "/x/" }, "copilot-in-use", ["/c/session-state", "/x/copilot/pkg"]],
  [{ COPILOT_CACHE_HOME: "/k", XDG_CACHE_HOME: "/x" }, "copilot-in-use", ["/home/dev/.copilot/session-state", "/k/pkg"]],
  [{ COPILOT_PKG_CACHE_HOME: "/p", COPILOT_CACHE_HOME: "/k" }, "copilot-in-use", ["/home/dev/.copilot/session-state", "/p/pkg"]],
  [{ CLINE_DIR: "/l" }, "cline-hub", ["/l/data/locks/hub"]],
  [{ CLINE_DIR: "/l", CLINE_DATA_DIR: "/d" }, "cline-hub", ["/d/locks/hub"]],
])("%j moves the places of %s", (env, name, expected) => {
  expect(builtInFormats.find((format) => format.name === name)?.wellKnown({ ...places, env })).toEqual(expected);
});

test("a broker without a pid is known by its socket alone", () => {
  const body = JSON.stringify({ endpoint: "unix:/tmp/cxc-1/broker.sock", pid: null });
  const claim = (codexBroker as unknown as FilesFormat).claim(
    { key: "a/broker.json", pid: undefined, port: undefined, sessionId: undefined },
    body,
  );
  expect(claim).toMatchObject({ ok: true, registration: { pid: undefined, endpoint: { kind: "unix", path: "/tmp/cxc-1/broker.sock" } } });
});
