import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveSettings } from "../../../src/cli/config/settings.ts";
import {
  by,
  configure,
  daysAgo,
  declareRegistry,
  leaveOut,
  newScratch,
  nobodysScratch,
  parseOnly,
  sessreap,
  sweepReport,
  writeOld,
} from "../harness.ts";
import { gonePid } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";

const since = daysAgo(1);
const bridge = (more: object) => ({ registries: [{ format: "llmmsg-bridge", ...more }] });
const declared = (more: object) => ({ registries: [{ format: "keyed-json", path: "/x", fields: {}, ...more }] });

/** A configuration, and what is said of it behind the name of its file. */
const mistakes: readonly (readonly [config: unknown, said: string | RegExp])[] = [
  [{ gracee: "10m" }, 'gracee: unknown key; did you mean "grace"?'],
  [
    { zzz: 1 },
    "zzz: unknown key (known: $schema, grace, ttl, pidNamespace, agents, onlookers, hostsGone, healRenamedHost, metricsFile, wellKnown, registries)",
  ],
  [{ "s3cr3t-key": "s3cr3t-value" }, /^s3cr3t-key: unknown key(?!.*s3cr3t-value)/],
  [{ grace: 10 }, "grace: 10 is not a string"],
  [{ grace: "-1s" }, 'grace: "-1s" is not a duration such as "90s", "10m", "2h" or "7d"'],
  [{ ttl: "1 week" }, 'ttl: "1 week" is not a duration such as "90s", "10m", "2h" or "7d"'],
  [{ ttl: null }, "ttl: null is not a string"],
  [{ pidNamespace: "host" }, 'pidNamespace: "host" is not one of own'],
  [{ healRenamedHost: "yes" }, 'healRenamedHost: "yes" is not true or false'],
  [{ codexHomes: ["~/.codex"] }, /^codexHomes: unknown key \(known: /],
  [{ agents: "mymind" }, 'agents: "mymind" is not a list'],
  [{ agents: [""] }, 'agents[0]: "" is an empty name'],
  [{ onlookers: ["*"] }, 'onlookers[0]: "*" is not a program\'s name: it holds a control character, or is any name'],
  [{ onlookers: ["a\u0007"] }, 'onlookers[0]: "a\\u0007" is not a program\'s name: it holds a control character, or is any name'],
  [{ registries: {} }, "registries: {} is not a list"],
  [{ registries: [null] }, "registries[0]: null is not an object"],
  [{ registries: [{}] }, "registries[0].format: is missing"],
  [
    { registries: [{ format: "llmmsg-brige" }] },
    /^registries\[0\]\.format: "llmmsg-brige" is not one of llmmsg-bridge, .*; did you mean "llmmsg-bridge"\?$/,
  ],
  [bridge({ path: "x.json" }), 'registries[0].path: "x.json" is not an absolute path, nor one that starts with "~/"'],
  [bridge({ path: "/a/../b" }), 'registries[0].path: "/a/../b" is an unsafe path: it holds ".." or a control character'],
  [bridge({ path: "/a\u001b[2J" }), 'registries[0].path: "/a\\u001b[2J" is an unsafe path: it holds ".." or a control character'],
  [bridge({ pth: "/a" }), 'registries[0].pth: unknown key; did you mean "path"?'],
  [bridge({ owner: [] }), "registries[0].owner: [] is not an object"],
  [bridge({ owner: { argv: [] } }), "registries[0].owner.argv: [] is an empty list"],
  [bridge({ owner: { argv: "bridge.mjs" } }), 'registries[0].owner.argv: "bridge.mjs" is not a list'],
  [bridge({ owner: { argv: ["a", ""] } }), 'registries[0].owner.argv[1]: "" is an empty word'],
  [bridge({ owner: { units: "x" } }), 'registries[0].owner.units: unknown key; did you mean "unit"?'],
  [{ hostsGone: [""] }, 'hostsGone[0]: "" is an empty name'],
  [bridge({ owner: { unit: "a b; rm" } }), 'registries[0].owner.unit: "a b; rm" is not a unit\'s name'],
  [bridge({ release: "node x" }), 'registries[0].release: "node x" is not a list'],
  [
    bridge({ release: ["x", "--key={key}"] }),
    'registries[0].release: ["x","--key={key}"] is not a command: "{key}" and "{sessionId}" stand for whole arguments',
  ],
  [bridge({ release: ["x", "{id}"] }), 'registries[0].release: ["x","{id}"] is not a command: its places can be "{key}" and "{sessionId}"'],
  [bridge({ release: ["{key}"] }), 'registries[0].release: ["{key}"] is not a command: an entry\'s value would be the program'],
  [bridge({ owner: {} }), "registries[0].owner: {} says none of argv, unit, lock and socket, so nothing would show the owner"],
  [
    bridge({ appServers: ["ws://10.0.0.1:80"] }),
    'registries[0].appServers[0]: "ws://10.0.0.1:80" is not a loopback address such as "ws://127.0.0.1:8788", nor "unix://" with an absolute path',
  ],
  [bridge({ fields: {} }), "registries[0].fields: llmmsg-bridge has a shape of its own and does not take it"],
  [{ registries: [{ format: "keyed-json", fields: {} }] }, "registries[0].path: is missing; keyed-json has no well-known place"],
  [
    { registries: [{ format: "keyed-json", path: "/x" }] },
    "registries[0].fields: is missing; keyed-json needs to know which members carry what",
  ],
  [declared({ fields: { sessionID: "x" } }), 'registries[0].fields.sessionID: unknown key; did you mean "sessionId"?'],
  [declared({ fields: { pid: "" } }), 'registries[0].fields.pid: "" is an empty name'],
  [declared({ fields: [] }), "registries[0].fields: [] is not an object"],
  [declared({ presence: "process" }), 'registries[0].presence: unknown key; "about" says what an entry claims'],
  [declared({ holders: [] }), "registries[0].holders: [] is an empty list"],
  [
    declared({ holders: ["bin/agent"] }),
    'registries[0].holders[0]: "bin/agent" is not a program\'s name: it holds a slash, an asterisk or a control character',
  ],
  [bridge({ holders: ["codex"] }), "registries[0].holders: llmmsg-bridge has a shape of its own and does not take it"],
  [declared({ shared: "yes" }), 'registries[0].shared: "yes" is not true or false'],
  [declared({ about: "proces" }), 'registries[0].about: "proces" is not one of process, session, thread; did you mean "process"?'],
  [declared({ entries: "agents" }), 'registries[0].entries: "agents" is not a JSON pointer such as "/agents"'],
  [[], "the whole file: [] is not an object"],
  ["null", "the whole file: null is not an object"],
  ['{"__proto__":{"grace":"0"}}', /^__proto__: unknown key \(known: /],
  [`{"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, /^x: unknown key \(known: /],
  ["{", "no JSON: a member's name is missing (line 1, column 2)"],
  ["", "no JSON: the file is empty (line 1, column 1)"],
  ['{\n  "grace": "10m", // ten\n}', "no JSON: a comment stands here; JSON has none, take it out (line 2, column 19)"],
  ['{ # ten\n "grace": "10m" }', "no JSON: a comment stands here; JSON has none, take it out (line 1, column 3)"],
  ['{"grace":/* ten */"10m"}', "no JSON: a comment stands here; JSON has none, take it out (line 1, column 10)"],
  ['{"grace":"10m",}', "no JSON: a comma stands before a closing bracket; take it out (line 1, column 16)"],
  ['{"agents":["a",]}', "no JSON: a comma stands before a closing bracket; take it out (line 1, column 16)"],
  ["{'grace':1}", "no JSON: an apostrophe stands here; names and texts of JSON stand in double quotes (line 1, column 2)"],
  ['{grace:"10m"}', "no JSON: a name stands without double quotes (line 1, column 2)"],
  ['{"grace":"10m"\n"ttl":"7d"}', "no JSON: a comma is missing (line 2, column 1)"],
  ['{"grace":"10m",\n "grace":"9m"}', "grace: stands twice (line 1, column 2, and line 2, column 2); keep one"],
  ['{"gr\\u0061ce":"10m","grace":"9m"}', "grace: stands twice (line 1, column 2, and line 1, column 21); keep one"],
  [
    '{"registries":[{"format":"keyed-json","path":"/x","fields":{"pid":"a","pid":"b"}}]}',
    "registries[0].fields.pid: stands twice (line 1, column 61, and line 1, column 71); keep one",
  ],
];

test("a configuration with a mistake is refused by its place, its value and the nearest known key, and nothing is touched", async () => {
  const scratch = newScratch();
  for (const [config, said] of mistakes) {
    const path = configure(scratch, config);
    const { code, stdout, stderr } = await sessreap(scratch, []);
    expect({ code, stdout, lines: stderr.split("\n").length }).toEqual({ code: 2, stdout: "", lines: 2 });
    const start = `error   ${path}: `;
    expect(stderr.slice(0, start.length)).toBe(start);
    const described = stderr.slice(start.length).trimEnd();
    expect([described, typeof said === "string" ? described === said : said.test(described)]).toEqual([described, true]);
  }
  expect(readdirSync(scratch.dir)).toEqual(["home"]);
}, 60_000);

test("under --json a refused configuration is one document with the same exit code", async () => {
  const scratch = newScratch();
  const path = configure(scratch, { grace: 10 });
  const { code, stdout, stderr } = await sessreap(scratch, ["--json"]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
  expect(parseOnly(stdout)).toEqual({ schema: 1, error: { code: "config", message: `${path}: grace: 10 is not a string` }, exitCode: 2 });
});

describe("whose configuration is trusted", () => {
  test("one that everybody can write is refused", async () => {
    const scratch = newScratch();
    const path = configure(scratch, {});
    chmodSync(path, 0o666);
    const { code, stderr } = await sessreap(scratch, []);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error   ${path}: can be written by everybody; chmod o-w it\n` });
  });

  test("one that only its group can write besides is taken", async () => {
    const scratch = newScratch();
    chmodSync(configure(scratch, {}), 0o664);
    expect((await sessreap(scratch, ["config"])).code).toBe(0);
  });

  test.skipIf(!isRoot)("one that belongs to another user is refused, and so it is under --config", async () => {
    const scratch = newScratch();
    const path = configure(scratch, {});
    chownSync(path, nobody, nobody);
    for (const words of [[], ["--config", path]]) {
      const { code, stderr } = await sessreap(scratch, words);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: `error   ${path}: belongs to user ${nobody}; it must belong to you or to root\n`,
      });
    }
  });

  test.skipIf(!isRoot)("one that belongs to root is taken by anybody", async () => {
    const scratch = nobodysScratch();
    const path = configure(scratch, { grace: "77s" });
    const { code, stdout } = await sessreap(scratch, ["config"], { asNobody: true });
    expect(code).toBe(0);
    expect(stdout).toContain(path.replace(scratch.home, "~"));
  });
  if (!isRoot) leaveOut("configurations of other users", "only root can make them");

  test("one that is named and not there, or no file, is refused", async () => {
    const scratch = newScratch();
    const missing = await sessreap(scratch, ["--config", join(scratch.dir, "none.json")]);
    expect(missing).toMatchObject({
      code: 2,
      stderr: `error   ${join(scratch.dir, "none.json")}: no such file or directory (ENOENT)\n`,
    });
    expect(await sessreap(scratch, ["--config", scratch.dir])).toMatchObject({
      code: 2,
      stderr: `error   ${scratch.dir}: is a directory; put a regular file there, or remove it\n`,
    });
    expect((await sessreap(scratch, [], { env: { SESSREAP_CONFIG: join(scratch.dir, "none.json") } })).code).toBe(2);
  });
});

