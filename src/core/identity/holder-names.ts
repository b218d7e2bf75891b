/** What may stand behind a name in a file's name: a version or a platform (`codex-x86_64-unknown-linux-musl`, `claude.exe`). */
const goesOn = (part: string, name: string): boolean => part === name || (part.startsWith(name) && /[^a-z]/.test(part[name.length] ?? ""));

/**
 * Whether a process that is called like this can be a holder with one of these names. Each part of a path counts, with or
 * without the dot of a hidden directory: an executable may be called by its version alone
 * (`~/.claude/remote/ccd-cli/2.1.271`, `…/claude/versions/2.1.197`).
 */
export function canBeHolder(called: readonly string[], holderNames: readonly string[]): boolean {
  const parts = called.flatMap((path) => path.toLowerCase().split("/")).map((part) => part.replace(/^\./, ""));
  return holderNames.some((name) => parts.some((part) => goesOn(part, name)));
}

/** How a process is called in a sentence: the last parts of its paths, once each. */
export function shortNames(called: readonly string[]): string {
  return [...new Set(called.map((path) => path.slice(path.lastIndexOf("/") + 1)))].join(", ");
}
