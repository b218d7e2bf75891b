import { readFileSync, realpathSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";

/** The user and group that own nothing. */
export const nobody = 65_534;

/** A user namespace knows the users that its map names, and where the kernel has none it knows all. */
function knowsNobody(): boolean {
  const ranges = readFileSync("/proc/self/uid_map", "utf8").trim().split("\n");
  return ranges.some((range) => {
    const [from = 0, , count = 0] = range.trim().split(/\s+/).map(Number);
    return from <= nobody && nobody < from + count;
  });
}

/** Root that can give files away and be others: a root that a namespace knows alone cannot. */
export const isRoot = process.getuid?.() === 0 && knowsNobody();

/** Can others pass through a directory and all above it? */
function isOpen(directory: string): boolean {
  return (statSync(directory).mode & 1) === 1 && (directory === "/" || isOpen(dirname(directory)));
}

/** Where other users reach temporary files: not below a TMPDIR that is its user's alone. */
export function openPlace(): string {
  const places = [tmpdir(), "/tmp", "/var/tmp"];
  return places.find((place) => isOpen(realpathSync(place))) ?? tmpdir();
}
