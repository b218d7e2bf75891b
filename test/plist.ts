/** What a property list can hold here. */
export type Plist = string | number | boolean | readonly Plist[] | { readonly [key: string]: Plist };

const tokens = /<\?xml[^>]*\?>\s*|<!DOCTYPE[^>]*>\s*|<!--(?:(?!--)[\s\S])*-->\s*|<(\/?)([a-z]+)( version="1\.0")?(\/?)>|([^<]+)/gy;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">" };

type Token = { readonly kind: "open" | "close" | "empty" | "text"; readonly word: string };

function tokensOf(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (const match of text.matchAll(tokens)) {
    const [whole, slash, name, , empty, chars] = match;
    at = match.index + whole.length;
    if (name !== undefined) found.push({ kind: slash === "/" ? "close" : empty === "/" ? "empty" : "open", word: name });
    const { kind, word } = found.at(-1) ?? {};
    const isInside = kind === "open" && (word === "string" || word === "key");
    if (chars !== undefined && (chars.trim() !== "" || isInside)) found.push({ kind: "text", word: chars });
  }
  if (at !== text.length) throw new Error(`no XML from here: ${text.slice(at, at + 60)}`);
  return found;
}

function decoded(text: string): string {
  return text.replaceAll(/&([^;]*;?)/g, (whole, name: string) => {
    const character = entities[name.slice(0, -1)];
    if (character === undefined) throw new Error(`no entity of XML's: ${whole}`);
    return character;
  });
}

/** Reads an XML property list strictly: whatever is not as its document type says is thrown. */
export function parsePlist(text: string): Plist {
  const left = tokensOf(text);
  const take = (kind: Token["kind"], word?: string): string => {
    const token = left.shift();
    if (token?.kind !== kind || (word !== undefined && token.word !== word))
      throw new Error(`${kind} ${word} is missing at ${token?.word}`);
    return token.word;
  };
  const isNext = (kind: Token["kind"]): boolean => left[0]?.kind === kind;
  const textOf = (name: string): string => {
    const chars = isNext("text") ? take("text") : "";
    take("close", name);
    return decoded(chars);
  };
  const value = (): Plist => {
    if (isNext("empty")) {
      const word = take("empty");
      if (word !== "true" && word !== "false") throw new Error(`no value: <${word}/>`);
      return word === "true";
    }
    const name = take("open");
    if (name === "string") return textOf(name);
    if (name === "integer") return Number.parseInt(textOf(name), 10);
    if (name === "array") {
      const list: Plist[] = [];
      while (!isNext("close")) list.push(value());
      take("close", name);
      return list;
    }
    if (name !== "dict") throw new Error(`no type of a property list: ${name}`);
    const members: [string, Plist][] = [];
    while (!isNext("close")) {
      take("open", "key");
      members.push([textOf("key"), value()]);
    }
    take("close", name);
    if (new Set(members.map(([key]) => key)).size !== members.length) throw new Error("a key stands twice");
    return Object.fromEntries(members);
  };
  take("open", "plist");
  const root = value();
  take("close", "plist");
  if (left.length > 0) throw new Error("something stands behind the list");
  return root;
}
