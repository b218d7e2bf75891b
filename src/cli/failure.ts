import { exitCodes } from "../report/exit-code.ts";

const exits = {
  usage: exitCodes.usage,
  config: exitCodes.usage,
  busy: exitCodes.busy,
  refused: exitCodes.refused,
  "not-found": exitCodes.fault,
  state: exitCodes.fault,
} as const;

/** What makes a whole run meaningless. Caught once, in `main.ts`; what is expected of one entry is never thrown. */
export type FailureCode = keyof typeof exits;

export const failureCodes = Object.keys(exits) as readonly FailureCode[];

export class Failure extends Error {
  readonly code: FailureCode;
  readonly problem: string;
  /** What stands below it: what mends it begins with `do: `. */
  readonly below: readonly string[];
  constructor(code: FailureCode, problem: string, ...below: readonly string[]) {
    super([problem, ...below.map((line) => line.replace(/^do: /, ""))].join("; "));
    this.code = code;
    this.problem = problem;
    this.below = below;
  }
  get exitCode(): number {
    return exits[this.code];
  }
}

/** The calls that led to an error, one a line, the innermost first. */
export function stackOf(error: unknown): readonly string[] {
  const text = error instanceof Error ? (error.stack ?? "") : "";
  return text.split("\n").filter((line) => /^ +at /.test(line));
}
