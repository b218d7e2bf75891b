import { perlCall } from "../programs/perl.ts";
import aclProgram from "./acl.pl";

/**
 * Whether a mode gives a group more than it gives all others. In the mode of a file with an ACL these bits are the ACL's mask, and its
 * group can have less: without the ACL they would widen access.
 */
const favoursGroup = (mode: number): boolean => ((mode >> 3) & ~mode & 0o7) !== 0;

/** A mode whose group has no more than all others. */
export const withoutGroup = (mode: number): number => mode & (~0o070 | ((mode & 0o7) << 3));

/**
 * The ACLs of those files that could have one which matters, by their keys: in the kernel's form, in hexadecimal digits, `""` where
 * a file has none. What cannot be told is left out.
 */
export function aclsOf(root: string, files: readonly { readonly key: string; readonly mode: number }[]): ReadonlyMap<string, string> {
  const asked = process.platform === "linux" ? files.filter(({ mode }) => favoursGroup(mode)) : [];
  if (asked.length === 0) return new Map();
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { args, env } = perlCall(aclProgram, "read");
  const input = asked.map(({ key }) => `${root}/${key}\0`).join("");
  const lines = (spawnSync("perl", args, { input, env, encoding: "latin1", maxBuffer: 1 << 30 }).stdout ?? "").split("\n");
  return new Map(
    asked.flatMap(({ key }, nth) => (/^[0-9a-f]*$/.test(lines[nth] ?? "?") && nth < lines.length - 1 ? [[key, lines[nth] as string]] : [])),
  );
}

/** A new file, open to be written to, that has only what `withoutGroup` leaves of its mode. */
export type Withheld = { readonly fd: number; readonly mode: number; readonly acl: string };

/** Gives new files the ACLs that they had, and with that their whole mode. Without perl they keep what they have. */
export function giveAcls(files: readonly Withheld[]): void {
  if (files.length === 0) return;
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { args, env } = perlCall(aclProgram, "write", ...files.map(({ mode, acl }) => `${(mode & 0o7777).toString(8)}:${acl}`));
  spawnSync("perl", args, { env, stdio: ["ignore", "ignore", "ignore", ...files.map(({ fd }) => fd)] });
}
