import type { Output } from "./output.ts";
import type { Env } from "./config/paths.ts";

/** What a command is given: its words, its options, and the process around it. */
export type Invocation<Options> = {
  readonly words: readonly string[];
  readonly options: Options;
  readonly env: Env;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly version: string;
};

/** The process in which a command runs. */
export type ProcessContext = Pick<Invocation<never>, "env" | "stdout" | "stderr" | "version">;

/** Runs one command and returns the exit code. */
export type Run<Options> = (invocation: Invocation<Options>) => Promise<number>;

export type OutputOptions = { readonly json?: boolean; readonly quiet?: boolean; readonly verbose?: boolean; readonly color?: string };
