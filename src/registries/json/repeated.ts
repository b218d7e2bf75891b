import { memberKey, type Container } from "./json-bytes.ts";
import type { SourceText } from "./json-members.ts";

/** The names that occur more than once in an object, however each is written: an escape and its letter are one name. */
export function repeatedNames(source: SourceText, container: Container): ReadonlySet<string> {
  const [once, again] = [new Set<string>(), new Set<string>()];
  for (let index = 0; index < container.members.length; index += 1) {
    const name = memberKey(source, container, index);
    if (once.has(name)) again.add(name);
    else once.add(name);
  }
  return again;
}
