import { readFileSync } from "node:fs";
import { errorCode, formatError } from "../observed.ts";
import { readStat } from "../processes/proc-stat.ts";

/** How a command ended. `exitCode` is what a shell would say of it: 128 and the signal's number, 127, 126. */
export type CommandEnd = { readonly exitCode: number; readonly problem: string | undefined };

/** Signals that reach the launcher and are meant for the command that it runs. */
const forwarded = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGTSTP"] as const;

/** A terminal sends these to its whole foreground group, so the command already has them. */
const fromTerminal: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH", "SIGTSTP"]);

/** A stop is looked at after so many ms: right after a resume the command may not have been woken yet. */
const stopCheckMs = 20;

/** Is a process in the foreground group of its terminal? Fields 5, 7 and 8 of stat: its group, the terminal and that one's group. */
function inForeground(pid: number | "self"): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[4] !== "0" && fields[2] === fields[5];
  } catch {
    return false;
  }
}

function isStopped(pid: number): boolean {
  try {
    return readStat(pid).state === "T";
  } catch {
    return false;
  }
}

/** With the default action of SIGTSTP, which the kernel leaves out where no shell is there to wake us again. */
function stopOurselves(handler: (() => void) | undefined): void {
  if (handler === undefined) return;
  process.off("SIGTSTP", handler);
  process.kill(process.pid, "SIGTSTP");
  process.on("SIGTSTP", handler);
}

/**
 * Runs a command as if no launcher stood between it and the terminal: it inherits every stream, stays in our process group
 * and gets every signal. When it stops (Ctrl-Z), we stop after it: earlier, and the shell's prompt would land on a screen
 * that the command has not given back yet; never, and the shell would wait for a job that stands still.
 */
export function runCommand(command: readonly string[], env: NodeJS.ProcessEnv, onStart: (pid: number) => void): Promise<CommandEnd> {
  const [file = "", ...args] = command;
  const { spawn } = process.getBuiltinModule("node:child_process");
  return new Promise((resolve) => {
    let pid: number | undefined;
    const handlers = new Map<NodeJS.Signals, () => void>();
    const send = (signal: NodeJS.Signals): void => void (pid !== undefined && child.kill(signal));
    const finish = (end: CommandEnd): void => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
      resolve(end);
    };
    for (const signal of forwarded) {
      handlers.set(signal, () => {
        if (!fromTerminal.has(signal) || !inForeground("self")) send(signal);
      });
    }
    handlers.set("SIGCONT", () => {
      if (pid !== undefined && isStopped(pid)) send("SIGCONT");
    });
    handlers.set("SIGCHLD", () => {
      setTimeout(() => {
        if (pid !== undefined && isStopped(pid) && (inForeground("self") || inForeground(pid))) stopOurselves(handlers.get("SIGTSTP"));
      }, stopCheckMs).unref();
    });
    // Before the command is there: one that answers to signals at once must not find us deaf.
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const child = spawn(file, args, { stdio: "inherit", env });
    ({ pid } = child);
    child.once("error", (error) => finish({ exitCode: errorCode(error) === "ENOENT" ? 127 : 126, problem: formatError(error) }));
    child.once("exit", (code, signal) => {
      finish({
        exitCode: signal === null ? (code ?? 1) : 128 + process.getBuiltinModule("node:os").constants.signals[signal],
        problem: undefined,
      });
    });
    if (pid !== undefined) onStart(pid);
  });
}
