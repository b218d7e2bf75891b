import { closeSync, fstatSync, linkSync, lstatSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { usersAt, usersOf, usersRefusing, type LookAtUsers } from "../locks/file-users.ts";
import type { Busy } from "../locks/process-look.ts";
import { dropLeased, type LeaseAnswer } from "./capture-lease.ts";
import { withPlace, type DirHandle } from "../files/held-directory.ts";
import { cameLate, elsewise, quarantine, type Captured, type JudgedFile } from "./quarantine.ts";
import { fsyncDirectory, openForReading } from "../files/files.ts";
import { putBack, temporaryName } from "../files/leftovers.ts";
import { errorCode, formatError } from "../observed.ts";
import { prepareFile, type FileToRestore } from "./restore-entry.ts";

export type TakeOver =
  | { readonly kind: "won" }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "busy"; readonly by: Busy }
  | { readonly kind: "failed"; readonly problem: string };

const takenFirst = "another took it over first";

const changed = "it is no longer the lock that was judged";

function lostTo(captured: Captured): TakeOver {
  return captured.kind === "failed" || captured.kind === "busy" ? captured : { kind: "lost", why: changed };
}

/** The name is free for a moment, and the first process that makes a file there has it: a link is refused like `O_EXCL`. */
function linkFirst(temporary: string, path: string, quarantined: string): TakeOver {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return removeQuarantined(quarantined, { kind: "lost", why: takenFirst });
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

type Where = { readonly directory: DirHandle; readonly name: string };

/** The program ended without an answer: what is in place tells. A file that went into quarantine goes back if its name is free. */
function takeOverByInspection(path: string, quarantined: string, temporary: string): TakeOver {
  const [held, now, ours] = [quarantined, path, temporary].map((at) => lstatSync(at, { throwIfNoEntry: false }));
  const won = now !== undefined && now.ino === ours?.ino;
  if (held === undefined) return won ? { kind: "won" } : { kind: "lost", why: changed };
  const problem = putBack(quarantined, path);
  if (problem !== undefined) return { kind: "failed", problem };
  return won ? { kind: "won" } : { kind: "lost", why: changed };
}

function takeOverIn({ directory, name }: Where, { state, bytes }: JudgedFile, next: string): LeaseAnswer {
  if (bytes === undefined) return "untried";
  const [answer = "unknown"] = dropLeased([
    { directoryFd: directory.fd, name, quarantined: temporaryName(name, "held"), next, state, bytes },
  ]);
  return answer;
}

/** Without a lease: what is open is looked up before the file goes into quarantine. */
function takeOverUnleased(
  path: string,
  [quarantined, temporary]: readonly [string, string],
  judged: JudgedFile,
  look: LookAtUsers,
): TakeOver {
  const [user] = usersAt([path], look);
  if (user !== undefined) return { kind: "busy", by: user };
  const other = quarantine(path, quarantined, judged);
  return other === undefined ? linkFirst(temporary, path, quarantined) : lostTo(other);
}

/** Makes what takes the place of the judged file, with the rights that this has now: a chmod since it was judged stands. */
function prepareBeside(path: string, { state: { dev, ino } }: JudgedFile, temporary: string, file: FileToRestore): Captured | undefined {
  const judged = openForReading(path);
  try {
    const now = fstatSync(judged);
    if (now.dev !== dev || now.ino !== ino) return { kind: "changed" };
    prepareFile(temporary, file, judged);
    return undefined;
  } finally {
    closeSync(judged);
  }
}

function takeOverAt({ directory, name }: Where, judged: JudgedFile, file: FileToRestore, look: LookAtUsers): TakeOver {
  const next = temporaryName(name, "new");
  const [path, quarantined, temporary] = [name, temporaryName(name, "held"), next].map(directory.at) as [string, string, string];
  const other = elsewise(path, judged) ?? prepareBeside(path, judged, temporary, file);
  if (other !== undefined) return lostTo(other);
  try {
    const answer = takeOverIn({ directory, name }, judged, next);
    if (typeof answer === "object") return { kind: "failed", problem: `it cannot be moved aside: ${answer.problem}` };
    switch (answer) {
      case "dropped":
        return { kind: "won" };
      case "changed":
      case "gone":
        return { kind: "lost", why: changed };
      case "taken":
        return { kind: "lost", why: takenFirst };
      case "busy":
        return { kind: "busy", by: usersRefusing([path], look)[0] as Busy };
      case "late":
        return { kind: "busy", by: cameLate };
      case "untried":
        return takeOverUnleased(path, [quarantined, temporary], judged, look);
      case "stuck":
      case "cut":
      case "unknown":
        return takeOverByInspection(path, quarantined, temporary);
    }
  } finally {
    unlinkSync(temporary);
  }
}

/**
 * Puts another file in the place of the very one that was judged, and of no other. Of any number of contenders one
 * captures it, by a rename, and verifies it; what it puts in its place never overwrites. Killed in between, the next
 * sweep puts back what is in quarantine.
 */
export function takeOver(root: string, judged: JudgedFile, file: FileToRestore, look: LookAtUsers = usersOf): TakeOver {
  const path = join(root, judged.key);
  try {
    const taken = withPlace(path, "there", (_, name, directory) => takeOverAt({ directory, name }, judged, file, look));
    if (taken.kind === "won") fsyncDirectory(dirname(path));
    return taken;
  } catch (error) {
    return errorCode(error) === "ENOENT" ? { kind: "lost", why: changed } : { kind: "failed", problem: formatError(error) };
  }
}
