import { startDirectory } from "../files/homes.ts";
import { searchPath } from "../search-path.ts";

const releaseMs = 30_000;

/** Runs an owner's own release command: no shell, no input, bounded time. Returns what went wrong, or undefined. */
export async function runRelease(command: readonly string[], values: Readonly<Record<string, string>>): Promise<string | undefined> {
  const [file, ...args] = command.map((argument) => (Object.hasOwn(values, argument) ? (values[argument] as string) : argument));
  if (file === undefined) return "the release command is empty";
  const { execa } = await import("execa");
  const { failed, shortMessage } = await execa(file, args, {
    reject: false,
    cwd: startDirectory(),
    timeout: releaseMs,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    env: { PATH: searchPath() },
  });
  return failed ? shortMessage : undefined;
}
