import type { Invocation } from "./context.ts";

/**
 * Asks a person on a terminal; undefined where there is none to ask. Anything but `y` or `yes` is a no, and so is Ctrl-D
 * and the abortion of a caller that listens to signals itself.
 * The terminal edits the line and makes a signal of Ctrl-C, as it does for every program.
 */
export async function confirmed(
  { stderr }: Pick<Invocation<never>, "stderr">,
  question: string,
  aborted?: AbortSignal,
): Promise<boolean | undefined> {
  if (process.stdin.isTTY !== true || !stderr.isTTY) return undefined;
  const { createInterface } = process.getBuiltinModule("node:readline");
  const asking = createInterface({ input: process.stdin, terminal: false });
  aborted?.addEventListener("abort", () => asking.close(), { once: true });
  stderr.stream.write(`${question} [y/N] `);
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      asking.once("line", resolve);
      asking.once("close", () => resolve(undefined));
    });
    if (answer === undefined) stderr.stream.write("\n");
    return /^\s*y(?:es)?\s*$/i.test(answer ?? "");
  } finally {
    asking.close();
  }
}
