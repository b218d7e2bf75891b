import { createInterface } from "node:readline/promises";
import type { Invocation } from "./context.ts";

/** Asks a person on a terminal; undefined where there is none to ask. Anything but `y` or `yes` is a no. */
export async function confirmed({ stderr }: Pick<Invocation<never>, "stderr">, question: string): Promise<boolean | undefined> {
  if (process.stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  const asking = createInterface({ input: process.stdin, output: stderr.stream });
  try {
    const answer = await asking.question(`${question} [y/N] `);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}
