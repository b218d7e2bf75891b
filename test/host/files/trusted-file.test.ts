import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readTrusted } from "../../../src/host/files/trusted-file.ts";
import { formatError } from "../../../src/host/observed.ts";
import { isRoot, openPlace } from "../../users.ts";
import { scratchDirectory } from "../scratch.ts";

function problemOf(path: string): string | undefined {
  try {
    readTrusted(path);
    return undefined;
  } catch (error) {
    return formatError(error);
  }
}

function written(): { readonly directory: string; readonly path: string } {
  const directory = scratchDirectory(openPlace());
  const path = join(directory, "config.json");
  writeFileSync(path, "{}", { mode: 0o644 });
  return { directory, path };
}

const call = { x64: 188, arm64: 5 }[process.arch as string];

/** user::rw- user:54321:rw- group::r-- mask::rw- other::r-- in the kernel's form. */
const acl = ["02000000", "01000600ffffffff", "0200060031d40000", "04000400ffffffff", "10000600ffffffff", "20000400ffffffff"].join("");

function grant(path: string): boolean {
  const script = `($n, $v) = ("system.posix_acl_access", pack "H*", $ARGV[1]); exit(syscall(${call}, $ARGV[0], $n, $v, length $v, 0) != 0)`;
  return spawnSync("perl", ["-e", script, path, acl]).status === 0;
}

const hasAcls = isRoot && call !== undefined && grant(written().path);
if (!hasAcls) console.warn("not root, no perl, or no ACLs on the file system of the temporary directory: ACLs are not tested");

describe("a file that decides", () => {
  test("is read through links of ours", () => {
    const { directory, path } = written();
    symlinkSync(path, join(directory, "link"));
    expect(readTrusted(join(directory, "link"))).toBe("{}");
  });

  test("of another kind is refused before it is opened", () => {
    const { directory } = written();
    const fifo = join(directory, "fifo");
    expect(spawnSync("mkfifo", [fifo]).status).toBe(0);
    mkdirSync(join(directory, "below"));
    expect(problemOf(fifo)).toBe("is a FIFO");
    expect(problemOf(join(directory, "below"))).toBe("is a directory");
    expect(problemOf("/dev/null")).toBe("is a device");
  });

  test.runIf(isRoot)("that a group of no known members can write is refused, and so is one below its directory", () => {
    const { directory, path } = written();
    chownSync(path, 0, 4242);
    chmodSync(path, 0o664);
    expect(problemOf(path)).toBe("can be written by group 4242, which is not yours alone; chmod g-w it");
    chmodSync(path, 0o644);
    chownSync(directory, 0, 4242);
    chmodSync(directory, 0o2775);
    expect(problemOf(path)).toBe(`lies below ${directory}, where group 4242 could replace it; chmod g-w ${directory}`);
    chmodSync(directory, 0o3775);
    expect(problemOf(path)).toBe(undefined);
  });

  test.runIf(hasAcls)("is refused where an ACL names a user who may write it, or the directory that it is in", () => {
    const { directory, path } = written();
    chmodSync(path, 0o664);
    expect(problemOf(path)).toBe(undefined);
    expect(grant(path)).toBe(true);
    expect(problemOf(path)).toBe(`can perhaps be written by users whom an ACL names (of ${path}); chmod g-w it`);
    chmodSync(path, 0o644);
    expect(problemOf(path)).toBe(undefined);
    expect(grant(directory)).toBe(true);
    expect(problemOf(path)).toBe(`can perhaps be written by users whom an ACL names (of ${directory}); chmod g-w it`);
  });
});
