import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Settings } from "../../src/cli/config/settings.ts";
import { resolveRegistries } from "../../src/cli/config/targets.ts";
import { codexBroker } from "../../src/registries/formats/codex-broker.ts";
import { builtInFormats, declaredFormats, formatNames } from "../../src/registries/known.ts";
import { matchSegment, parsePattern } from "../../src/registries/pattern.ts";
import { filesOf, fixtures } from "./fixtures.ts";

const notes = join(import.meta.dirname, "../../docs/notes");

/** Its fixtures are made by SQL; see `test/cli/tables` and `test/cli/servers`. */
const isTable = (name: string): boolean => name === "sqlite-table" || name === "postgres-table";

test.each(formatNames.filter((name) => !isTable(name)))(
  "%s has a fixture folder, named by the version of the tool that wrote it",
  (name) => {
    const own = fixtures.filter(({ folder, format }) => format.name === name && /^[^/]+\/[^/]+$/.test(folder));
    expect(own.map(({ folder }) => folder.split("/")[0])).toContain(name);
  },
);

test.each(builtInFormats.map(({ name }) => name))("%s has a note that says where its facts were seen", (name) => {
  const note = readFileSync(join(notes, `${name}.md`), "utf8");
  expect(note.startsWith(`# ${name}\n`)).toBe(true);
  expect(note).toContain("\nSeen: ");
});

test.each(builtInFormats.map(({ name, holderNames }) => ({ name, holderNames })))(
  "$name: the note lists what its holders can be called",
  ({ name, holderNames }) => {
    const listed = /^- Holders can be called ([^:.]*)/m.exec(readFileSync(join(notes, `${name}.md`), "utf8"))?.[1];
    expect(listed?.match(/(?<=`)[\w-]+(?=`)/g) ?? undefined).toEqual(holderNames);
  },
);

test("a server that a flag names is asked about the sessions of those formats that can be Codex threads", () => {
  const described = (format: string): object =>
    ["text-file", "symlink"].includes(format)
      ? { text: ["<sessionId>"] }
      : { fields: { sessionId: "id" }, ...(isTable(format) && { table: "agents" }) };
  const place = (format: string): object =>
    format === "postgres-table" ? { url: "postgres:///w", fields: { sessionId: "id", host: "machine" } } : { path: "/w/agents.json" };
  const declared = Object.keys(declaredFormats).map((format) => ({ format, ...described(format), ...place(format) }));
  const from = "a test";
  const ttl = { value: 1, from };
  const settings = { registries: { value: declared, from }, dropIns: [], wellKnown: { value: true, from }, ttl } as unknown as Settings;
  const { targets } = resolveRegistries(settings, { registry: [...formatNames], appServer: ["ws://127.0.0.1:8788"] }, {});
  const asked = targets.filter(({ appServers }) => appServers.length > 0).map(({ format }) => format.name);
  expect([...new Set(asked)].toSorted()).toEqual([
    "json-array",
    "json-file",
    "json-lines",
    "keyed-json",
    "llmmsg-bridge",
    "omx-session",
    "postgres-table",
    "sqlite-table",
    "symlink",
    "text-file",
  ]);
});

/** Whether a path fits a pattern that names its directories one by one, behind any number of them where it begins with `**`. */
function fits(pattern: string, path: string): boolean {
  const steps = parsePattern(pattern);
  const named = steps.filter((step) => step !== "deep");
  const parts = path.split("/");
  const last = parts.slice(-named.length);
  return (steps[0] === "deep" || parts.length === named.length) && named.every((step, at) => matchSegment(step, last[at] ?? "/"));
}

test.each([
  ["by the name of its plugin", "codex-openai-codex/state/garden-00112233445566ff/broker.json"],
  ["below the plugin's own directory", "state/garden-00112233445566ff/broker.json"],
  ["in the directory for temporary files", "garden-00112233445566ff/broker.json"],
])("a broker's file is found where the Codex plugin keeps its state %s", (_where, path) => {
  expect(codexBroker.layout === "files" && codexBroker.patterns.filter((pattern) => fits(pattern, path))).toHaveLength(1);
});

const withFiles = fixtures.flatMap(({ folder, format, at, key }) => (format.layout === "files" ? [{ folder, format, at, key }] : []));

test.each(withFiles)("$folder: its entry is found, and no file beside it is taken for one", ({ folder, format, at, key }) => {
  const paths = [...filesOf(folder).keys()].map((path) => path.slice(at.length + 1));
  expect(paths.filter((path) => format.patterns.some((pattern) => fits(pattern, path)))).toEqual([key]);
});

test.each(fixtures)("$folder: a process called as its holder was can be one", ({ format, holder: [name] }) => {
  const known = format.holderNames ?? [name];
  expect(known.filter((one) => name === one || name.startsWith(`${one}-`))).not.toEqual([]);
});
