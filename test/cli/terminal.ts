import { spawnSync } from "node:child_process";
import { toolWords, type Scratch } from "./harness.ts";

const probe = spawnSync("script", ["--version"]);

/** Why nothing can be run on a terminal here; undefined where it can. */
export const noTerminal: string | undefined = probe.error === undefined ? undefined : `script(1): ${probe.error.message}`;

export type Shown = { readonly code: number | null; readonly text: string };

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Runs the tool on a terminal of so many columns, where all its outputs are one; `input` is what is typed there. */
export function onTerminal(
  scratch: Scratch,
  words: readonly string[],
  {
    columns = 100,
    input = "",
    env = {},
  }: { readonly columns?: number; readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Shown {
  const command = `stty cols ${columns} rows 50 -echo; exec ${[...toolWords, ...words].map(quoted).join(" ")}`;
  const { error, status, stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    cwd: scratch.dir,
    env: { ...scratch.env, TERM: "dumb", LC_ALL: "C.UTF-8", ...env },
    encoding: "utf8",
    input,
  });
  if (error !== undefined) throw error;
  return { code: status, text: stdout.replaceAll("\r\n", "\n") };
}
