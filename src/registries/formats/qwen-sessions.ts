import { formatDefaults } from "./shared/defaults.ts";
import { isRecord, type FieldMap } from "../fields.ts";
import type { Claim, EntryName, Format, Places } from "../format.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";
import { directoryIn } from "./shared/places.ts";

const record: FieldMap = {
  sessionId: "sessionId",
  pid: "pid",
  startTicks: "procStart",
  pidNamespace: "pidNs",
  registeredAt: "startedAt",
  cwd: "cwd",
};

/** It names neither start nor namespace: its host alone says where its pid is counted. */
const runtimeStatus: FieldMap = { sessionId: "session_id", pid: "pid", host: "hostname", registeredAt: "started_at", cwd: "work_dir" };

/** Qwen reads no record of a later version, and removes none. */
const knownVersion = 1;

const isRuntimeStatus = ({ key }: EntryName): boolean => key.endsWith(".runtime.json");

/** What makes a file none of those that Qwen writes, in the versions that are known. */
function strangeness(name: EntryName, content: string | undefined): string | undefined {
  const isStatus = isRuntimeStatus(name);
  if (!isStatus && !/^[1-9]\d*(?:-[0-9a-f]{8})?\.json$/.test(name.key)) return "its name is not one that Qwen Code gives";
  const body = bodyOf(content);
  if (!isRecord(body)) return undefined;
  const member = isStatus ? "schema_version" : "schemaVersion";
  if (body[member] !== knownVersion) return `"${member}" is ${JSON.stringify(body[member]) ?? "missing"}, not ${knownVersion}`;
  return isStatus && typeof body["pid"] !== "number" ? 'has no "pid"' : undefined;
}

function homes(places: Places): readonly string[] {
  const home = directoryIn(places, "QWEN_HOME") ?? `${places.home}/.qwen`;
  return [`${home}/sessions`, `${directoryIn(places, "QWEN_RUNTIME_DIR") ?? home}/projects`];
}

/**
 * Qwen Code's records: `sessions/<pid>.json`, one a process, or `<pid>-<8 hex digits>.json`, one a session of a process that
 * runs several; and beside each transcript `<session>.runtime.json`, which Qwen leaves behind on purpose. The first hold a
 * secret (`ipcToken`).
 */
export const qwenSessions: Format = {
  ...formatDefaults,
  name: "qwen-sessions",
  title: "Qwen Code sessions",
  summary: "Qwen Code's sessions/<pid>.json and chats/<session>.runtime.json",
  wellKnown: homes,
  about: "process",
  namesHolders: true,
  holderNames: ["qwen", "node", "bun"],
  layout: "files",
  patterns: ["<pid>.json", "<pid>-*.json", "*/chats/<sessionId>.runtime.json"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content): Claim => {
    const problem = strangeness(name, content);
    return problem === undefined ? claimFromFile(name, content, isRuntimeStatus(name) ? runtimeStatus : record) : { ok: false, problem };
  },
};
