import { readFileSync } from "node:fs";
import { homedir } from "node:os";

/** The home directory of a user by number, as /etc/passwd has it; undefined for a user that is not there. */
export function homeOf(uid: number): string | undefined {
  if (uid === process.getuid?.()) return homedir();
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
