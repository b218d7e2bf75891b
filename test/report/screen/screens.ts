import widthOf from "fast-string-width";
import { signsIn, type Screen } from "../../../src/report/screen/screen.ts";

/** A terminal of so many cells, in a UTF-8 locale; without a width it is a pipe. */
export function screenOf(columns: number | undefined, env: Readonly<Record<string, string>> = { LANG: "C.UTF-8" }): Screen {
  return { columns, isTerminal: columns !== undefined, widthOf, signs: signsIn(env) };
}

export const japanese = "日本語-agent";
/** Each letter with two marks above and below it. */
export const marked = Array.from("agent-of-the-accents")
  .map((letter) => `${letter}\u0301\u0323`)
  .join("");
