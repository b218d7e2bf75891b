const releaseMs = 30_000;

/** Runs an owner's own release command: no shell, no input, bounded time. Returns what went wrong, or undefined. */
export async function runRelease(command: readonly string[], values: Readonly<Record<string, string>>): Promise<string | undefined> {
  const [file, ...args] = command.map((argument) => (Object.hasOwn(values, argument) ? (values[argument] as string) : argument));
  if (file === undefined) return "the release command is empty";
  const { execa } = await import("execa");
  const { failed, shortMessage } = await execa(file, args, {
    reject: false,
    timeout: releaseMs,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  return failed ? shortMessage : undefined;
}

/**
 * Copies ACLs and extended attributes with coreutils, which Node cannot do by itself. A mode copied without its ACL
 * would widen access: the group bits of a file with an ACL are the ACL's mask.
 */
export async function copyAttributes(from: string, to: string): Promise<void> {
  if (process.platform !== "linux") return;
  const { execa } = await import("execa");
  const { failed, shortMessage } = await execa("cp", ["--attributes-only", "--preserve=mode,ownership,xattr", "--", from, to], {
    reject: false,
    stdin: "ignore",
    env: { LC_ALL: "C" },
  });
  if (failed) throw new Error(`its attributes could not be copied: ${shortMessage}`);
}
