import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type BigIntStats } from "node:fs";
import { join, resolve } from "node:path";
import { look } from "../observed.ts";
import { assertAnswers, HangingFileSystem, isAnythingServed } from "./answering.ts";
import { pathOnly } from "./open-path.ts";

const linksAtMost = 40;

/**
 * A directory that is held by a descriptor. What is named through it is in this very directory, wherever its path leads
 * to by now: a user who swaps a directory of theirs for a symbolic link cannot redirect root.
 */
export type DirHandle = { readonly fd: number; readonly at: (name: string) => string; readonly close: () => void };

/** Where a path really leads. */
export type Place = {
  readonly directory: DirHandle;
  readonly name: string;
  readonly realPath: string;
  /** The users who control the symbolic links that were followed. */
  readonly controllers: ReadonlySet<bigint>;
};

/** The last part of the path is a symbolic link to what is not there. */
export class Dangling extends Error {}

/** A user's symbolic link led to what is not theirs. */
export class UntrustedSymlink extends Error {}

const byDescriptor = process.platform === "linux";

function openHandle(opened: string, path: string): DirHandle {
  const fd = openSync(opened, (byDescriptor ? pathOnly : constants.O_RDONLY) | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  return { fd, at: (name) => (byDescriptor ? `/proc/self/fd/${fd}/${name}` : join(path, name)), close: () => closeSync(fd) };
}

/** Stands for every user: each can write to a world-writable directory. */
const anyUser = -1n;

/** Us and root: neither is kept from anything that we may. */
export const isTrusted = (uid: bigint): boolean => uid === 0n || uid === BigInt(process.geteuid?.() ?? 0);

/** Returns the user who decides where a symbolic link leads: its owner, or the user who may replace it. */
function linkController(link: BigIntStats, directory: BigIntStats): bigint {
  const everybodys = (directory.mode & 0o002n) !== 0n && (directory.mode & 0o1000n) === 0n;
  if (everybodys) return anyUser;
  return isTrusted(directory.uid) ? link.uid : directory.uid;
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${message} (${code})`), { code });
}

/** "It is not there" is believed only where what is there can be seen: without /proc, nothing can be through a descriptor. */
function assertSeen({ at }: DirHandle): void {
  if (lstatSync(at("."), { throwIfNoEntry: false }) === undefined) throw systemError("EIO", "without /proc no file can be looked at");
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");

/** Hears of each directory and each symbolic link that a path leads through. */
type Visit = (path: string, stat: BigIntStats) => void;

const statOf = ({ fd }: DirHandle): BigIntStats => fstatSync(fd, { bigint: true });

/** Follows a path part by part, each from the directory that the one before led to, and holds the one it ends in. */
export function findPlace(path: string, last: "there" | "perhaps" = "there", visit?: Visit): Place {
  const pending = partsOf(resolve(path));
  const controllers = new Set<bigint>();
  let trail: readonly string[] = [];
  let links = 0;
  let lastIsLink = false;
  let here = openHandle("/", "/");
  const enter = (opened: string, to: readonly string[]): void => {
    const next = openHandle(opened, `/${to.join("/")}`);
    here.close();
    here = next;
    trail = to;
    visit?.(`/${to.join("/")}`, statOf(here));
  };
  try {
    visit?.("/", statOf(here));
    for (;;) {
      const part = pending.shift() ?? ".";
      if (part !== ".." && part !== ".") assertAnswers([...trail, part], pending);
      const stat = lstatSync(here.at(part), { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) assertSeen(here);
      if (stat === undefined && (last === "there" || lastIsLink || pending.length > 0))
        throw lastIsLink ? new Dangling() : systemError("ENOENT", "no such file or directory");
      if (stat?.isSymbolicLink() === true) {
        links += 1;
        if (links > linksAtMost) throw systemError("ELOOP", "too many symbolic links");
        const controller = linkController(stat, statOf(here));
        visit?.(`/${[...trail, part].join("/")}`, stat);
        if (!isTrusted(controller)) controllers.add(controller);
        lastIsLink ||= pending.length === 0;
        const target = readlinkSync(here.at(part));
        pending.unshift(...partsOf(target));
        if (target.startsWith("/")) enter("/", []);
      } else if (part === "..") enter(here.at(part), trail.slice(0, -1));
      else if (pending.length > 0) enter(here.at(part), [...trail, part]);
      else return { directory: here, name: part, realPath: `/${[...trail, part].join("/")}`, controllers };
    }
  } catch (error) {
    here.close();
    throw error;
  }
}

/** Throws where a path leads into a file system that does not answer, so that even a look at it would never end. */
export function assertPathAnswers(path: string): void {
  if (!isAnythingServed()) return;
  try {
    findPlace(path, "perhaps").directory.close();
  } catch (error) {
    if (error instanceof HangingFileSystem) throw error;
  }
}

export function hangs(path: string): boolean {
  return look(path, () => assertPathAnswers(path)).seen === false;
}

/** Throws when a user's symbolic link has led to what is not that user's. */
export function assertTrustedOwners({ controllers }: Place, owners: readonly bigint[]): void {
  for (const controller of controllers) {
    if (controller === anyUser) throw new UntrustedSymlink("is reached through a symbolic link that everybody can replace");
    if (owners.some((owner) => owner !== controller))
      throw new UntrustedSymlink(`is not user ${controller}'s, whose symbolic link leads to it`);
  }
}

/** The same for a file that is to be replaced, and for the directory in which that is done. */
export function assertTrustedSymlinks(place: Place, file: BigIntStats): void {
  assertTrustedOwners(place, [statOf(place.directory).uid, file.uid]);
}

/**
 * Holds the directory of a real path, one that was followed to its end already. A symbolic link on it is new, and the
 * user who put it there does not decide where we write.
 */
export function holdPlace(realPath: string, last: "there" | "perhaps"): Place {
  const place = findPlace(realPath, last);
  if (place.realPath === realPath) return place;
  place.directory.close();
  throw new UntrustedSymlink("a part of its path has become a symbolic link");
}

/** Does something in the directory of a real path. */
export function withPlace<T>(
  realPath: string,
  last: "there" | "perhaps",
  act: (at: DirHandle["at"], name: string, directory: DirHandle) => T,
): T {
  const { directory, name } = holdPlace(realPath, last);
  try {
    return act(directory.at, name, directory);
  } finally {
    directory.close();
  }
}
