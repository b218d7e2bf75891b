import { closeSync, fstatSync, lstatSync, renameSync, type BigIntStats } from "node:fs";
import { fsyncDirectory, holdsAt, isStill, readStill, type Content, type ReadFile } from "../files/files.ts";
import { errorCode, formatError } from "../observed.ts";
import type { Piece } from "../files/chunks.ts";
import { createNewFile, finishNewFile, openSite, type NewFile, type Site } from "./swap-draft.ts";
import { startSwapHelper, type SwapHelper } from "./swap-helper.ts";
import { clearAway } from "../files/leftovers.ts";

export type Replaced =
  /** `problem` is what went wrong after the swap; the new content is in its place all the same. */
  | { readonly kind: "replaced"; readonly problem: string | undefined }
  | { readonly kind: "changed" }
  | { readonly kind: "revived" }
  | { readonly kind: "failed"; readonly problem: string };

type Job = {
  readonly site: Site;
  readonly file: ReadFile;
  readonly newFile: NewFile;
  readonly made: bigint;
  /** The new file as it was finished. */
  readonly finished: BigIntStats;
  readonly lastLook: () => Promise<boolean>;
};

const changed: Replaced = { kind: "changed" };

/** The file in the registry's place is the judged one, under this one name, with the bytes that were judged. */
function isJudged({ site: { place, judgedFd }, file }: Job): boolean {
  const now = lstatSync(place.directory.at(place.name), { bigint: true, throwIfNoEntry: false });
  return now?.ino === file.stat.ino && now.dev === file.stat.dev && now.nlink === 1n && isUnwritten(judgedFd, file);
}

function isUnwritten(fd: number, file: ReadFile): boolean {
  return isStill(file.stat, fstatSync(fd, { bigint: true })) && holdsAt(fd, file.bytes, 0);
}

/** Ours is in the registry's place, and no writer has changed it since. */
function isUntouched({ site: { place }, finished }: Job): boolean {
  const now = lstatSync(place.directory.at(place.name), { bigint: true, throwIfNoEntry: false });
  return now !== undefined && isStill(finished, now);
}

/** Ours is in place: a failure from now on is reported as a problem of a swap that was made. */
async function afterSwap({ site: { place } }: Job, lookAgain: () => Promise<Replaced | undefined>): Promise<Replaced> {
  try {
    fsyncDirectory(place.directory.at("."));
    return (await lookAgain()) ?? { kind: "replaced", problem: undefined };
  } catch (error) {
    return { kind: "replaced", problem: `it was swapped, but afterwards: ${formatError(error)}` };
  }
}

/** The helper ended without saying how far it got. What is in place tells. */
async function outcomeByInspection(job: Job): Promise<Replaced> {
  const { place } = job.site;
  if (clearAway(place.directory.at, place.name, job.newFile.name, job.made) === "put-back") return changed;
  const now = lstatSync(place.directory.at(place.name), { bigint: true, throwIfNoEntry: false });
  return now?.ino === job.made ? afterSwap(job, () => Promise.resolve(undefined)) : changed;
}

/** With the helper: compared, looked at for the last time and exchanged while a lease keeps every writer out. */
async function swapLeased(job: Job, helper: SwapHelper): Promise<Replaced | "unsupported"> {
  const { site, newFile, file, lastLook } = job;
  const lease = await helper.ask(`lease ${newFile.name}`);
  if (lease === undefined) return { kind: "failed", problem: "the swap helper ended" };
  if (lease === "busy" || !isJudged(job)) return changed;
  if (!(await lastLook())) return { kind: "revived" };
  const answer = await helper.ask("swap");
  if (answer === "changed") return changed;
  if (answer === "swapped") {
    return afterSwap(job, async () => {
      const late = (await helper.ask("look")) !== "quiet" || !isUnwritten(site.judgedFd, file);
      // A writer had opened the old file before it went, and writes only now: the file goes back while the writer waits.
      return late && isUntouched(job) ? putBack(job) : undefined;
    });
  }
  const [, errno, problem] = /^error (\d+) (.*)$/.exec(answer ?? "") ?? [];
  if (problem === undefined) return outcomeByInspection(job);
  // EINVAL and ENOSYS: this file system, or this kernel, cannot exchange two names.
  return errno === "22" || errno === "38" ? "unsupported" : { kind: "failed", problem };
}

function putBack({ site: { place }, newFile }: Job): Replaced {
  renameSync(place.directory.at(newFile.name), place.directory.at(place.name));
  fsyncDirectory(place.directory.at("."));
  return changed;
}

const lateMs = 5;

/** Without the helper: compared, then renamed. A write that came in between is looked for afterwards and put in place. */
async function swapCompared(job: Job, helper: SwapHelper | undefined): Promise<Replaced> {
  const { site, file, newFile, lastLook } = job;
  const { directory, name } = site.place;
  if (!isJudged(job)) return changed;
  if (!(await lastLook())) return { kind: "revived" };
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

async function swapAt(site: Site, file: ReadFile, pieces: readonly Piece[], lastLook: () => Promise<boolean>): Promise<Replaced> {
  const { directory, name } = site.place;
  let newFile = createNewFile(site, file);
  const made = fstatSync(newFile.fd, { bigint: true }).ino;
  let helper: SwapHelper | undefined;
  let outcome: Replaced | undefined;
  try {
    helper = await startSwapHelper({ directory: directory.fd, judged: site.judgedFd, made: newFile.fd }, newFile.name, name);
    newFile = await finishNewFile(site, newFile, file, pieces, helper);
    const finished = fstatSync(newFile.fd, { bigint: true });
    outcome = await swapBest({ site, file, newFile, made, finished, lastLook }, helper);
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
export async function replaceJudged(file: ReadFile, pieces: readonly Piece[], lastLook: () => Promise<boolean>): Promise<Replaced> {
  let site: Site | undefined;
  try {
    site = openSite(file);
    return site === undefined ? changed : await swapAt(site, file, pieces, lastLook);
  } catch (error) {
    return errorCode(error) === "ENOENT" ? changed : { kind: "failed", problem: formatError(error) };
  } finally {
    site?.close();
  }
}
