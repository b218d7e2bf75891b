import { lstatSync, readlinkSync, renameSync, unlinkSync } from "node:fs";
import { isLink, stateFrom } from "../files/file-state.ts";
import { outcomeOf, putBackCaptured, type Captured, type JudgedFile } from "./quarantine.ts";

/** The same symbolic link, and it leads where it did. */
function isJudged(path: string, { state, bytes }: JudgedFile): boolean {
  const now = stateFrom(lstatSync(path));
  const { dev, ino, mtimeMs } = now;
  const isSame = isLink(now) && dev === state.dev && ino === state.ino && mtimeMs === state.mtimeMs;
  return isSame && bytes !== undefined && readlinkSync(path, "buffer").equals(bytes);
}

/**
 * Removes the very symbolic link that was judged, and never what it leads to. No process can have a link open or lock it, and
 * none can change it: it is only replaced. So it goes into quarantine, by a rename, and is dropped there if it is the judged one.
 */
export function captureLink(path: string, quarantined: string, judged: JudgedFile): Captured {
  try {
    if (!isJudged(path, judged)) return { kind: "changed" };
    renameSync(path, quarantined);
    if (!isJudged(quarantined, judged)) return putBackCaptured(quarantined, path);
    unlinkSync(quarantined);
    return { kind: "dropped" };
  } catch (error) {
    return outcomeOf(error);
  }
}
