import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { start, type Running } from "../processes.ts";
import { toolWords, type Ran, type Scratch } from "./harness.ts";

const source = `
import { spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
  const { command: [file, ...words], argv0 } = JSON.parse(line);
  const { status, signal, stdout, stderr } = spawnSync(file, words, { encoding: "utf8", ...(argv0 && { argv0 }) });
  console.log(JSON.stringify({ code: status, signal, stdout, stderr }));
}
`;

/** A bridge of a test's own, that runs what it is told as its own child. No other process of this machine matches its name. */
export type Bridge = Running & {
  readonly owner: { readonly argv: readonly string[] };
  /** Runs sessreap, behind these other programs where some are named. */
  readonly sessreap: (words: readonly string[], behind?: readonly string[], argv0?: string) => Promise<Ran>;
};

export async function startBridge(
  { dir, env }: Scratch,
  more: Readonly<Record<string, string>> = {},
  name = `bridge-${randomUUID()}.mjs`,
): Promise<Bridge> {
  const script = join(dir, name);
  writeFileSync(script, source);
  const running = await start(process.execPath, [script, "watch"], { argv0: "node", cwd: dir, env: { ...env, ...more } });
  const answers = createInterface({ input: running.child.stdout as NodeJS.ReadableStream });
  const sessreap = async (words: readonly string[], behind: readonly string[] = [], argv0?: string): Promise<Ran> => {
    const answer = once(answers, "line");
    running.child.stdin?.write(`${JSON.stringify({ command: [...behind, ...toolWords, ...words], argv0 })}\n`);
    return JSON.parse(String((await answer)[0])) as Ran;
  };
  return { ...running, owner: { argv: [name, "watch"] }, sessreap };
}
