import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sessreap, type Ran, type RunOptions, type Scratch } from "./harness.ts";

/** Calls that change a file system whatever their arguments are. */
const changing = [
  ..."creat rename renameat renameat2 unlink unlinkat rmdir mkdir mkdirat mknod mknodat link linkat symlink symlinkat".split(" "),
  ..."chmod fchmod fchmodat chown fchown lchown fchownat truncate ftruncate fallocate copy_file_range".split(" "),
  ..."utime utimes utimensat futimesat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr mount umount2".split(" "),
];

/** Calls that may change one, by their arguments, or that would hide a change from strace. */
const judged = ["open", "openat", "openat2", "bind", "execve", "execveat", "io_uring_setup", "io_uring_enter"];

let answer: string | undefined | null = null;

/** Why nothing can be traced here, or undefined. */
export function noStrace(): string | undefined {
  if (answer === null) {
    try {
      execFileSync("strace", ["-f", "-qq", "-o", "/dev/null", "true"], { stdio: "ignore" });
      answer = undefined;
    } catch (error) {
      answer = `strace cannot run: ${String(error).split("\n")[0]}`;
    }
  }
  return answer;
}

export type Traced = Ran & {
  /** Every system call that changes a file system, or opens something in order to. */
  readonly writes: readonly string[];
  /** What was run, the tool itself left out. */
  readonly programs: readonly string[];
};

function isWrite(line: string): boolean {
  const call = /^(?:\d+ +)?(\w+)\(/.exec(line)?.[1];
  if (call === undefined || / = -1 /.test(line)) return false;
  if (changing.includes(call)) return true;
  if (call === "io_uring_enter") return true;
  // An abstract socket is no file.
  if (call === "bind") return line.includes("AF_UNIX") && !line.includes('sun_path=@"');
  if (!call.startsWith("open")) return false;
  // A stream of our own, opened anew, is no file; what lies below a directory that is open is one.
  if (/"\/dev\/(?:null|tty)"|"\/proc\/self\/fd\/\d+"/.test(line)) return false;
  return /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE/.test(line);
}

/** Runs the tool under strace, with everything that it starts. */
export async function traced(scratch: Scratch, words: readonly string[], options: RunOptions = {}): Promise<Traced> {
  const log = join(scratch.dir, "strace.log");
  const calls = [...changing, ...judged].map((call) => `?${call}`).join(",");
  const ran = await sessreap(scratch, words, {
    ...options,
    // Newer Nodes use io_uring, which strace cannot look into; where there is none they make system calls.
    under: ["strace", "-f", "-qq", "-s", "300", "-o", log, "-e", `trace=${calls}`, "-e", "inject=io_uring_setup:error=ENOSYS"],
  });
  if (!existsSync(log)) throw new Error(`strace wrote nothing: ${ran.stderr}`);
  const lines = readFileSync(log, "utf8").split("\n");
  const programs = lines.filter((line) => /execve(?:at)?\(/.test(line) && line.endsWith(" = 0")).slice(1);
  return { ...ran, writes: lines.filter(isWrite), programs };
}
