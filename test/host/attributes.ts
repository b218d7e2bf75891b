import { spawnSync } from "node:child_process";
import { registryIn } from "./scratch.ts";

const calls = { x64: { set: 188, get: 191, list: 194 }, arm64: { set: 5, get: 8, list: 11 } }[process.arch as string];

function perl(script: string, ...args: readonly string[]): { readonly ok: boolean; readonly text: string } {
  const { status, stdout } = spawnSync("perl", ["-e", script, ...args], { encoding: "utf8" });
  return { ok: status === 0, text: stdout };
}

export function setAttribute(path: string, name: string, hex: string): boolean {
  return perl(`$v = pack("H*", $ARGV[2]); exit(syscall(${calls?.set}, $ARGV[0], $ARGV[1], $v, length $v, 0) != 0)`, path, name, hex).ok;
}

/** Every attribute of a file with its value, one a line. */
export function attributes(path: string): string {
  const script = `$n = "\\0" x 4096; $l = syscall(${calls?.list}, $ARGV[0], $n, 4096);
    for (sort split /\\0/, substr $n, 0, $l) { $v = "\\0" x 4096; $s = syscall(${calls?.get}, $ARGV[0], $_, $v, 4096);
    print "$_=", unpack("H*", substr $v, 0, $s), "\\n" }`;
  return perl(script, path).text;
}

/** user::rw- user:65534:r-- group::r-- mask::r-- other::--- in the kernel's form. */
export const acl = ["02000000", "01000600ffffffff", "02000400feff0000", "04000400ffffffff", "10000400ffffffff", "20000000ffffffff"].join(
  "",
);

/** Whether files in the temporary directory can have attributes and ACLs, and perl can set them. */
export const hasAttributes = ((): boolean => {
  if (calls === undefined) return false;
  const { path } = registryIn();
  return setAttribute(path, "user.note", "00") && setAttribute(path, "system.posix_acl_access", acl);
})();
