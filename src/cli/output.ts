import { fstatSync, writeSync } from "node:fs";
import type { OutputDocument } from "./documents/documents.ts";
import { Failure } from "./failure.ts";
import { errorCode, formatError } from "../host/observed.ts";
import { outputSchema } from "../report/json.ts";
import { type Palette, plain } from "../report/visible.ts";

/**
 * One of our two outputs. Node's own stream for it costs a tenth of a bare start, so it is made only when a command asks
 * for it.
 */
export type Output = { readonly fd: 1 | 2; readonly isTTY: boolean; readonly stream: NodeJS.WriteStream };

function outputAt(fd: 1 | 2, stream: () => NodeJS.WriteStream): Output {
  return {
    fd,
    get isTTY() {
      try {
        // With numbers as they are: Node's usual Stats are a hundredth of a bare start.
        return fstatSync(fd, { bigint: true }).isCharacterDevice() && stream().isTTY === true;
      } catch {
        return false;
      }
    },
    get stream() {
      return stream();
    },
  };
}

export const stdout = outputAt(1, () => process.stdout);
export const stderr = outputAt(2, () => process.stderr);

/** Does this stream get colour? chalk honours neither NO_COLOR nor the difference between two streams by itself. */
function wantsColor(stream: Output, choice: string, env: NodeJS.ProcessEnv): boolean {
  if (choice !== "auto" && choice !== "always" && choice !== "never")
    throw new Failure("usage", `--color: "${choice}" is not one of auto, always, never`);
  if (choice !== "auto") return choice === "always";
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  return env["TERM"] !== "dumb" && stream.isTTY;
}

/** chalk is loaded only where there is colour to make. */
export async function paletteFor(stream: Output, choice: string): Promise<Palette> {
  if (!wantsColor(stream, choice, process.env)) return plain;
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  const { red, yellow, green, dim, bold, cyan } = chalk;
  return { ghost: red, undecided: yellow, live: green, faint: dim, strong: bold, problem: bold.red, command: cyan };
}

/** What one write is given at most, in bytes, so that a long report needs no second copy of itself. */
const chunkBytes = 1 << 20;

function notTaken(fd: Output["fd"], error: unknown): Failure {
  return new Failure("state", `standard ${fd === 1 ? "output" : "error"} cannot be written: ${formatError(error)}`);
}

/** Writes as much as is taken at once, and returns where it stopped: a pipe that never blocks says EAGAIN when full. */
function writeNow(fd: Output["fd"], bytes: Buffer): number {
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(fd, bytes, at, Math.min(chunkBytes, bytes.length - at));
  } catch (error) {
    if (errorCode(error) === "EPIPE") return bytes.length;
    if (errorCode(error) !== "EAGAIN") throw notTaken(fd, error);
  }
  return at;
}

function writeLater({ fd, stream }: Output, bytes: Buffer): Promise<void> {
  if (stream.listenerCount("error") === 0) stream.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => {
      if (error === null || error === undefined || errorCode(error) === "EPIPE") resolve();
      else reject(notTaken(fd, error));
    });
  });
}

/** Writes and waits until everything has been taken, so that a slow pipe loses nothing. A closed pipe is no error. */
export async function write(to: Output, text: string): Promise<void> {
  if (text === "") return;
  const bytes = Buffer.from(text);
  const at = writeNow(to.fd, bytes);
  if (at < bytes.length) await writeLater(to, bytes.subarray(at));
}

type WithoutSchema<Document> = Document extends unknown ? Omit<Document, "schema"> : never;

/** Prints the JSON document of a command; a report of a sweep can be too long for that. */
export function writeDocument(to: Output, document: WithoutSchema<OutputDocument>): Promise<void> {
  return write(to, `${JSON.stringify({ schema: outputSchema, ...document })}\n`);
}

const linesAtOnce = 4096;

export async function writeLines(to: Output, lines: readonly string[]): Promise<void> {
  for (let at = 0; at < lines.length; at += linesAtOnce) {
    await write(
      to,
      lines
        .slice(at, at + linesAtOnce)
        .map((line) => `${line}\n`)
        .join(""),
    );
  }
}

/** Writes many small pieces in few writes, and ends the line. */
export async function writePieces(to: Output, pieces: Iterable<string>): Promise<void> {
  let held = "";
  for (const piece of pieces) {
    held += piece;
    if (held.length < chunkBytes) continue;
    await write(to, held);
    held = "";
  }
  await write(to, `${held}\n`);
}
