import { linkSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { withPlace, type DirHandle } from "../files/held-directory.ts";
import { quarantine, type Captured, type JudgedFile } from "./capture.ts";
import { fsyncDirectory } from "../files/files.ts";
import { putBack, temporaryName } from "../files/leftovers.ts";
import { errorCode, formatError } from "../observed.ts";
import { prepareFile, type FileToRestore } from "./restore-entry.ts";

export type TakeOver =
  | { readonly kind: "won" }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "failed"; readonly problem: string };

const changed = "it is no longer the lock that was judged";

function lostTo(captured: Captured): TakeOver {
  return captured.kind === "failed" ? captured : { kind: "lost", why: changed };
}

/** The name is free for a moment, and the first process that makes a file there has it: a link is refused like `O_EXCL`. */
function linkFirst(temporary: string, path: string, quarantined: string): TakeOver {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return removeQuarantined(quarantined, { kind: "lost", why: "another took it over first" });
    return { kind: "failed", problem: putBack(quarantined, path) ?? formatError(error) };
  }
  return removeQuarantined(quarantined, { kind: "won" });
}

/** Removes the captured file, which was replaced by us or by the contender that came first. If it cannot go now, the next sweep drops it. */
function removeQuarantined(quarantined: string, outcome: TakeOver): TakeOver {
  try {
    unlinkSync(quarantined);
  } catch {
    // The name that it had is taken, so it is never put back.
  }
  return outcome;
}

function takeOverIn(at: DirHandle["at"], name: string, judged: JudgedFile, file: FileToRestore): TakeOver {
  const [path, quarantined, temporary] = [at(name), at(temporaryName(name, "held")), at(temporaryName(name, "new"))];
  prepareFile(temporary, file);
  try {
    const elsewise = quarantine(path, quarantined, judged);
    return elsewise === undefined ? linkFirst(temporary, path, quarantined) : lostTo(elsewise);
  } finally {
    unlinkSync(temporary);
  }
}

/**
 * Puts another file in the place of the very one that was judged, and of no other. Of any number of contenders one
 * captures it, by a rename, and verifies it; what it puts in its place never overwrites. Killed in between, the next
 * sweep puts back what is in quarantine.
 */
export function takeOver(root: string, judged: JudgedFile, file: FileToRestore): TakeOver {
  const path = join(root, judged.key);
  try {
    const taken = withPlace(path, "there", (at, name) => takeOverIn(at, name, judged, file));
    if (taken.kind === "won") fsyncDirectory(dirname(path));
    return taken;
  } catch (error) {
    return errorCode(error) === "ENOENT" ? { kind: "lost", why: changed } : { kind: "failed", problem: formatError(error) };
  }
}
