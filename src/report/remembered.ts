import { formatDuration } from "../core/duration.ts";
import type { EntryMemory } from "../core/memory/memory.ts";
import { secondLookMs } from "../core/policy.ts";
import type { RegistryFacts } from "../core/scene.ts";
import { visible } from "./visible.ts";

/** What earlier sweeps remember of one entry. Spans are in ms of awake time; null where there is none. */
export type RememberedReport = {
  readonly seenForMs: number | null;
  readonly absentForMs: number | null;
  readonly secondLookInMs: number | null;
  readonly longestGapMs: number | null;
  readonly stillForMs: number | null;
  readonly clockStepped: boolean;
  readonly holders: readonly { readonly pid: number; readonly startTicks: string; readonly program: string }[];
  readonly startTokensProven: boolean;
};

export function rememberedReport(memory: EntryMemory, { startTokensProven }: Pick<RegistryFacts, "startTokensProven">): RememberedReport {
  const { seenForMs, absentForMs, longestGapMs, stillForMs, clockStepped, holders } = memory;
  return {
    seenForMs: seenForMs > 0 ? Math.round(seenForMs) : null,
    absentForMs: absentForMs === undefined ? null : Math.round(absentForMs),
    secondLookInMs: absentForMs === undefined ? null : Math.max(0, Math.round(secondLookMs - absentForMs)),
    longestGapMs: longestGapMs > 0 ? Math.round(longestGapMs) : null,
    stillForMs: stillForMs === undefined ? null : Math.round(stillForMs),
    clockStepped,
    holders: holders.map(({ pid, startTicks, program }) => ({ pid, startTicks, program })),
    startTokensProven,
  };
}

/** The same in words, without what is not there. */
export function formatRemembered(report: RememberedReport): string {
  const { seenForMs, absentForMs, secondLookInMs, longestGapMs, stillForMs, clockStepped, holders, startTokensProven } = report;
  const looks =
    secondLookInMs === null || absentForMs === null
      ? []
      : [
          `found absent since ${formatDuration(absentForMs)}, and ${secondLookInMs === 0 ? "the next look counts" : `a look counts in ${formatDuration(secondLookInMs)}`}`,
        ];
  return [
    ...(seenForMs === null ? [] : [`first seen ${formatDuration(seenForMs)} ago`]),
    ...looks,
    ...(longestGapMs === null ? [] : [`heartbeats up to ${formatDuration(longestGapMs)} apart`]),
    ...(stillForMs === null ? [] : [`last seen to beat ${formatDuration(stillForMs)} ago`]),
    ...(clockStepped ? ["the clock was stepped since it was written"] : []),
    ...holders.map(({ program, pid }) => `shown by ${visible(program)} (pid ${pid})`),
    ...(startTokensProven ? [] : ["no start token of its registry has proved right yet"]),
  ].join("; ");
}
