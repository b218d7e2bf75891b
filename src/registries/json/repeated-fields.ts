import type { FieldMap } from "../fields.ts";
import { pointerParts } from "./json-bytes.ts";
import type { SourceText } from "./json-members.ts";
import { repeatedName } from "./text-faults.ts";

type Way = readonly string[];

const waysOf = (fields: FieldMap): readonly Way[] =>
  Object.values(fields).map((member) => (member.startsWith("/") ? pointerParts(member) : [member]));

const standsTwice = (text: string, quoted: string): boolean => {
  const first = text.indexOf(quoted);
  return first >= 0 && text.includes(quoted, first + quoted.length);
};

/**
 * Makes what says of an entry's text why it cannot be understood: a member that its fields name, or one on the way to it,
 * stands twice, so which of them is meant is unknown. A text that has no name twice, and no escape, is not gone through.
 */
export function repeatedFieldReader(fields: FieldMap): (source: SourceText) => string | undefined {
  const ways = waysOf(fields);
  const quotedNames = [...new Set(ways.flat())].map((name) => JSON.stringify(name));
  return (source) => {
    const text = source.text(0, source.bytes.length);
    if (quotedNames.length === 0 || (!text.includes("\\") && !quotedNames.some((name) => standsTwice(text, name)))) return undefined;
    const found = repeatedName(source, (path) => ways.some((way) => path.every((part, index) => part === way[index])));
    return found && `"${found.path.join("/")}" stands twice in it, so which of them is meant is unknown`;
  };
}
