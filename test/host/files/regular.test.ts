import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openForReading, readRegistryFile, readRegularText } from "../../../src/host/files/files.ts";
import { isLockHeld } from "../../../src/host/programs/daemon-signs.ts";
import { launch, until } from "../../processes.ts";
import { codeOf, openIn, registryIn, scratchDirectory } from "../scratch.ts";

test("a FIFO is not opened, so a program that waits for its reader waits on", async () => {
  const directory = scratchDirectory();
  const path = join(directory, "fifo");
  spawnSync("mkfifo", [path]);
  const writer = launch("/bin/sh", ["-c", 'echo waits > "$0"; sleep 60', path], { stdio: "ignore" });
  const waits = (): boolean => /^\S+ \(sh\) S /.test(readFileSync(`/proc/${writer.pid}/stat`, "utf8"));
  await until("the program waits", waits);
  const opened = (): string => spawnSync("ls", ["-l", `/proc/${writer.pid}/fd`], { encoding: "utf8" }).stdout;
  expect(readRegistryFile(path)).toEqual({ kind: "unreadable", problem: "is a FIFO", cure: "name a regular file" });
  expect(() => readRegularText(path)).toThrow("is a FIFO");
  expect(isLockHeld(path).seen).toBe(false);
  await new Promise((resolve) => void setTimeout(resolve, 50));
  expect(opened()).not.toContain(path);
  expect(openIn(directory)).toEqual([]);
});

test("what is opened is a regular file, the very one that had the name, and no symbolic link", () => {
  const directory = scratchDirectory();
  const { path } = registryIn();
  mkdirSync(join(directory, "directory"));
  symlinkSync(path, join(directory, "link"));
  expect(() => openForReading(join(directory, "directory"))).toThrow("is a directory");
  expect(() => openForReading("/dev/zero")).toThrow("is a device");
  expect(codeOf(() => openForReading(join(directory, "link")))).toBe("ELOOP");
  expect(codeOf(() => openForReading(join(directory, "missing")))).toBe("ENOENT");
  expect(readRegularText(join(directory, "link"))).toBe(readFileSync(path, "utf8"));
});

test("a registry that is larger than it may be is refused before it is read", () => {
  const path = join(scratchDirectory(), "large.json");
  writeFileSync(path, "{}");
  expect(readRegistryFile(path, 2).kind).toBe("read");
  const refusal = { kind: "unreadable", problem: "has 2 bytes, more than the 1 that it may have", cure: "allow more with --max-size" };
  expect(readRegistryFile(path, 1)).toEqual(refusal);
  truncateSync(path, 512 * 2 ** 20 + 1);
  expect(readRegistryFile(path)).toMatchObject({ kind: "unreadable", problem: expect.stringContaining("536870913 bytes") });
  truncateSync(path, 2 ** 31);
  expect(readRegistryFile(path, 2 ** 40)).toMatchObject({ kind: "unreadable", cure: "keep it below 2147483647" });
});