type Shown = { readonly settings: Readonly<Record<"grace" | "ttl" | "stateDir", { readonly value: unknown; readonly from: string }>> };

test("a flag goes before the environment, that before the user's file, that before the default", async () => {
  const scratch = newScratch();
  const xdg = join(scratch.dir, "xdg");
  mkdirSync(join(xdg, "sessreap"), { recursive: true });
  const file = join(xdg, "sessreap", "config.json");
  writeFileSync(file, JSON.stringify({ grace: "1m", ttl: "3d" }));
  const home = configure(scratch, { grace: "9m" });
  const env = { XDG_CONFIG_HOME: xdg, SESSREAP_GRACE: "2m", SESSREAP_TTL: "" };
  const shown = async (words: readonly string[], more: Readonly<Record<string, string>>): Promise<Shown["settings"]> => {
    const { code, stdout } = await sessreap(scratch, ["config", "--json", ...words], { env: more });
    expect(code).toBe(0);
    return (parseOnly(stdout) as Shown).settings;
  };
  expect(await shown(["--grace", "3m"], env)).toMatchObject({ grace: { value: 180_000, from: "--grace" } });
  expect(await shown([], env)).toMatchObject({ grace: { value: 120_000, from: "SESSREAP_GRACE" } });
  expect(await shown([], { XDG_CONFIG_HOME: xdg })).toMatchObject({
    grace: { value: 60_000, from: file },
    ttl: { value: 259_200_000, from: file },
  });
  expect(await shown([], {})).toMatchObject({ grace: { value: 540_000, from: home }, ttl: { value: 604_800_000, from: "default" } });
  expect(await shown([], { XDG_CONFIG_HOME: "" })).toMatchObject({ grace: { from: home } });
  expect(await shown([], { SESSREAP_CONFIG: file })).toMatchObject({ grace: { from: file } });
  expect(await shown([], { SESSREAP_STATE_DIR: "", XDG_STATE_HOME: xdg })).toMatchObject({
    stateDir: { value: join(xdg, "sessreap"), from: "XDG_STATE_HOME" },
  });
});

