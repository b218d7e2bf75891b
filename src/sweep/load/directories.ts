import type { ReadRegistry } from "./loaded.ts";

/** So many directories are looked into in one sweep: each costs a look for every registry that can be in one. */
const mostDirectories = 1_000;

/** The directories in which sessions work, as the claims of these registries say; none twice. */
export function workingDirectories(registries: readonly ReadRegistry[]): readonly string[] {
  const directories = new Set<string>();
  for (const { entries } of registries) {
    for (const { claim } of entries) {
      const cwd = claim.ok ? claim.registration.cwd : undefined;
      if (cwd?.startsWith("/") === true) directories.add(cwd.replace(/(?<=.)\/+$/, ""));
      if (directories.size === mostDirectories) return [...directories];
    }
  }
  return [...directories];
}
