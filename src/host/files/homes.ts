import { readFileSync } from "node:fs";

/** Debian's name for the home of a user that has none (`/etc/passwd`). */
const noHome = "/nonexistent";

/**
 * Our own home. In a bare chroot the environment names none: then nothing is found below it, and nothing can be kept there.
 * `node:os` says no more where `HOME` is set, and costs a hundredth of a bare start.
 */
export function ownHome(): string {
  try {
    return process.env["HOME"] ?? process.getBuiltinModule("node:os").homedir();
  } catch {
    return noHome;
  }
}

/** The home directory of a user by number, as /etc/passwd has it; undefined for a user that is not there. */
export function homeOf(uid: number): string | undefined {
  if (uid === process.getuid?.()) return ownHome();
  try {
    const row = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .find((fields) => fields[2] === String(uid));
    return row?.[5];
  } catch {
    return undefined;
  }
}
