import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { configure, newScratch, parseOnly, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { resolveSettings } from "../../../src/cli/config/settings.ts";
import { turnedOff } from "../../../src/cli/config/off.ts";
import { resolveRegistries } from "../../../src/cli/config/targets.ts";
import { gonePid } from "../../processes.ts";

const keyed = (path: string, entries = ""): object => ({ format: "keyed-json", path, entries, fields: { pid: "pid" }, about: "process" });

function dropIn({ home }: Scratch, name: string, value: unknown): string {
  return writeOld(join(home, ".config/sessreap/registries.d", name), typeof value === "string" ? value : JSON.stringify(value));
}

/** A process knows its own home, so the scratch's is named. */
const envOf = ({ env, home }: Scratch) => ({ ...env, XDG_CONFIG_HOME: join(home, ".config") });

async function targets(scratch: Scratch, systemPath = "/nowhere/config.json") {
  const env = envOf(scratch);
  const settings = await resolveSettings({}, env, systemPath);
  const { targets: all, collisions } = resolveRegistries(settings, {}, env);
  return { settings, collisions, off: turnedOff(settings, env), all, described: all.filter(({ named }) => named).map(({ path }) => path) };
}

test("registries stand beside the well-known places, and one of the same format and path takes the place of such a one", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const own = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ mine: { pid } }));
  const record = JSON.stringify({ pid, sessionId: "11111111-2222-4333-8444-555555555555", cwd: "/", startedAt: 1.7e12, procStart: "7" });
  writeOld(join(scratch.home, ".claude/sessions", `${pid}.json`), record);
  configure(scratch, { wellKnown: true, registries: [keyed(own)] });
  const report = await sweepReport(scratch, ["-n"]);
  expect(report.entries.map(({ format, action }) => `${format} ${action}`)).toEqual([
    "keyed-json would-reap",
    "claude-sessions would-reap",
  ]);
  const path = join(scratch.home, ".claude/sessions");
  configure(scratch, { wellKnown: true, registries: [{ format: "claude-sessions", path, onGhost: "report" }] });
  const again = await sweepReport(scratch, ["-n"]);
  expect(again.registries.filter(({ format }) => format === "claude-sessions")).toHaveLength(1);
  expect(again.entries.map(({ format, action }) => `${format} ${action}`)).toEqual(["claude-sessions withheld"]);
});

test.each<[unknown, string]>([
  [["claude-sesions"], 'wellKnown[0]: "claude-sesions" is not one of '],
  [["claude-sesions"], 'did you mean "claude-sessions"?'],
  ["claude-sessions", 'wellKnown: "claude-sessions" is not true, false or a list of formats'],
])("wellKnown that is %j is refused with the nearest format, or with what it can be", async (wellKnown, said) => {
  const scratch = newScratch();
  configure(scratch, { wellKnown });
  await expect(targets(scratch)).rejects.toThrow(said);
});

test("well-known places that are turned off are said by list, config and doctor", async () => {
  const scratch = newScratch();
  const file = configure(scratch, { wellKnown: ["claude-sessions"], registries: [{ format: "claude-ide" }] });
  const said = `not swept at their well-known places ("wellKnown" in ${file}): `;
  const { off, all } = await targets(scratch);
  expect(off).toContain("claude-roster");
  expect(off.filter((name) => name === "claude-sessions" || name === "claude-ide")).toEqual([]);
  expect(new Set(all.map(({ format }) => format.name))).toEqual(new Set(["claude-sessions", "claude-ide"]));
  expect((await sessreap(scratch, ["list"])).stderr).toContain(said);
  expect((await sessreap(scratch, ["config"])).stdout).toContain(`${said}${off.join(", ")}`);
  const { stdout } = await sessreap(scratch, ["doctor", "--json"]);
  const { guards } = parseOnly(stdout) as { readonly guards: readonly { readonly detail: string; readonly posture: string }[] };
  expect(guards.filter(({ detail }) => detail.startsWith(said))).toMatchObject([{ posture: "on" }]);
});

