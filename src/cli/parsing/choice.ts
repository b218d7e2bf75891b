import { parseDuration } from "../../core/duration.ts";
import { ownHome } from "../../host/files/homes.ts";
import type { Choice } from "../../report/listing/choice.ts";
import { Failure } from "../failure.ts";

/** The options that choose entries, as commander hands them over. */
export type ChoosingOptions = {
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly olderThan?: string;
  readonly ghosts?: boolean;
};

/** What was chosen; undefined where nothing was said. */
export function choiceFrom({ only = [], except = [], olderThan, ghosts = false }: ChoosingOptions): Choice | undefined {
  if (only.length === 0 && except.length === 0 && olderThan === undefined && !ghosts) return undefined;
  for (const [name, words] of [
    ["--only", only],
    ["--except", except],
  ] as const)
    if (words.includes("")) throw new Failure("usage", `${name}: the pattern is empty; * is any text`);
  const olderThanMs = olderThan === undefined ? undefined : parseDuration(olderThan);
  if (olderThan !== undefined && olderThanMs === undefined)
    throw new Failure("usage", `--older-than: "${olderThan}" is not a duration such as 90s, 10m, 2h or 7d`);
  return { only, except, olderThanMs, ghosts, home: ownHome() };
}
