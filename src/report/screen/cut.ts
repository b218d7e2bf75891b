import type { Screen } from "./screen.ts";

type Measure = Pick<Screen, "widthOf" | "signs">;

/** What a reader takes for one character, so that no accent is torn from its letter. */
export function charactersOf(text: string): readonly string[] {
  if (/^[ -~]*$/.test(text)) return Array.from(text);
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

/** As many of these characters, from the first, as fit into the cells. */
export function take(characters: readonly string[], cells: number, { widthOf }: Pick<Measure, "widthOf">): readonly string[] {
  let used = 0;
  const end = characters.findIndex((character) => (used += widthOf(character)) > cells);
  return end === -1 ? characters : characters.slice(0, end);
}

/** A text of at most so many cells: what is too long for them loses its middle. */
export function cutMiddle(text: string, cells: number, screen: Measure): string {
  const { widthOf, signs } = screen;
  if (widthOf(text) <= cells) return text;
  const room = cells - widthOf(signs.ellipsis);
  if (room < 1) return take(charactersOf(text), cells, screen).join("");
  const characters = charactersOf(text);
  const head = take(characters, Math.ceil(room / 2), screen);
  const rest = room - widthOf(head.join(""));
  const tail = take(characters.toReversed(), rest, screen).toReversed();
  return `${head.join("")}${signs.ellipsis}${tail.join("")}`;
}

/** A part that is cut to fewer cells says too little. */
const shortestPart = 8;

/** A path of at most so many cells. It loses whole parts in its middle; only where that is not enough, its last part is cut, too. */
export function cutPath(path: string, cells: number, screen: Measure): string {
  const { widthOf, signs } = screen;
  if (widthOf(path) <= cells) return path;
  const parts = path.split("/");
  const last = parts.at(-1) ?? "";
  for (let kept = parts.length - 2; kept > 0; kept -= 1) {
    const shorter = [...parts.slice(0, kept), signs.ellipsis, last].join("/");
    if (widthOf(shorter) <= cells) return shorter;
  }
  const behind = `/${signs.ellipsis}/${last}`;
  const first = cells - widthOf(behind);
  if (parts.length > 2 && first >= shortestPart) return `${cutMiddle(parts[0] ?? "", first, screen)}${behind}`;
  const front = parts.length > 2 ? `${parts[0] ?? ""}/${signs.ellipsis}/` : "";
  const room = cells - widthOf(front);
  return room < shortestPart ? cutMiddle(last, cells, screen) : `${front}${cutMiddle(last, room, screen)}`;
}
