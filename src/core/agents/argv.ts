/** A process title is one argument with blanks in it; its words are what was said. */
export function wordsOf(argv: readonly string[]): readonly string[] {
  const [first = "", ...others] = argv;
  if (!first.includes(" ")) return argv;
  const rest = others.every((word) => word === "") ? [] : others;
  return [...first.split(" ").filter((word) => word !== ""), ...rest];
}

/** Every whole token of an argv: each argument, and what follows `=` in an option. */
export function tokensOf(argv: readonly string[]): readonly string[] {
  return argv.slice(1).flatMap((token) => {
    const equals = token.startsWith("-") ? token.indexOf("=") : -1;
    return equals < 0 ? [token] : [token, token.slice(equals + 1)];
  });
}

function inOrder(argv: readonly string[], wanted: readonly string[]): boolean {
  let next = 0;
  for (const token of argv) {
    const want = wanted[next];
    if (want === undefined) break;
    if (token === want || token.slice(token.lastIndexOf("/") + 1) === want) next += 1;
  }
  return wanted.length > 0 && next === wanted.length;
}

/**
 * Do these tokens appear in this argv, whole and in this order? A path matches by its last part, too. An argv that its
 * program, or pm2 for it, has made a title is a single text with spaces, and matches by its words.
 */
export function argvHas(argv: readonly string[], wanted: readonly string[]): boolean {
  const [title, ...others] = argv.filter((token) => token !== "");
  return inOrder(argv, wanted) || (others.length === 0 && title !== undefined && inOrder(title.split(/\s+/), wanted));
}
