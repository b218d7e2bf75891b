import type { Readable } from "node:stream";
import { perlCall } from "../programs/perl.ts";
import leaseProgram from "../locks/lease.pl";
import attributesProgram from "./attributes.pl";
import swapProgram from "./swap.pl";

/** Longer than anything that the helper does by itself; one that is silent for so long is stopped. */
const answerMs = 15_000;

export type SwapHelper = {
  /** One answer to one command; undefined when the helper has ended or does not answer. */
  readonly ask: (command: string) => Promise<string | undefined>;
  /** Tells it that nothing more will come, and waits until its lease is gone. */
  readonly end: () => Promise<void>;
};

export type SwapDescriptors = { readonly directory: number; readonly judged: number; readonly made: number };

/** The lines of a stream, one a call; undefined when there will be none. `node:readline` would be a millisecond more. */
function linesOf(stream: Readable, closed: Promise<void>): () => Promise<string | undefined> {
  const lines: (string | undefined)[] = [];
  let rest = "";
  let wake: (() => void) | undefined;
  const add = (...more: readonly (string | undefined)[]): void => {
    lines.push(...more);
    if (lines.length > 0) wake?.();
  };
  stream.setEncoding("utf8").on("data", (text: string) => {
    const parts = `${rest}${text}`.split("\n");
    rest = parts.pop() ?? "";
    add(...parts);
  });
  void closed.then(() => add(undefined));
  return async () => {
    if (lines.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return lines[0] === undefined ? undefined : lines.shift();
  };
}

/**
 * Starts the helper, or answers undefined where there is no perl, or one for a machine that is not known.
 */
export async function startSwapHelper(descriptors: SwapDescriptors, temporary: string, name: string): Promise<SwapHelper | undefined> {
  const { directory, judged, made } = descriptors;
  // Only a sweep that reaps needs these.
  const { spawn } = await import("node:child_process");
  const { args, env } = perlCall(leaseProgram + attributesProgram + swapProgram, temporary, name);
  const child = spawn("perl", args, { stdio: ["pipe", "pipe", "ignore", directory, judged, made], env });
  let failure: unknown;
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      failure = error;
      resolve();
    });
  });
  const { stdout = null } = child as Partial<typeof child>;
  // Where no more files can be opened there are no pipes. That is no machine without perl, and over when others are closed.
  if (stdout === null || child.stdin === null) {
    await closed;
    throw failure;
  }
  const { stdin } = child;
  stdin.on("error", () => undefined);
  const nextLine = linesOf(stdout, closed);

  async function answer(): Promise<string | undefined> {
    const timer = setTimeout(() => child.kill("SIGKILL"), answerMs);
    try {
      return await nextLine();
    } finally {
      clearTimeout(timer);
    }
  }

  async function end(): Promise<void> {
    stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), answerMs);
    await closed;
    clearTimeout(timer);
  }

  if ((await answer()) !== "here") {
    await end();
    return undefined;
  }
  return {
    ask: (command) => {
      stdin.write(`${command}\n`);
      return answer();
    },
    end,
  };
}
