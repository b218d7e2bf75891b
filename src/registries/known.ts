import { claudeDaemon } from "./formats/claude-daemon.ts";
import { claudeIde } from "./formats/claude-ide.ts";
import { claudePluginInUse } from "./formats/claude-plugin-in-use.ts";
import { claudeRoster } from "./formats/claude-roster.ts";
import { claudeProfiles, claudeSessions } from "./formats/claude-sessions.ts";
import { clineHub } from "./formats/cline-hub.ts";
import { codexBroker } from "./formats/codex-broker.ts";
import { codexDaemonPid } from "./formats/codex-daemon-pid.ts";
import { copilotInUse } from "./formats/copilot-in-use.ts";
import type { DeclaredShape } from "./declared/declared.ts";
import type { Format } from "./format.ts";
import { hostLock } from "./formats/host-lock.ts";
import { jsonArray } from "./declared/json-array.ts";
import { jsonFile } from "./declared/json-file.ts";
import { jsonLines } from "./declared/json-lines.ts";
import { keyedJson } from "./declared/keyed-json.ts";
import { llmmsgBridge } from "./formats/llmmsg-bridge.ts";
import { omxSession } from "./formats/omx-session.ts";
import { pidFiles } from "./formats/pid-files.ts";
import { postgresTable } from "./declared/postgres-table.ts";
import { qwenSessions } from "./formats/qwen-sessions.ts";
import { sqliteTable } from "./declared/sqlite-table.ts";
import { symlink } from "./declared/symlink.ts";
import { textFile } from "./declared/text-file.ts";

export { pidFiles };

/** Every format that is known by name; the only place that names them all. */
export const builtInFormats = [
  llmmsgBridge,
  claudeSessions,
  claudeRoster,
  claudeDaemon,
  claudePluginInUse,
  claudeIde,
  codexBroker,
  omxSession,
  pidFiles(undefined),
  codexDaemonPid,
  qwenSessions,
  copilotInUse,
  clineHub,
  hostLock,
] as const satisfies readonly Format[];

/** Where a home may keep further records that name a session with its holder. */
export const profileFormats: readonly Format[] = [claudeProfiles];

/** Those whose entries may speak for a session in other registries. */
export const holderFormats: readonly Format[] = builtInFormats.filter(({ namesHolders }) => namesHolders);

/** Formats whose shape a configuration describes. */
export const declaredFormats = {
  "keyed-json": keyedJson,
  "json-array": jsonArray,
  "json-lines": jsonLines,
  "json-file": jsonFile,
  "text-file": textFile,
  symlink,
  "sqlite-table": sqliteTable,
  "postgres-table": postgresTable,
} as const satisfies Record<string, (shape: DeclaredShape) => Format>;

export type DeclaredFormatName = keyof typeof declaredFormats;

export const formatNames: readonly string[] = [...builtInFormats.map(({ name }) => name), ...Object.keys(declaredFormats)];

export function builtInFormat(name: string): Format | undefined {
  return builtInFormats.find((format) => format.name === name);
}
