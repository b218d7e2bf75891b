import { fstatSync, lstatSync, renameSync, type BigIntStats } from "node:fs";
import type { LookAtUsers } from "../locks/file-users.ts";
import type { Busy } from "../locks/process-look.ts";
import { fsyncDirectory, holdsAt, isStill, type ReadFile } from "../files/files.ts";
import { formatError } from "../observed.ts";
import { rights, type FinishedFile, type Site } from "./swap-draft.ts";

export type Replaced =
  /** `problem` is what went wrong after the swap; the new content is in its place all the same. */
  | { readonly kind: "replaced"; readonly problem: string | undefined }
  | { readonly kind: "changed" }
  | { readonly kind: "revived" }
  | { readonly kind: "busy"; readonly by: Busy }
  | { readonly kind: "failed"; readonly problem: string };

export type Job = {
  readonly site: Site;
  readonly file: ReadFile;
  readonly newFile: FinishedFile;
  readonly made: bigint;
  /** The new file as it was finished. */
  readonly finished: BigIntStats;
  readonly lastLook: () => Promise<boolean>;
  /** Looks who uses a file for which there is no lease. */
  readonly lookAtUsers: LookAtUsers;
};

export const changed: Replaced = { kind: "changed" };

export const busy = (by: Busy): Replaced => ({ kind: "busy", by });

/** The file in the registry's place is the judged one, under this one name, with the bytes that were judged and the rights that were copied. */
export function isJudged({ site: { place, judgedFd }, file, newFile, finished }: Job): boolean {
  const now = lstatSync(place.directory.at(place.name), { bigint: true, throwIfNoEntry: false });
  if (now === undefined || now.ino !== file.stat.ino || now.dev !== file.stat.dev || now.nlink !== 1n) return false;
  // A change of attributes that is not seen otherwise changes this time.
  return now.ctimeNs === newFile.copiedAtNs && rights(now) === rights(finished) && isUnwritten(judgedFd, file);
}

export function isUnwritten(fd: number, file: ReadFile): boolean {
  return isStill(file.stat, fstatSync(fd, { bigint: true })) && holdsAt(fd, file.bytes, 0);
}

/** Ours is in the registry's place, and no writer has changed it since. */
export function isUntouched({ site: { place }, finished }: Job): boolean {
  const now = lstatSync(place.directory.at(place.name), { bigint: true, throwIfNoEntry: false });
  return now !== undefined && isStill(finished, now);
}

/** Ours is in place: a failure from now on is reported as a problem of a swap that was made. */
export async function afterSwap({ site: { place } }: Job, lookAgain: () => Promise<Replaced | undefined>): Promise<Replaced> {
  try {
    fsyncDirectory(place.directory.at("."));
    return (await lookAgain()) ?? { kind: "replaced", problem: undefined };
  } catch (error) {
    return { kind: "replaced", problem: `it was swapped, but afterwards: ${formatError(error)}` };
  }
}

/** Puts what lies under the temporary name into the registry's place. */
export function putBack({ site: { place }, newFile }: Job): Replaced {
  renameSync(place.directory.at(newFile.name), place.directory.at(place.name));
  fsyncDirectory(place.directory.at("."));
  return changed;
}
