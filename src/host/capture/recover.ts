import { lstatSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { withPlace } from "../files/held-directory.ts";
import { putBackCaptured } from "./capture.ts";
import { quarantinePattern } from "../files/directory.ts";
import { errorCode, formatError } from "../observed.ts";
import { pidExists } from "../processes/pids.ts";

/** A sweep holds a file aside for milliseconds; one that is held for longer than this, in ms, was forgotten there. */
const abandonedMs = 60_000;

function isAbandoned(path: string, maker: number): boolean {
  if (maker === process.pid || !pidExists(maker)) return true;
  return Date.now() - lstatSync(path).ctimeMs > abandonedMs;
}

/** What went wrong when one file that stands aside was mended; undefined when nothing did. */
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
 * judgement to say. What was only being put together is dropped. Keys are those of the files that stand aside; what
 * could not be mended is returned.
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