test("the system's file fills in what the user's does not say, value by value", async () => {
  const scratch = newScratch();
  const system = join(scratch.dir, "system.json");
  writeFileSync(system, JSON.stringify({ grace: "1h", ttl: "30d" }));
  const user = configure(scratch, { grace: "5m" });
  const env = { XDG_CONFIG_HOME: join(scratch.home, ".config"), SESSREAP_STATE_DIR: scratch.stateDir };
  const settings = await resolveSettings({}, env, system);
  expect(settings.grace).toEqual({ value: 300_000, from: user });
  expect(settings.ttl).toEqual({ value: 30 * 86_400_000, from: system });
  expect(settings.files).toEqual([user, system]);
  const named = await resolveSettings({ config: user }, env, system);
  expect(named.ttl.from).toBe("default");
});

test.each([
  [["--grace", "soon"], {}, '--grace: "soon" is not a duration such as 90s, 10m, 2h or 7d'],
  [["--ttl", "-1d"], {}, '--ttl: "-1d" is not a duration such as 90s, 10m, 2h or 7d'],
  [[], { SESSREAP_GRACE: "10" }, 'SESSREAP_GRACE: "10" is not a duration such as 90s, 10m, 2h or 7d'],
  [[], { SESSREAP_PID_NAMESPACE: "host" }, 'SESSREAP_PID_NAMESPACE: "host" is not "own"'],
  [
    ["--app-server", "http://127.0.0.1"],
    {},
    '--app-server: "http://127.0.0.1" is not a loopback address such as ws://127.0.0.1:8788, nor unix:// with an absolute path',
  ],
  [
    [],
    { SESSREAP_APP_SERVER: "ws://example.org" },
    'SESSREAP_APP_SERVER: "ws://example.org" is not a loopback address such as ws://127.0.0.1:8788, nor unix:// with an absolute path',
  ],
] as const)("the value of %j and %j is refused where it was given", async (words, env, said) => {
  const scratch = newScratch();
  expect(await sessreap(scratch, [...words], { env })).toEqual({ code: 2, signal: null, stdout: "", stderr: `error   ${said}\n` });
});

