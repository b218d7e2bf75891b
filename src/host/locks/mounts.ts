import { closeSync, readFileSync } from "node:fs";
import { openPath } from "../files/open-path.ts";
import { look } from "../observed.ts";

export type Mount = { readonly id: string; readonly device: string; readonly type: string };

/** `major:minor` in one spelling: the kernel prints it in decimal digits in one table, and in hexadecimal ones in another. */
export function deviceOf(major: string, minor: string, radix: 10 | 16): string {
  return `${Number.parseInt(major, radix)}:${Number.parseInt(minor, radix)}`;
}

/** The mounts of a process's mount namespace (proc_pid_mountinfo(5)). */
export function mountsOf(pid: number | "self"): readonly Mount[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
  return lines.flatMap((line): readonly Mount[] => {
    const [own = "", behind = ""] = line.split(" - ");
    const [id = "", , numbers = ""] = own.split(" ");
    const [major = "", minor = ""] = numbers.split(":");
    return minor === "" ? [] : [{ id, device: deviceOf(major, minor, 10), type: behind.split(" ")[0] ?? "" }];
  });
}

/** What the kernel calls a file in its tables; undefined where that cannot be told. Before Linux 5.14 the inode is not shown. */
export type KernelFile = { readonly device: string | undefined; readonly inode: number | undefined };

const mountIdIn = (info: string): string | undefined => /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];

/** Whether two open files are in one mount. A file that is mounted by itself, as into a container, is not in its directory's. */
export function inOneMount(one: number, other: number): boolean {
  const [id, otherId] = [one, other].map((fd) => mountIdIn(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")));
  return id === otherId;
}

export function kernelFileOf(fd: number, mounts: readonly Mount[]): KernelFile {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  const id = mountIdIn(info);
  const inode = /^ino:\s*(\d+)$/m.exec(info)?.[1];
  return { device: mounts.find((mount) => mount.id === id)?.device, inode: inode === undefined ? undefined : Number(inode) };
}

/**
 * The device of the mount that a file is found through; undefined where its mount is not listed. On btrfs, and for files
 * below an overlay, `stat` tells another one than the kernel does in its table of locks.
 */
export function mountDeviceOf(path: string, mounts: readonly Mount[]): string | undefined {
  const fd = openPath(path);
  try {
    return kernelFileOf(fd, mounts).device;
  } finally {
    closeSync(fd);
  }
}

/**
 * Whether a device may show files of another device under the same inode numbers, as an overlay does: so it is taken for
 * one where neither we nor the process that took the lock can see what is mounted from it.
 */
export function mayBeOverlay(device: string, mounts: readonly Mount[], pid: number): boolean {
  const ours = mounts.filter((mount) => mount.device === device);
  const theirs = look("its mounts", () => mountsOf(pid).filter((mount) => mount.device === device));
  const known = ours.length > 0 || !theirs.seen ? ours : theirs.value;
  return known.length === 0 || known.some(({ type }) => type === "overlay");
}
