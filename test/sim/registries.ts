import { claudeIde } from "../../src/registries/formats/claude-ide.ts";
import { claudePluginInUse } from "../../src/registries/formats/claude-plugin-in-use.ts";
import { claudeSessions } from "../../src/registries/formats/claude-sessions.ts";
import { keyedJson } from "../../src/registries/declared/keyed-json.ts";
import { llmmsgBridge } from "../../src/registries/formats/llmmsg-bridge.ts";
import type { Target } from "../../src/sweep/load/target.ts";
import { fields } from "../fields.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { serverUrl, triedUrl, type SessionKind } from "./machine.ts";

const bare = { named: true, appServers: [], owner: undefined, release: undefined } as const;

export const bridgePath = "/registrations.json";
export const [agentsPath, loosePath] = ["/agents.json", "/loose.json"] as const;
export const [markersPath, claudesPath, editorsPath] = ["/plugins", "/claudes", "/ide"] as const;

/**
 * Registries of processes, of threads behind a bridge, one whose sessions nothing but a TTL can judge; and three with one
 * file an entry: markers whose name is enough, Claude's own records, and editors that are known by their port.
 */
export const targets: readonly Target[] = [
  { ...bare, format: keyedJson({ entries: "/agents", pattern: "", fields, about: "session" }), path: agentsPath },
  {
    ...bare,
    format: llmmsgBridge,
    path: bridgePath,
    appServers: [{ url: serverUrl, configured: true, connectTo: serverUrl }],
    owner: { argv: ["bridge.mjs", "watch"] },
  },
  {
    ...bare,
    format: keyedJson({ entries: "", pattern: "", fields, about: "session" }),
    path: loosePath,
    appServers: [{ url: triedUrl, configured: false, connectTo: triedUrl }],
  },
  { ...bare, format: claudePluginInUse, path: markersPath },
  { ...bare, format: claudeSessions, path: claudesPath },
  { ...bare, format: claudeIde, path: editorsPath },
];

/** The same, with a bridge that can be told to release an entry. */
export const releasing: readonly Target[] = targets.map((target) =>
  target.path === bridgePath ? { ...target, release: ["bridge.mjs", "unregister", "{key}"] } : target,
);

export const kindsOf: Readonly<Record<string, readonly SessionKind[]>> = {
  [agentsPath]: ["holder", "holder", "cli"],
  [bridgePath]: ["thread", "thread", "lock", "named", "cli"],
  [loosePath]: ["cli", "holder"],
  [markersPath]: ["marker"],
  [claudesPath]: ["claude"],
  [editorsPath]: ["editor"],
};

export const isDirectory = (path: string): boolean => !path.endsWith(".json");

export type Entries = Record<string, unknown>;

const foreign = { id: "of-saturn", pid: 7, start: "5", host: "saturn", since: "2020-01-01T00:00:00Z" };

/** Entries that no sweep here may ever reap stand in every file from the start. */
export const firstTexts: Readonly<Record<string, string>> = {
  [agentsPath]: `\uFEFF{ "version": 1.0,\r\n\t"agents" : {"far": ${JSON.stringify(foreign)}, "broken": 5, "twice": {"id":"a","since":1600000000}, "twice": {"id":"b"}} }\n`,
  [bridgePath]: '{"broken":{"registeredAt":"2020-01-01T00:00:00.000Z"}}',
  [loosePath]: `{ "far":${JSON.stringify(foreign)} }`,
  [`${markersPath}/notes.txt`]: "100",
  [`${claudesPath}/7.json`]: '{"pid":8,"sessionId":"its name says another pid"}',
};

/** Entries of another system that shares the home stand in some. */
export const foreignTexts: Readonly<Record<string, string>> = {
  [`${claudesPath}/9.json`]: '{"pid":9,"pidDomain":"windows:1"}',
  [`${editorsPath}/1.lock`]: '{"pid":7,"runningInWindows":true}',
};

type Parsed = { readonly all: Entries; readonly entries: Entries };

function parse(path: string, text: string): Parsed {
  const all = JSON.parse(text.replace(/^\uFEFF/, "")) as Entries;
  return { all, entries: path === agentsPath ? (all["agents"] as Entries) : all };
}

/** Names and values in order, duplicates left out. */
export function entriesIn(path: string, text: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(parse(path, text).entries).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** What stands in a registry, by name: a slow writer's file as it is going to be, or as it stands now. */
export function entriesOn(disk: Disk, path: string, when: "now" | "soon" = "soon"): ReadonlyMap<string, string> {
  const textOf = ({ slow, text }: DiskFile): string => (when === "soon" ? (slow ?? text) : text);
  if (isDirectory(path)) return new Map(disk.below(path).map((file) => [file.path.slice(path.length + 1), textOf(file)]));
  const file = disk.at(path);
  return file === undefined || (when === "now" && file.slow !== undefined) ? new Map() : entriesIn(path, textOf(file));
}

/** The session that an entry names; undefined where its text is torn, or names none. */
export function sessionNamedIn(text = ""): string | undefined {
  try {
    const { id, sessionId } = JSON.parse(text) as { readonly id?: string; readonly sessionId?: string };
    return id ?? sessionId;
  } catch {
    return undefined;
  }
}

/** A registry whose holders have no names that are known. */
export const namesHidden = (target: Target): Target => ({
  ...target,
  format: { ...target.format, holderNames: target.format.holderNames && [] },
});

/** A registry whose configuration looks for the pid under another name than its writer. */
export const misdeclared = (target: Target): Target => {
  if (target.path !== loosePath) return target;
  return { ...target, format: keyedJson({ entries: "", pattern: "", fields: { ...fields, pid: "process_id" }, about: "session" }) };
};

/** What a writer that knows no lock and no care does: parse, change, write all of it anew. */
export function rewritten(path: string, text: string, indent: string | number, change: (entries: Entries) => void): string {
  const { all, entries } = parse(path, text);
  change(entries);
  return `${JSON.stringify(all, null, indent)}\n`;
}
