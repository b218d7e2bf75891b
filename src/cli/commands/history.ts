import { readHistory } from "../../host/state/history.ts";
import { retiredLine } from "../../report/owners-text.ts";
import { visible } from "../../report/visible.ts";
import type { OutputOptions, Run } from "../context.ts";
import { writeDocument, writeLines } from "../output.ts";
import { readState } from "../prepare.ts";
import { checkPlaces, stateDirectory } from "../config/paths.ts";

export const runHistory: Run<OutputOptions> = async ({ options, env, stdout }) => {
  checkPlaces(env);
  const sweeps = readState(stateDirectory(env), readHistory);
  if (options.json === true) {
    await writeDocument(stdout, { command: "history", sweeps, exitCode: 0 });
    return 0;
  }
  const lines = sweeps.flatMap(({ sweepId, at, command, word, entries, more, processes }) => [
    `${sweepId}  ${at}  ${command}${word === undefined ? "" : `, ${visible(word)}`}`,
    ...entries.map(({ registry, key, action, reason }) => `  ${visible(key)}  ${action}  ${reason}  ${visible(registry)}`),
    ...(more === undefined ? [] : [`  and ${more} more`]),
    ...(processes ?? []).map(retiredLine),
  ]);
  await writeLines(stdout, lines.length === 0 ? ["No sweep has reaped anything yet."] : lines);
  return 0;
};
