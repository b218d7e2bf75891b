import type { SweepDocument, SweepReport } from "./model/sweep.ts";

export const outputSchema: SweepDocument["schema"] = 1;

/**
 * The JSON of a report in pieces: a report of a million entries is longer than the longest string. What is counted
 * twice over is left out.
 */
export function* sweepJson({
  entries,
  notable: _notable,
  tallies: _tallies,
  titles: _titles,
  chosenGhosts: _chosen,
  summary,
  ...rest
}: SweepReport): Generator<string, undefined> {
  const { refusal, looks, warnings, exitCode, ...head } = rest;
  yield `${JSON.stringify({ schema: outputSchema, ...head }).slice(0, -1)},"entries":[`;
  let separator = "";
  for (const entry of entries) {
    yield `${separator}${JSON.stringify(entry)}`;
    separator = ",";
  }
  yield `],${JSON.stringify({ summary, refusal, looks, warnings, exitCode }).slice(1)}`;
}
