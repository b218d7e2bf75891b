import { readFileSync, statSync } from "node:fs";

/** Debian's name for the home of a user that has none (`/etc/passwd`). */
const noHome = "/nonexistent";

/** One spelling for the path of a directory: with no slash at its end, nor two where one does. */
export const tidyPath = (path: string): string => path.replaceAll(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");

/**
 * Our own home. In a bare chroot the environment names none: then nothing is found below it, and nothing can be kept there.
 * `node:os` says no more where `HOME` is set, and costs a hundredth of a bare start.
 */
export function ownHome(): string {
  try {
    const given = process.env["HOME"] ?? "";
    // `homedir` would say of an empty HOME that it is the home.
    return given === "" ? process.getBuiltinModule("node:os").userInfo().homedir : tidyPath(given);
  } catch {
    return noHome;
  }
}

/** The current directory; one that was removed has no path, and nothing is found below it. */
export function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return noHome;
  }
}

/** Where a program can be started that asks for no place: one starts in no directory that is gone, or may not be entered. */
export function startDirectory(): string {
  try {
    const here = process.cwd();
    statSync(`${here}/.`);
    return here;
  } catch {
    return "/";
  }
}

/** A user as /etc/passwd has it. */
type Row = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string };

/** The users of this machine, as far as /etc/passwd has them. */
export function users(): readonly Row[] {
  try {
    return readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .map(([name = "", , uid, gid, , home = ""]) => ({ name, uid: Number(uid), gid: Number(gid), home: tidyPath(home) }));
  } catch {
    return [];
  }
}

/** The home directory of a user by number; undefined for a user that /etc/passwd does not have. */
export function homeOf(uid: number): string | undefined {
  return uid === process.getuid?.() ? ownHome() : users().find((row) => row.uid === uid)?.home;
}
