import { lstatSync } from "node:fs";
import { userRefusing } from "../locks/file-users.ts";
import { fsyncDirectory } from "../files/files.ts";
import { clearAway } from "../files/leftovers.ts";
import { startSwapHelper, type SwapHelper } from "./swap-helper.ts";
import { afterSwap, busy, changed, isJudged, isUntouched, isUnwritten, putBack, type Job, type Replaced } from "./swap-job.ts";

/**
 * A writer had opened the old file before it went, and writes only now: the file goes back while the writer waits. The helper
 * keeps out those who would come to ours meanwhile.
 */
async function lookLate(job: Job, helper: SwapHelper | undefined): Promise<Replaced | undefined> {
  const isLate = (await helper?.ask("look")) !== "quiet" || !isUnwritten(job.site.judgedFd, job.file);
  if (!isLate || !isUntouched(job)) return undefined;
  if ((await helper?.ask("back")) !== "changed") return putBack(job);
  fsyncDirectory(job.site.place.directory.at("."));
  return changed;
}

/**
 * The helper ended without saying how far it got. What is in place tells. Its lease stands as long as the judged file is
 * open here, so another helper can say whether a writer waits.
 */
async function outcomeByInspection(job: Job): Promise<Replaced> {
  const { place, judgedFd } = job.site;
  const now = lstatSync(place.directory.at(place.name), { bigint: true, throwIfNoEntry: false });
  if (now?.ino !== job.made) {
    clearAway(place.directory.at, place.name, job.newFile.name, job.made);
    return changed;
  }
  // Another file than the judged one came out: a writer had put it there in the last moment, and its update goes back.
  const out = lstatSync(place.directory.at(job.newFile.name), { bigint: true, throwIfNoEntry: false });
  if (out !== undefined && out.ino !== job.file.stat.ino && isUntouched(job)) return putBack(job);
  const descriptors = { directory: place.directory.fd, judged: judgedFd, made: job.newFile.fd };
  const helper = await startSwapHelper(descriptors, job.newFile.name, place.name);
  try {
    return await afterSwap(job, () => lookLate(job, helper));
  } finally {
    await helper?.end();
  }
}

/** With the helper: compared, looked at for the last time and exchanged while a lease keeps every writer out. */
export async function swapLeased(job: Job, helper: SwapHelper): Promise<Replaced | "unsupported"> {
  const { site, newFile, lastLook, lookAtUsers } = job;
  const lease = await helper.ask(`lease ${newFile.name}`);
  if (lease === undefined) return { kind: "failed", problem: "the swap helper ended" };
  if (lease === "busy") return busy(userRefusing(site.judgedFd));
  if (!isJudged(job)) return changed;
  if (!(await lastLook())) return { kind: "revived" };
  // Where no lease can be had, what is open is looked up.
  const user = lease === "leased" ? undefined : lookAtUsers([site.judgedFd])[0];
  if (user !== undefined) return busy(user);
  const answer = await helper.ask("swap");
  if (answer === "changed") return changed;
  if (answer === "swapped") return afterSwap(job, () => lookLate(job, helper));
  const [, errno, problem] = /^error (\d+) (.*)$/.exec(answer ?? "") ?? [];
  if (problem === undefined) return outcomeByInspection(job);
  // EINVAL and ENOSYS: this file system, or this kernel, cannot exchange two names.
  return errno === "22" || errno === "38" ? "unsupported" : { kind: "failed", problem };
}
