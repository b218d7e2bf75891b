const isBlank = (character: string): boolean => /\s/.test(character);
const isLetter = (character: string): boolean => /[\p{L}\p{N}_-]/u.test(character);

/** Where these words end in a text from `at` on, in any case and with any white space between them; undefined where they do not stand there. */
function endOf(text: string, at: number, words: readonly string[]): number | undefined {
  let end = at;
  for (const word of words) {
    if (end > at && !isBlank(text.charAt(end))) return undefined;
    while (end > at && isBlank(text.charAt(end))) end += 1;
    if (text.slice(end, end + word.length).toLowerCase() !== word) return undefined;
    end += word.length;
  }
  return isLetter(text.charAt(end)) ? undefined : end;
}

/** What stands behind each of the places at which a text says these words. A prompt can be wrapped, and quote them before it says them. */
export function saidBehind(text: string, behind: string): readonly string[] {
  const words = behind.trim().toLowerCase().split(" ");
  const said: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const end = endOf(text, at, words);
    if (end !== undefined) said.push(text.slice(end).trimStart());
  }
  return said;
}

/** The longest of these words: a text without it says them nowhere, which is told faster. */
export function longestWord(behind: string): string {
  const words = behind.toLowerCase().split(" ");
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), "");
}
