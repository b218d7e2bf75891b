import type { Env } from "./config/paths.ts";
import type { Output } from "./output.ts";
import { narrowest, signsIn, type Screen, type WidthOf } from "../report/screen/screen.ts";

/** A terminal that tells no width, and no `COLUMNS` beside it. */
const usualColumns = 80;

function columnsOf({ stream }: Output, env: Env): number {
  if (stream.columns > 0) return stream.columns;
  const given = Number(env["COLUMNS"]);
  return Number.isSafeInteger(given) && given > 0 ? given : usualColumns;
}

/** The library that counts cells is loaded here alone: a sweep that prints no table does without it. */
async function cellCounter(): Promise<WidthOf> {
  const { default: widthOf } = await import("fast-string-width");
  return (text) => (/^[ -~]*$/.test(text) ? text.length : widthOf(text));
}

/** What this output is for those who print on it. */
export async function screenFor(to: Output, env: Env): Promise<Screen> {
  const columns = to.isTTY ? columnsOf(to, env) : undefined;
  return {
    columns: columns !== undefined && columns >= narrowest ? columns : undefined,
    isTerminal: to.isTTY,
    widthOf: await cellCounter(),
    signs: signsIn(env),
  };
}