test("a registry is named by format and path, by format, by path alone, or as the configuration describes it", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const bridgeFile = writeOld(join(scratch.dir, "llmmsg-bridge"), "{}");
  writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } }));
  const looked = async (...specs: readonly string[]): Promise<readonly string[]> => {
    const words = specs.flatMap((spec) => ["--registry", spec]);
    return (await sweepReport(scratch, ["list", ...words])).registries.map(({ format, path: at }) => `${format} ${at}`);
  };
  expect(await looked(path)).toEqual([`keyed-json ${path}`]);
  expect(await looked("agents.json")).toEqual([`keyed-json ${path}`]);
  expect(await looked(`keyed-json:${path}`)).toEqual([`keyed-json ${path}`]);
  expect(await looked("keyed-json")).toEqual([`keyed-json ${path}`]);
  expect(await looked("./llmmsg-bridge")).toEqual([`llmmsg-bridge ${bridgeFile}`]);
  expect(await looked(bridgeFile, "agents.json", bridgeFile)).toEqual([`llmmsg-bridge ${bridgeFile}`, `keyed-json ${path}`]);
  expect(await looked("llmmsg-bridge:agents.json")).toEqual([`llmmsg-bridge ${path}`]);
  expect((await looked("llmmsg-bridge")).length).toBeGreaterThan(0);
});

