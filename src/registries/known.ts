import type { Format } from "./format.ts";
import { keyedJson } from "./keyed-json.ts";
import { llmmsgBridge } from "./llmmsg-bridge.ts";

/** Every format that is known by name; the only place that names them all. */
export const builtInFormats = [llmmsgBridge] as const satisfies readonly Format[];

/** Formats whose shape a configuration describes. */
export const declaredFormats = { "keyed-json": keyedJson } as const;

export type DeclaredFormatName = keyof typeof declaredFormats;

export const formatNames: readonly string[] = [...builtInFormats.map(({ name }) => name), ...Object.keys(declaredFormats)];

export function builtInFormat(name: string): Format | undefined {
  return builtInFormats.find((format) => format.name === name);
}
