import { claudeIde } from "./claude-ide.ts";
import { claudePluginInUse } from "./claude-plugin-in-use.ts";
import { claudeRoster } from "./claude-roster.ts";
import { claudeSessions } from "./claude-sessions.ts";
import { codexBroker } from "./codex-broker.ts";
import { codexDaemonPid } from "./codex-daemon-pid.ts";
import type { DeclaredShape } from "./declared.ts";
import type { Format } from "./format.ts";
import { hostLock } from "./host-lock.ts";
import { jsonArray } from "./json-array.ts";
import { jsonFile } from "./json-file.ts";
import { keyedJson } from "./keyed-json.ts";
import { llmmsgBridge } from "./llmmsg-bridge.ts";
import { omxSession } from "./omx-session.ts";
import { pidFiles } from "./pid-files.ts";

/** Every format that is known by name; the only place that names them all. */
export const builtInFormats = [
  llmmsgBridge,
  claudeSessions,
  claudeRoster,
  claudePluginInUse,
  claudeIde,
  codexBroker,
  omxSession,
  pidFiles(undefined),
  codexDaemonPid,
  hostLock,
] as const satisfies readonly Format[];

/** Formats whose shape a configuration describes. */
export const declaredFormats = {
  "keyed-json": keyedJson,
  "json-array": jsonArray,
  "json-file": jsonFile,
} as const satisfies Record<string, (shape: DeclaredShape) => Format>;

export type DeclaredFormatName = keyof typeof declaredFormats;

export const formatNames: readonly string[] = [...builtInFormats.map(({ name }) => name), ...Object.keys(declaredFormats)];

export function builtInFormat(name: string): Format | undefined {
  return builtInFormats.find((format) => format.name === name);
}
