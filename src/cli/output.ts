import { plain, type Palette } from "../report/palette.ts";
import { Failure } from "./failure.ts";

export type ColorChoice = "auto" | "always" | "never";

/** Does this stream get colour? chalk honours neither NO_COLOR nor the difference between two streams by itself. */
function wantsColor(stream: NodeJS.WriteStream, choice: string, env: NodeJS.ProcessEnv): boolean {
  if (choice !== "auto" && choice !== "always" && choice !== "never")
    throw new Failure("usage", `--color: "${choice}" is not one of auto, always, never`);
  if (choice !== "auto") return choice === "always";
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** chalk is loaded only where there is colour to make. */
export async function paletteFor(stream: NodeJS.WriteStream, choice: string): Promise<Palette> {
  if (!wantsColor(stream, choice, process.env)) return plain;
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  return { ghost: chalk.red, undecided: chalk.yellow, live: chalk.green, faint: chalk.dim, strong: chalk.bold, problem: chalk.red };
}

/** Writes and waits until the stream has taken it, so that a slow pipe loses nothing. A closed pipe is no error. */
export function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (text === "") return Promise.resolve();
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined || ("code" in error && error.code === "EPIPE")) resolve();
      else reject(error);
    });
  });
}

export function writeLines(stream: NodeJS.WriteStream, lines: readonly string[]): Promise<void> {
  return write(stream, lines.map((line) => `${line}\n`).join(""));
}
