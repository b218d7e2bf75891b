import { closeSync, fstatSync, readFileSync, type BigIntStats } from "node:fs";
import { openForReading, readAll, readRegularText } from "./files.ts";
import { findPlace, isTrusted } from "./held-directory.ts";

/** A configuration is some hundred lines; a larger file, in bytes, is none. */
const largest = 16 * 1024 * 1024;

const [byGroup, byAll, sticky] = [0o020n, 0o002n, 0o1000n];

/** The user that a user namespace shows for each one that it does not know. */
const overflow = 65_534n;

/** Whether a user namespace knows no user of that number: then root's directories are shown as that user's. */
export function isUnknownUser(uid: bigint): boolean {
  if (uid !== overflow || process.platform !== "linux") return false;
  return readFileSync("/proc/self/uid_map", "utf8")
    .trim()
    .split("\n")
    .every((range) => {
      const [from = 0n, , count = 0n] = range.trim().split(/\s+/).map(BigInt);
      return overflow < from || overflow >= from + count;
    });
}

const rowsOf = (path: string): readonly (readonly string[])[] =>
  readRegularText(path)
    .split("\n")
    .map((line) => line.split(":"));

/**
 * Whether a group is this user's own private one: it has members, and they are this user and root alone. A group that
 * these files do not know has members that cannot be told.
 */
function isPrivate(gid: bigint): boolean {
  const users = rowsOf("/etc/passwd");
  const trusted = new Set(users.filter(([, , uid = ""]) => /^\d+$/.test(uid) && isTrusted(BigInt(uid))).map(([name]) => name));
  const primary = users.filter((fields) => fields[3] === String(gid)).map(([name]) => name);
  const listed = rowsOf("/etc/group")
    .filter((fields) => fields[2] === String(gid))
    .flatMap((fields) => (fields[3] ?? "").split(",").filter((name) => name !== ""));
  const members = [...primary, ...listed];
  return members.length > 0 && members.every((name) => trusted.has(name));
}

/**
 * Whether these have no ACL: the group's bits of what has one are its mask, and it can name users. GNU's `ls` marks them;
 * where there is another one it cannot be told.
 */
function haveNoAcl(paths: readonly string[]): boolean {
  // Only where a group may write is it asked.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { error, status, stdout } = spawnSync("ls", ["-ldn", "--time-style=+", "--", ...paths], {
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
  });
  if (error !== undefined || status !== 0) return false;
  const lines = stdout.trimEnd().split("\n");
  return lines.length === paths.length && lines.every((line) => /^.{10}[ .]/.test(line));
}

/** What is on the way to a file, and what it is. */
type Step = { readonly path: string; readonly stat: BigIntStats };

/** In a sticky directory users can replace only what is their own. */
const isShared = ({ stat }: Step): boolean => stat.isDirectory() && (stat.mode & sticky) !== 0n;

function stepProblem(step: Step): string | undefined {
  const { path, stat } = step;
  const { uid, gid, mode } = stat;
  if (stat.isSymbolicLink()) return isTrusted(uid) ? undefined : `is reached through ${path}, a symbolic link of user ${uid}'s`;
  if (!isTrusted(uid) && !isUnknownUser(uid)) return `lies below ${path}, which belongs to user ${uid}, who could replace it`;
  if (isShared(step)) return undefined;
  if ((mode & byAll) !== 0n) return `lies below ${path}, where everybody could replace it; chmod o-w ${path}`;
  if ((mode & byGroup) !== 0n && !isPrivate(gid)) return `lies below ${path}, where group ${gid} could replace it; chmod g-w ${path}`;
  return undefined;
}

function fileProblem({ uid, gid, mode }: BigIntStats): string | undefined {
  if (!isTrusted(uid)) return `belongs to user ${uid}; it must belong to you or to root`;
  if ((mode & byAll) !== 0n) return "can be written by everybody; chmod o-w it";
  return (mode & byGroup) !== 0n && !isPrivate(gid) ? `can be written by group ${gid}, which is not yours alone; chmod g-w it` : undefined;
}

/**
 * Reads a file that decides what is deleted and what is run: only we and root can have written it, and put it where it is.
 * Throws where another user could have.
 */
export function readTrusted(path: string): string {
  const steps: Step[] = [];
  const place = findPlace(path, "there", (at, stat) => void steps.push({ path: at, stat }));
  try {
    const fd = openForReading(place.directory.at(place.name));
    try {
      const stat = fstatSync(fd, { bigint: true });
      const problem = fileProblem(stat) ?? steps.map(stepProblem).find((found) => found !== undefined);
      if (problem !== undefined) throw new Error(problem);
      const byGroups = [...steps, { path: place.realPath, stat }].filter((step) => !step.stat.isSymbolicLink() && !isShared(step));
      const open = byGroups.filter((step) => (step.stat.mode & byGroup) !== 0n).map((step) => step.path);
      if (open.length > 0 && !haveNoAcl(open))
        throw new Error(`can perhaps be written by users whom an ACL names (of ${open.join(", ")}); chmod g-w it`);
      if (stat.size > largest) throw new Error(`has ${stat.size} bytes, which no configuration has`);
      return readAll(fd, Number(stat.size)).toString("utf8");
    } finally {
      closeSync(fd);
    }
  } finally {
    place.directory.close();
  }
}
