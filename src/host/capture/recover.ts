import { lstatSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { withPlace } from "../files/held-directory.ts";
import { putBackCaptured } from "./capture.ts";
import { quarantinePattern } from "../files/directory.ts";
import { errorCode, formatError } from "../observed.ts";
import { pidExists } from "../processes/pids.ts";

/** A sweep keeps a file in quarantine for milliseconds; one that is older than this, in ms, was abandoned. */
const abandonedMs = 60_000;

function isAbandoned(path: string, maker: number): boolean {
  if (maker === process.pid || !pidExists(maker)) return true;
  return Date.now() - lstatSync(path).ctimeMs > abandonedMs;
}

/** Puts one file back from quarantine. Returns what went wrong, or undefined. */
function recoverOne(at: (name: string) => string, quarantined: string): string | undefined {
  const [, name, maker, what] = quarantinePattern.exec(quarantined) ?? [];
  if (name === undefined || !isAbandoned(at(quarantined), Number(maker))) return undefined;
  if (what === "new") {
    unlinkSync(at(quarantined));
    return undefined;
  }
  const back = putBackCaptured(at(quarantined), at(name));
  return back.kind === "failed" ? back.problem : undefined;
}

/**
 * Puts back what a killed sweep had captured and not yet verified or dropped: whether it may go is for the next
 * judgement to say. What was only being written is dropped. Keys are those of the files in quarantine. Returns
 * what could not be recovered.
 */
export function recoverQuarantined(root: string, keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => {
    const path = join(root, key);
    try {
      return withPlace(path, "there", recoverOne) ?? [];
    } catch (error) {
      return errorCode(error) === "ENOENT" ? [] : `${path}: ${formatError(error)}`;
    }
  });
}
