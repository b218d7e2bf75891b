import type { RetiredProcess } from "../core/agents/retirement.ts";
import type { outputSchema } from "./model.ts";

/** One live process. What it was started with is not told: it can hold a prompt or a secret. */
export type ProcessReport = {
  readonly pid: number;
  readonly startTicks: string;
  readonly agent: string;
  readonly ageMs: number | null;
  readonly terminal: string | null;
  readonly memoryBytes: number | null;
  readonly cwd: string | null;
};

export type HarnessReport = {
  readonly agent: string;
  /** The oldest first: a shim and its native child are one harness. */
  readonly processes: readonly ProcessReport[];
  readonly signs: readonly string[];
  readonly children: readonly (ProcessReport & { readonly via: string })[];
  readonly helpers: readonly number[];
  readonly doubts: readonly string[];
};

export type OwnersReport = {
  readonly schema: typeof outputSchema;
  readonly command: "owners";
  readonly sessions: readonly { readonly sessionId: string; readonly duplicate: boolean; readonly harnesses: readonly HarnessReport[] }[];
  readonly unattributed: readonly { readonly process: ProcessReport; readonly why: string }[];
  readonly retired: readonly RetiredProcess[];
  readonly summary: { readonly sessions: number; readonly harnesses: number; readonly duplicates: number };
  readonly warnings: readonly string[];
  readonly exitCode: number;
};
