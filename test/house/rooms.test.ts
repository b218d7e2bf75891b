import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { rowsOf } from "./tables.ts";

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join("src", path));
const folders = [...new Set(sources.map((path) => dirname(path)))];

/** Which rooms a room may import beside itself; the table of ARCHITECTURE.md. */
const mayImport = {
  core: [],
  registries: ["core"],
  report: ["core"],
  host: ["core", "registries"],
  sweep: ["core", "registries", "report", "host"],
  ownership: ["core", "registries", "report", "host", "sweep"],
  watch: ["core", "report", "host", "sweep"],
  systemd: ["core", "report", "host"],
  bridge: ["core", "report", "host", "sweep", "watch", "cli"],
} as const;
const rooms = [...Object.keys(mayImport), "cli"];

const scratch = mkdtempSync(join(tmpdir(), "sessreap-house-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Lints files that stand where the keys say, by the project's own rules; gives the messages by file. */
function lint(files: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const root = mkdtempSync(join(scratch, "tree-"));
  copyFileSync(".oxlintrc.json", join(root, ".oxlintrc.json"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const bin = join(process.cwd(), "node_modules/oxlint/bin/oxlint");
  const { stdout } = spawnSync(process.execPath, [bin, "--format", "json"], { cwd: root, encoding: "utf8" });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { code: string; message: string; help?: string; filename: string }[];
  };
  const found = new Map<string, string[]>();
  for (const { code, help, message, filename } of diagnostics) {
    if (!code.includes("no-restricted-")) continue;
    const path = filename.replace(`${root}/`, "");
    found.set(path, [...(found.get(path) ?? []), help ?? message]);
  }
  return found;
}

describe("rooms", () => {
  const pairs = Object.entries(mayImport).flatMap(([room, may]) =>
    rooms.filter((other) => other !== room).map((other) => ({ room, other, allowed: (may as readonly string[]).includes(other) })),
  );
  const importing = (other: string, kind: string): string =>
    `${kind} { thing } from "../../${other}/thing.ts";\nexport const used: unknown = 1;\n`;
  const messages = lint(
    Object.fromEntries(
      pairs.flatMap(({ room, other }) => [
        [`src/${room}/probe/value-${other}.ts`, `${importing(other, "import")}export { thing };\n`],
        [`src/${room}/probe/type-${other}.ts`, `${importing(other, "import type")}export type { thing };\n`],
      ]),
    ),
  );

  test.each(pairs)("$room imports $other: allowed is $allowed", ({ room, other, allowed }) => {
    for (const kind of ["value", "type"]) {
      const said = messages.get(`src/${room}/probe/${kind}-${other}.ts`) ?? [];
      expect(said.filter((text) => text.includes("may import")).length > 0, said.join()).toBe(!allowed);
    }
  });

  test("ARCHITECTURE.md shows the same table", () => {
    const rows = rowsOf(readFileSync("ARCHITECTURE.md", "utf8"));
    for (const [room, may] of Object.entries(mayImport)) {
      expect(rows).toContainEqual([room, may.length === 0 ? "nothing but itself" : may.join(", ")]);
    }
  });

  test("ARCHITECTURE.md names every folder of every room", () => {
    const rows = rowsOf(readFileSync("ARCHITECTURE.md", "utf8"));
    for (const room of rooms) {
      const inRoom = rows.find(([first, , last]) => first === `\`src/${room}\`` && last !== undefined)?.[2] ?? "";
      const named = new Set([...inRoom.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
      const there = readdirSync(`src/${room}`, { withFileTypes: true }).filter((one) => one.isDirectory());
      expect(named, room).toStrictEqual(new Set(there.map(({ name }) => name)));
    }
  });

  test.each([
    ["src/sweep/probe.ts", 'import { readFileSync } from "node:fs";\nexport { readFileSync };\n'],
    ["src/watch/probe.ts", 'import { connect } from "node:net";\nexport { connect };\n'],
    ["src/ownership/probe.ts", 'import { spawn } from "node:child_process";\nexport { spawn };\n'],
    ["src/sweep/probe/hands.ts", 'import { swap } from "../../host/swap/swap.ts";\nexport { swap };\n'],
    ["src/watch/probe/pids.ts", 'import { pidExists } from "../../host/processes/pids.ts";\nexport { pidExists };\n'],
    ["src/ownership/probe/kill.ts", 'import { signalExactly } from "../../host/programs/signals.ts";\nexport { signalExactly };\n'],
    ["src/sweep/probe/own-pid.ts", "export const own = process.pid;\n"],
    ["src/sweep/probe/rung.ts", 'import { ttl } from "../../core/rungs/ttl.ts";\nexport { ttl };\n'],
    ["src/cli/probe/format.ts", 'import { hostLock } from "../../registries/formats/host-lock.ts";\nexport { hostLock };\n'],
    ["src/host/probe/verdict.ts", 'import { judge } from "../../core/ladder.ts";\nexport { judge };\n'],
    ["src/library.ts", 'import { realHost } from "./host/real-host.ts";\nexport { realHost };\n'],
    ["src/core/probe/clock.ts", "export const now = Date.now();\n"],
    ["src/report/probe/chance.ts", "export const chance = Math.random();\n"],
    ["src/registries/probe/global.ts", "export const { pid } = process;\n"],
    ["src/sweep/probe/clock.ts", "export const now = Date.now();\n"],
    ["src/watch/probe/signal.ts", "process.kill(1);\n"],
    ["src/ownership/probe/own-pid.ts", "export const own = process.pid;\n"],
  ])("%s may not hold its line", (path, text) => {
    expect(lint({ [path]: text }).get(path) ?? []).not.toEqual([]);
  });

  test.each(["sweep", "watch", "ownership"])("%s may name the types of what Host does", (room) => {
    const path = `src/${room}/probe/types.ts`;
    const text = 'import type { SentSignal } from "../../host/programs/signals.ts";\nexport type { SentSignal };\n';
    expect(lint({ [path]: text }).get(path) ?? []).toEqual([]);
  });

  test("no folder has more than 14 files, commands and formats aside", () => {
    const sizes = folders.map((folder) => ({ folder, size: sources.filter((path) => dirname(path) === folder).length }));
    const oneFileEach = new Set(["src/cli/commands", "src/registries/formats"]);
    expect(sizes.filter(({ folder, size }) => size > 14 && !oneFileEach.has(folder))).toEqual([]);
  });

  test("no two folders bear one name, for the rules above go by names", () => {
    const names = folders.map((folder) => basename(folder));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe("what no file may hold", () => {
  const holding = (what: RegExp): readonly string[] => sources.filter((path) => what.test(readFileSync(path, "utf8")));
  const isModel = (path: string): boolean => /^src\/(?:report\/model|cli\/documents)\//.test(path);
  const isPure = (path: string): boolean => /^src\/(?:core|registries|report)\//.test(path);

  test("an end of the process from within: it cuts what a slow pipe has not read yet", () => {
    expect(holding(/process\.exit\(/)).toEqual([]);
  });

  test("a regular expression that is made of text: a configuration could be the text", () => {
    expect(holding(/new RegExp\(/)).toEqual([]);
  });

  test("the time of day, in a room that decides", () => {
    expect(holding(/new Date\(\)|(?<![.\w])Date\(\)/).filter(isPure)).toEqual([]);
  });

  test("a package or a part of Node, in a room that decides", () => {
    expect(holding(/(?:from |import\(|import )"[^."]/).filter((path) => isPure(path) && !isModel(path))).toEqual([]);
    expect(holding(/(?:from |import\(|import )"(?!valibot")[^."]/).filter(isModel)).toEqual([]);
  });

  test("the shapes of the output as values, but for the generator: the program would load valibot for them", () => {
    expect(holding(/^(?:import|export) (?!type )[^"]*"[./]+(?:report\/)?model\//m).filter((path) => !isModel(path))).toEqual([]);
    expect(holding(/^(?:import|export) (?!type )[^"]*"[./]+documents\//m).filter((path) => !isModel(path))).toEqual([]);
    expect(holding(/import\("[^"]*\/(?:model|documents)\//)).toEqual([]);
  });

  test("an exit code, but for the one place that sets it", () => {
    expect(holding(/process\.exitCode/)).toEqual(["src/cli/main.ts"]);
  });

  test("a file that only passes on what others export", () => {
    expect(sources.filter((path) => basename(path) === "index.ts")).toEqual([]);
  });
});
