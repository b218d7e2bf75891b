import { join } from "node:path";
import { readRegularText } from "../files/files.ts";
import { writeStateFile } from "./state-file.ts";

const fileOf = (stateDir: string): string => join(stateDir, "hints.json");

/** When each hint was last said, in epoch ms. A file that cannot be understood says of none. */
export function readHints(stateDir: string): ReadonlyMap<string, number> {
  try {
    const { schema, said }: { schema?: unknown; said?: unknown } = JSON.parse(readRegularText(fileOf(stateDir))) ?? {};
    if (schema !== 1 || typeof said !== "object" || said === null) return new Map();
    return new Map(Object.entries(said).flatMap(([name, at]) => (typeof at === "number" ? [[name, at] as const] : [])));
  } catch {
    return new Map();
  }
}

/** A hint that is said again does no harm, so this does not wait for the disk. */
export function writeHints(stateDir: string, said: ReadonlyMap<string, number>): void {
  writeStateFile(fileOf(stateDir), `${JSON.stringify({ schema: 1, said: Object.fromEntries(said) })}\n`, false);
}
