import { closeSync, fstatSync, renameSync } from "node:fs";
import { usersOf, type LookAtUsers } from "../locks/file-users.ts";
import { readStill, type Content, type ReadFile } from "../files/files.ts";
import { errorCode, formatError } from "../observed.ts";
import type { Piece } from "../files/chunks.ts";
import { createNewFile, finishNewFile, openSite, type NewFile, type Site } from "./swap-draft.ts";
import { startSwapHelper, type SwapHelper } from "./swap-helper.ts";
import { afterSwap, busy, changed, isJudged, isUntouched, isUnwritten, putBack, type Job, type Replaced } from "./swap-job.ts";
import { swapLeased } from "./swap-leased.ts";
import { clearAway } from "../files/leftovers.ts";

const lateMs = 5;

/** Without the helper: compared, then renamed. A write that came in between is looked for afterwards and put in place. */
async function swapCompared(job: Job, helper: SwapHelper | undefined): Promise<Replaced> {
  const { site, file, newFile, lastLook, lookAtUsers } = job;
  const { directory, name } = site.place;
  if (!isJudged(job)) return changed;
  if (!(await lastLook())) return { kind: "revived" };
  const user = lookAtUsers([site.judgedFd])[0];
  if (user !== undefined) return busy(user);
  if (!isJudged(job)) return changed;
  renameSync(directory.at(newFile.name), directory.at(name));
  return afterSwap(job, async () => {
    await new Promise((resolve) => void setTimeout(resolve, lateMs));
    if (isUnwritten(site.judgedFd, file) || !isUntouched(job)) return undefined;
    const late = readStill(site.judgedFd);
    return late === undefined ? undefined : putInPlace(job, late, helper);
  });
}

async function putInPlace(job: Job, late: Content, helper: SwapHelper | undefined): Promise<Replaced | undefined> {
  const { site, file } = job;
  const newFile = await finishNewFile(site, createNewFile(site, file), late, [late.bytes], helper);
  try {
    return isUntouched(job) ? putBack({ ...job, newFile }) : undefined;
  } finally {
    closeSync(newFile.fd);
    clearAway(site.place.directory.at, site.place.name, newFile.name, undefined);
  }
}

async function swapBest(job: Job, helper: SwapHelper | undefined): Promise<Replaced> {
  if (helper === undefined) return swapCompared(job, undefined);
  const outcome = await swapLeased(job, helper);
  return outcome === "unsupported" ? swapCompared({ ...job, lastLook: () => Promise.resolve(true) }, undefined) : outcome;
}

type Ask = Pick<Job, "lastLook" | "lookAtUsers">;

async function swapAt(site: Site, file: ReadFile, pieces: readonly Piece[], ask: Ask): Promise<Replaced> {
  const { directory, name } = site.place;
  let newFile: NewFile = createNewFile(site, file);
  const made = fstatSync(newFile.fd, { bigint: true }).ino;
  let helper: SwapHelper | undefined;
  let outcome: Replaced | undefined;
  try {
    helper = await startSwapHelper({ directory: directory.fd, judged: site.judgedFd, made: newFile.fd }, newFile.name, name);
    const ready = await finishNewFile(site, newFile, file, pieces, helper);
    newFile = ready;
    const finished = fstatSync(newFile.fd, { bigint: true });
    outcome = await swapBest({ site, file, newFile: ready, made, finished, ...ask }, helper);
  } finally {
    await helper?.end();
    closeSync(newFile.fd);
    if (clearQuietly(site, newFile, made) === "put-back") outcome = changed;
  }
  return outcome;
}

/** What cannot be removed now is a leftover for the next sweep; it does not change what became of the registry. */
function clearQuietly({ place: { directory, name } }: Site, newFile: NewFile, made: bigint): "gone" | "put-back" | undefined {
  try {
    return clearAway(directory.at, name, newFile.name, made);
  } catch {
    return undefined;
  }
}

/**
 * Puts new content in the place of a file, if the file is still the one that was judged. `lastLook` runs right before
 * the swap and answers false when what was condemned has come back to life. Our own write loop with a read-back: known
 * libraries take a short write for success, and leave a truncated registry on a full disk.
 */
export async function replaceJudged(
  file: ReadFile,
  pieces: readonly Piece[],
  lastLook: () => Promise<boolean>,
  lookAtUsers: LookAtUsers = usersOf,
): Promise<Replaced> {
  let site: Site | undefined;
  try {
    site = openSite(file);
    return site === undefined ? changed : await swapAt(site, file, pieces, { lastLook, lookAtUsers });
  } catch (error) {
    return errorCode(error) === "ENOENT" ? changed : { kind: "failed", problem: formatError(error) };
  } finally {
    site?.close();
  }
}
