import { keyedJson } from "../../src/registries/keyed-json.ts";
import { llmmsgBridge } from "../../src/registries/llmmsg-bridge.ts";
import type { Target } from "../../src/sweep/target.ts";
import { fields } from "../fields.ts";
import { serverUrl, type SessionKind } from "./machine.ts";

const bare = { named: true, appServers: [], owner: undefined, release: undefined } as const;

/** Three registries: of processes, of threads behind a bridge, and one whose sessions nothing but a TTL can judge. */
export const targets: readonly Target[] = [
  { ...bare, format: keyedJson({ entries: "/agents", pattern: "", fields, presence: "process" }), path: "/agents.json" },
  {
    ...bare,
    format: llmmsgBridge,
    path: "/registrations.json",
    appServers: [{ url: serverUrl, configured: true, connectTo: serverUrl }],
    owner: { argv: ["bridge.mjs", "watch"] },
  },
  { ...bare, format: keyedJson({ entries: "", pattern: "", fields, presence: "either" }), path: "/loose.json" },
];

export const kindsOf: Readonly<Record<string, readonly SessionKind[]>> = {
  "/agents.json": ["holder", "holder", "cli"],
  "/registrations.json": ["thread", "thread", "lock", "named", "cli"],
  "/loose.json": ["cli", "holder"],
};

export type Entries = Record<string, unknown>;

const foreign = { id: "of-saturn", pid: 7, start: "5", host: "saturn", since: "2020-01-01T00:00:00Z" };

/** Entries that no sweep here may ever reap stand in every file from the start. */
export const firstTexts: Readonly<Record<string, string>> = {
  "/agents.json": `\uFEFF{ "version": 1.0,\r\n\t"agents" : {"far": ${JSON.stringify(foreign)}, "broken": 5, "twice": {"id":"a","since":1600000000}, "twice": {"id":"b"}} }\n`,
  "/registrations.json": '{"broken":{"registeredAt":"2020-01-01T00:00:00.000Z"}}',
  "/loose.json": `{ "far":${JSON.stringify(foreign)} }`,
};

type Parsed = { readonly all: Entries; readonly entries: Entries };

function parse(path: string, text: string): Parsed {
  const all = JSON.parse(text.replace(/^\uFEFF/, "")) as Entries;
  return { all, entries: path === "/agents.json" ? (all["agents"] as Entries) : all };
}

/** Names and values in order, duplicates left out. */
export function entriesIn(path: string, text: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(parse(path, text).entries).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** What a writer that knows no lock and no care does: parse, change, write all of it anew. */
export function rewritten(path: string, text: string, indent: string | number, change: (entries: Entries) => void): string {
  const { all, entries } = parse(path, text);
  change(entries);
  return `${JSON.stringify(all, null, indent)}\n`;
}
