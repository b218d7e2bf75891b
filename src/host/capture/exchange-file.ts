import { linkSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { inPlace, type Anchor } from "../files/held-directory.ts";
import { aside, hold, putBackCaptured, type Captured, type JudgedFile } from "./capture.ts";
import { fsyncDirectory } from "../files/files.ts";
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

/** The name is free for a moment, and whoever makes a file there first has it: a link is refused like `O_EXCL`. */
function linkFirst(temporary: string, path: string, held: string): TakeOver {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return settled(held, { kind: "lost", why: "another took it over first" });
    const back = putBackCaptured(held, path);
    return { kind: "failed", problem: back.kind === "failed" ? back.problem : formatError(error) };
  }
  return settled(held, { kind: "won" });
}

/** What was captured has been replaced, by us or by whoever came first; if it cannot go now, the next sweep drops it. */
function settled(held: string, outcome: TakeOver): TakeOver {
  try {
    unlinkSync(held);
  } catch {
    // The name that it had is taken, so it is never put back.
  }
  return outcome;
}

function takeOverIn(at: Anchor["at"], name: string, judged: JudgedFile, file: FileToRestore): TakeOver {
  const [path, held, temporary] = [at(name), at(aside(name, "held")), at(aside(name, "new"))];
  prepareFile(temporary, file);
  try {
    const elsewise = hold(path, held, judged);
    return elsewise === undefined ? linkFirst(temporary, path, held) : lostTo(elsewise);
  } finally {
    unlinkSync(temporary);
  }
}

/**
 * Puts another file in the place of the very one that was judged, and of no other. Of any number of contenders one
 * captures it, by a rename, and verifies it; what it puts in its place never overwrites. Killed in between, the next
 * sweep puts back what stands aside.
 */
export function takeOver(root: string, judged: JudgedFile, file: FileToRestore): TakeOver {
  const path = join(root, judged.key);
  try {
    const taken = inPlace(path, "there", (at, name) => takeOverIn(at, name, judged, file));
    if (taken.kind === "won") fsyncDirectory(dirname(path));
    return taken;
  } catch (error) {
    return errorCode(error) === "ENOENT" ? { kind: "lost", why: changed } : { kind: "failed", problem: formatError(error) };
  }
}
