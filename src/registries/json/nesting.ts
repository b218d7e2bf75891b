import { depthLimit } from "./json-grammar.ts";

/**
 * Whether brackets are nested deeper in a text than any registry needs. `JSON.parse` takes any depth, but code that walks
 * what it made runs out of stack: one such file would end the sweep of all others.
 */
export function nestedTooDeep(text: string): boolean {
  if (text.length <= 2 * depthLimit) return false;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > depthLimit) return true;
    } else if (character === "}" || character === "]") depth -= 1;
  }
  return false;
}