test.each([
  ["llmmsg-bridg:/x", /^error {3}--registry: "llmmsg-bridg" is no format; did you mean "llmmsg-bridge"\?/],
  ["keyed-json:/x", /^error {3}--registry: keyed-json needs to be described in a configuration/],
  ["", /^error {3}--registry: "" names nothing/],
])("the registry %j is refused", async (spec, said) => {
  const { code, stderr } = await sessreap(newScratch(), ["--registry", spec]);
  expect(code).toBe(2);
  expect(stderr).toMatch(said);
});

test("a registry that everybody can write, or whose directory everybody can, is only reported on", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const at = (name: string): string => writeOld(join(scratch.dir, name), JSON.stringify({ [name]: { pid, since } }));
  const [open, group, inOpen, inSticky] = [at("open"), at("group"), at("dir/in-open"), at("sticky/in-sticky")];
  chmodSync(open, 0o666);
  chmodSync(group, 0o664);
  chmodSync(join(scratch.dir, "dir"), 0o777);
  chmodSync(join(scratch.dir, "sticky"), 0o1777);
  configure(scratch, {
    registries: [open, group, inOpen, inSticky].map((path) => ({
      format: "keyed-json",
      path,
      fields: { pid: "pid", registeredAt: "since" },
    })),
  });
  const before = [open, inOpen].map((path) => readFileSync(path, "utf8"));
  const report = await sweepReport(scratch, []);
  expect(by(report, "action")).toEqual({ open: "withheld", group: "reaped", "dir/in-open": "withheld", "sticky/in-sticky": "reaped" });
  expect(report.registries.map(({ state, problem }) => `${state}: ${problem}`)).toEqual([
    "report-only: everybody can write to it (chmod o-w it)",
    "swept: null",
    "report-only: everybody can write to its directory (chmod o-w it)",
    "swept: null",
  ]);
  expect([open, inOpen].map((path) => readFileSync(path, "utf8"))).toEqual(before);
});

test("without any configuration every well-known place is looked for, and named", async () => {
  const { code, stdout, stderr } = await sessreap(newScratch(), ["list"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("No agent session is registered on this machine. Looked for:");
});

test.each(["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"])(
  "a relative %s is a mistake, named with its cure, whatever was to be done",
  async (name) => {
    const scratch = newScratch();
    for (const words of [[], ["-n"], ["config"], ["history"], ["restore"], ["doctor"], ["units", "print"]]) {
      const { code, stdout, stderr } = await sessreap(scratch, words, { env: { [name]: "some/place" } });
      expect(stderr).toBe(`error   ${name}: "some/place" does not begin with /\n        do: set it to an absolute path, or unset it\n`);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    }
  },
);

test("an empty HOME is none: the home is that of the user's account", async () => {
  const scratch = newScratch();
  const env = { HOME: "", XDG_STATE_HOME: "", SESSREAP_STATE_DIR: "" };
  const words = ["config", "--json", "--registry", join(scratch.dir, "agents.json")];
  const { stdout, stderr } = await sessreap(scratch, words, { env });
  expect((parseOnly(stdout, stderr) as Shown).settings.stateDir).toEqual({
    value: join(userInfo().homedir, ".local/state/sessreap"),
    from: "default",
  });
});

test("a current directory that was removed is no fault: nothing is found below it", async () => {
  const scratch = newScratch();
  const under = ["sh", "-c", 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"', join(scratch.dir, "gone")];
  const { code, stderr } = await sessreap(scratch, ["-n", "-q"], { under });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
