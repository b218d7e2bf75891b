import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { toolWords, writeOld, type Scratch } from "./harness.ts";

/** Why nobody can sit at a real terminal here; undefined where one can. */
export const noTmux: string | undefined = spawnSync("tmux", ["-V"]).error?.message;

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** A person at a real terminal at which the tool runs. */
export type Seat = {
  /** What the terminal shows now. */
  readonly shown: () => string;
  /** Waits until the terminal shows it. */
  readonly sees: (wanted: string | RegExp) => Promise<string>;
  /** Presses keys, by tmux's names for them. */
  readonly press: (...keys: readonly string[]) => void;
  /** Waits until the tool has ended; how it did is the shell's word, 130 after Ctrl-C. */
  readonly ended: () => Promise<number>;
};

type SeatOptions = {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly line?: string;
};

/** Runs the tool at a terminal of its own; `line` is what the shell is given behind its words. */
export function sitDown(
  scratch: Scratch,
  words: readonly string[],
  { columns = 100, rows = 50, env = {}, line = "" }: SeatOptions = {},
): Seat {
  const name = `seat-${crypto.randomUUID()}`;
  const all = { ...scratch.env, LC_ALL: "C.UTF-8", TERM: "xterm-256color", TMUX_TMPDIR: scratch.dir, ...env };
  const tmux = (...given: readonly string[]) =>
    spawnSync("tmux", ["-f", "/dev/null", "-L", name, ...given], { env: all, encoding: "utf8", cwd: scratch.dir });
  const command = [...toolWords, ...words].map(quoted).join(" ");
  const variables = Object.entries(env).map(([key, value]) => `${key}=${quoted(value)}`);
  // Ctrl-C is for the tool: without the trap the shell would end with it.
  const script = writeOld(
    join(scratch.dir, `${name}.sh`),
    `trap : INT\ncd ${quoted(scratch.dir)}\n${[...variables, command].join(" ")} ${line}\nprintf '\\nended %s\\n' $?\nsleep 60\n`,
  );
  chmodSync(script, 0o755);
  const started = tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), `bash ${script}`);
  if (started.status !== 0) throw new Error(started.stderr);
  onTestFinished(() => void tmux("kill-server"));
  const shown = (): string => tmux("capture-pane", "-p").stdout.trimEnd();
  const sees = async (wanted: string | RegExp): Promise<string> => {
    for (let attempt = 0; attempt < 600; attempt += 1) {
      const text = shown();
      if (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)) return text;
      await new Promise((resolve) => void setTimeout(resolve, 50));
    }
    throw new Error(`the terminal does not show ${String(wanted)}:\n${shown()}`);
  };
  return {
    shown,
    sees,
    press: (...keys) => void tmux("send-keys", ...keys),
    ended: async () => Number(/^ended (\d+)$/m.exec(await sees(/^ended \d+$/m))?.[1]),
  };
}
