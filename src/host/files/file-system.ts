import { statfsSync } from "node:fs";

/** `f_type` of the file systems whose rename and locks are this machine's alone (statfs(2)). Any other may be shared. */
const localTypes: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  [0x794c7630, "overlay"],
  [0x2fc12fc1, "zfs"],
  [0xf2f52010, "f2fs"],
  [0xca451a4e, "bcachefs"],
  [0x3153464a, "jfs"],
  [0x1a, "apfs"],
  [0x11, "hfs"],
]);

const localNames: ReadonlySet<string> = new Set([
  ...localTypes.values(),
  "ext2",
  "ext3",
  "vfat",
  "exfat",
  "iso9660",
  "squashfs",
  "proc",
  "sysfs",
]);

/** Whether the name of a file system's type is one of this machine's own: such a one needs no other to answer. */
export const isLocalType = (name: string): boolean => localNames.has(name);

export type FileSystem = { readonly local: boolean; readonly name: string };

/** What file system a path is on; one that is not known by its type counts as shared with other machines. */
export function fileSystemOf(path: string): FileSystem {
  const { type } = statfsSync(path);
  const name = localTypes.get(type);
  return name === undefined ? { local: false, name: `type 0x${type.toString(16)}` } : { local: true, name };
}
