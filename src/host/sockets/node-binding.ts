/** The versions of Node in which what is asked for below was tried. */
const tried: ReadonlySet<string | undefined> = new Set(["20", "24"]);

/** Is this a Node whose inside we know? In any other the documented, slower ways are taken. */
export function isTriedNode(): boolean {
  return process.platform === "linux" && tried.has(process.versions.node.split(".")[0]);
}

/**
 * A part of Node's inside. That is no documented face of Node, so it is there in the versions that were tried, on Linux,
 * and undefined in any other and where the permission model forbids it: then the documented, slower way is taken.
 */
export function nodeBinding<T>(name: "fs" | "pipe_wrap" | "tcp_wrap"): Partial<T> | undefined {
  if (!isTriedNode()) return undefined;
  try {
    return (process as unknown as { readonly binding: (name: string) => Partial<T> }).binding(name);
  } catch {
    return undefined;
  }
}
