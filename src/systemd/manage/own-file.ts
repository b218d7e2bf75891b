import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readlinkSync, rmdirSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { NoRegularFile, readRegularText } from "../../host/files/files.ts";
import { errorCode } from "../../host/observed.ts";

/** What stands at a place where we would write. Only a file that we wrote and no person edited since may go. */
export type OwnFile = "missing" | "ours" | "edited" | "foreign" | "masked";

const seal = /^# written by sessreap \S+, digest ([0-9a-f]{16});.*\n/;

const digestOf = (body: string): string => createHash("sha256").update(body).digest("hex").slice(0, 16);

/** Puts the first line that makes a file ours: it says who wrote it, and a digest of all that follows. */
export function sealed(text: string, version: string, editCommand: string): string {
  const body = text.slice(text.indexOf("\n") + 1);
  return `# written by sessreap ${version}, digest ${digestOf(body)}; changes belong into a drop-in (${editCommand})\n${body}`;
}

export function ownFileState(path: string): OwnFile {
  try {
    if (lstatSync(path).isSymbolicLink()) return readlinkSync(path) === "/dev/null" ? "masked" : "foreign";
    const text = readRegularText(path);
    const first = seal.exec(text);
    if (first === null) return "foreign";
    return digestOf(text.slice(first[0].length)) === first[1] ? "ours" : "edited";
  } catch (error) {
    if (error instanceof NoRegularFile) return "foreign";
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return "missing";
    throw error;
  }
}

export async function writeOwnFile(path: string, text: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const { default: writeFileAtomic } = await import("write-file-atomic");
  await writeFileAtomic(path, text, { mode: 0o644 });
}

/** Removes a directory that has become empty. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errorCode(error) ?? "")) throw error;
  }
}

export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