describe("drop-ins", () => {
  test("of the system and of the user each hold one registry or a list, and stand beside the configuration", async () => {
    const scratch = newScratch();
    configure(scratch, { wellKnown: false, registries: [keyed("/w/a.json")] });
    const system = join(scratch.dir, "etc");
    writeOld(join(system, "registries.d", "bridge.json"), JSON.stringify(keyed("/w/d.json")));
    const [one, list] = [dropIn(scratch, "10-one.json", keyed("/w/b.json")), dropIn(scratch, "20-list.json", [keyed("/w/c.json")])];
    for (const name of [".hidden.json", "notes.txt", "old.json~"]) dropIn(scratch, name, "no JSON");
    const { settings, described } = await targets(scratch, join(system, "config.json"));
    expect(described).toEqual(["/w/d.json", "/w/b.json", "/w/c.json", "/w/a.json"]);
    expect(settings.dropIns.map(({ from }) => from)).toEqual([join(system, "registries.d", "bridge.json"), one, list]);
    expect((await sessreap(scratch, ["config"])).stdout).toContain(one.replace(scratch.home, "~"));
    expect((await resolveSettings({ config: settings.files[0] as string }, envOf(scratch), "/nowhere")).dropIns).toEqual([]);
  });

  test("do not replace what the configuration says of a registry, and the user's replace the system's", async () => {
    const scratch = newScratch();
    const system = join(scratch.dir, "etc");
    const config = configure(scratch, { wellKnown: false, registries: [{ ...keyed("/w/own.json"), onGhost: "report" }] });
    writeOld(join(system, "registries.d", "d.json"), JSON.stringify([keyed("/w/both.json"), keyed("/w/own.json")]));
    const dropped = dropIn(scratch, "a.json", [keyed("/w/own.json"), { ...keyed("/w/both.json"), onGhost: "report" }]);
    const { all, collisions } = await targets(scratch, join(system, "config.json"));
    expect(all.map(({ path, onGhost }) => `${path} ${onGhost}`).toSorted()).toEqual(["/w/both.json report", "/w/own.json report"]);
    const etcFile = join(system, "registries.d", "d.json");
    expect(collisions.toSorted()).toEqual([
      `/w/both.json (keyed-json) is declared in ${etcFile} and in ${dropped}; the declaration in ${dropped} counts`,
      `/w/own.json (keyed-json) is declared in ${etcFile} and in ${dropped} and in ${config}; the declaration in ${config} counts`,
    ]);
  });

  test("that the configuration overrules are said by sweep, list, config and doctor, and so is a row that stands twice", async () => {
    const scratch = newScratch();
    const { pid } = await gonePid();
    const own = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ mine: { pid } }));
    const report = { ...keyed(own), onGhost: "report" };
    const config = configure(scratch, { wellKnown: false, registries: [keyed(own), report] });
    const twice = `${config} declares ${own} (keyed-json) more than once; its last declaration counts`;
    expect((await sessreap(scratch, ["sweep"])).stderr).toContain(`warning ${twice}`);
    const dropped = dropIn(scratch, "a.json", keyed(own));
    configure(scratch, { wellKnown: false, registries: [report] });
    const said = `${own} (keyed-json) is declared in ${dropped} and in ${config}; the declaration in ${config} counts`;
    const { stdout, stderr } = await sessreap(scratch, ["sweep", "--json"]);
    expect(stderr).toContain(`warning ${said}`);
    expect(parseOnly(stdout)).toMatchObject({ entries: [{ action: "withheld" }] });
    expect((await sessreap(scratch, ["list"])).stderr).toContain(`warning ${said}`);
    expect((await sessreap(scratch, ["config"])).stdout).toContain(said);
    expect((await sessreap(scratch, ["doctor", "-v"])).stdout).toContain("declared more than once");
    expect(readFileSync(own, "utf8")).toContain(String(pid));
  });

  test.each<[string, unknown, unknown, string | undefined]>([
    ["a format of the configuration's", keyed("/w/a.json"), { format: "json-file", path: "/w", pattern: "*.json" }, "json-file"],
    [
      "a pattern that fits one file of another",
      { format: "json-file", path: "/w", pattern: "a-<pid>.json" },
      keyed("/w/a-7.json"),
      "json-file",
    ],
    [
      "a built-in format, whose files it reads",
      [],
      { format: "json-file", path: "~/.claude/sessions", pattern: "<pid>.json" },
      "json-file",
    ],
    [
      "deep directories",
      { format: "text-file", path: "/w", pattern: "**/x.lock", text: ["<pid>"] },
      { format: "text-file", path: "/w/a", pattern: "*.lock", text: ["<pid>"] },
      "text-file",
    ],
    ["another part of the file", keyed("/w/a.json", "/a"), keyed("/w/a.json", "/ab"), undefined],
    [
      "other files of the directory",
      { format: "text-file", path: "/w", pattern: "*.pid", text: ["<pid>"] },
      { format: "json-file", path: "/w", pattern: "*.json" },
      undefined,
    ],
  ])("beside %s are said where both may read the same files", async (_, declared, dropped, format) => {
    const scratch = newScratch();
    configure(scratch, { wellKnown: true, registries: [declared].flat() });
    const file = dropIn(scratch, "a.json", dropped);
    const { collisions } = await targets(scratch);
    const cure = /^the same files are read at .*; an entry goes only where both call it a ghost, so keep one$/;
    expect(collisions.filter((line) => cure.test(line))).toHaveLength(format === undefined ? 0 : 1);
    expect(collisions.join("")).toContain(format === undefined ? "" : `as ${(dropped as { format: string }).format} (${file})`);
  });

  test.each<[string, unknown, string]>([
    ["unknown key", { ...keyed("/w/a.json"), pth: 1 }, ': pth: unknown key; did you mean "path"?'],
    ["unknown key in a list", [keyed("/w/a.json"), { ...keyed("/w/b.json"), pth: 1 }], ': [1].pth: unknown key; did you mean "path"?'],
    ["whole configuration", { registries: [] }, ": registries: unknown key"],
    ["text", '"llmmsg-bridge"', "is not an object"],
    ["broken text", '{"format": ', "no JSON"],
    ["relative path", keyed("agents.json"), ': path: "agents.json" is not an absolute path'],
    ["missing fields", { format: "keyed-json", path: "/w/a.json" }, "registries[0].fields: is missing"],
  ])("that are wrong (%s) are said with file and place, and nothing is touched", async (_, value, said) => {
    const scratch = newScratch();
    const file = dropIn(scratch, "a.json", value);
    await expect(targets(scratch)).rejects.toThrow(said);
    await expect(targets(scratch)).rejects.toThrow(file);
  });

  test("that others could write, or that lead nowhere, are refused", async () => {
    const scratch = newScratch();
    const file = dropIn(scratch, "a.json", keyed("/w/a.json"));
    chmodSync(file, 0o666);
    expect(await sessreap(scratch, ["list"])).toMatchObject({ code: 2, stderr: expect.stringContaining("can be written by everybody") });
    chmodSync(file, 0o600);
    const other = join(scratch.home, ".config/sessreap/registries.d/b.json");
    mkdirSync(other);
    await expect(targets(scratch)).rejects.toThrow(`${other}: is a directory; put a regular file there, or remove it`);
    rmSync(other, { recursive: true });
    execFileSync("mkfifo", [other]);
    await expect(targets(scratch)).rejects.toThrow(`${other}: is a FIFO; put a regular file there, or remove it`);
    rmSync(other);
    symlinkSync("/nowhere/b.json", other);
    await expect(targets(scratch)).rejects.toThrow(`${other}: is a symbolic link that leads nowhere; mount or make what it leads to`);
  });

  test.each(["registries.d", "config.json", ""])(
    "and a configuration behind a link that leads nowhere (%s) are not passed over",
    async (name) => {
      const scratch = newScratch();
      const own = join(scratch.home, ".config/sessreap");
      mkdirSync(join(own, ".."), { recursive: true });
      if (name !== "") mkdirSync(own);
      symlinkSync("/nowhere/at/all", join(own, name));
      await expect(targets(scratch)).rejects.toThrow("a symbolic link that leads nowhere");
    },
  );
});
