import { containerOf, type Loaded, type ReadRegistry, type Unread } from "./loaded.ts";
import { registryId } from "./target.ts";

/** The file or directory itself, however its path is spelled, as this format reads it. */
function placeOf(loaded: ReadRegistry): string {
  const { realPath, stat } = containerOf(loaded);
  return registryId({ ...loaded.target, path: stat === undefined ? realPath : `${stat.dev}:${stat.ino}` });
}

const ownerOf = ({ target }: ReadRegistry): string => JSON.stringify(target.owner ?? null);

/**
 * One registry under two paths (a symbolic link, a mount) is one: swept twice, its second sweep would find a file that
 * has changed. The one whose owner is known counts for both; where two owners are named, it is unknown whom to ask.
 */
export function uniquePaths(loaded: readonly Loaded[]): {
  readonly loaded: readonly Loaded[];
  /** The same registries under other paths: of one that is declared twice each declaration may read it otherwise. */
  readonly aliases: readonly ReadRegistry[];
  readonly warnings: readonly string[];
} {
  const groups = new Map<string, ReadRegistry[]>();
  for (const one of loaded) {
    if (one.state !== "read") continue;
    const place = placeOf(one);
    groups.set(place, [...(groups.get(place) ?? []), one]);
  }
  const instead = new Map<Loaded, Unread | undefined>();
  const warnings: string[] = [];
  const readOtherwise: ReadRegistry[] = [];
  for (const aliases of groups.values()) {
    const owned = aliases.filter(({ target }) => target.owner !== undefined);
    const [authority] = [...owned, ...aliases];
    if (authority === undefined || aliases.length === 1) continue;
    const agree = owned.every((one) => ownerOf(one) === ownerOf(authority));
    for (const one of aliases) {
      if (!agree) {
        const others = aliases.filter((other) => other !== one).map(({ target }) => target.path);
        instead.set(one, {
          state: "unreadable",
          target: one.target,
          problem: `is also ${others.join(", ")}, with another owner; describe it once`,
        });
      } else if (one !== authority) {
        instead.set(one, undefined);
        if (one.target.format.declaredFields !== undefined) readOtherwise.push(one);
        warnings.push(`${one.target.path} is the same ${one.target.format.name} registry as ${authority.target.path}, which is swept once`);
      }
    }
  }
  return { loaded: loaded.flatMap((one) => (instead.has(one) ? (instead.get(one) ?? []) : [one])), aliases: readOtherwise, warnings };
}
