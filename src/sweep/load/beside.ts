import type { LookingHost } from "../../host/looking-host.ts";
import { loadRegistry } from "./load.ts";
import { containerOf, isRead, type Loaded, type ReadRegistry } from "./loaded.ts";
import { registryId, type Target } from "./target.ts";

const isWithin = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

/**
 * What is not swept in this run and may read the same bytes as what is: registries that flags leave out, and declarations
 * that others overrule. What one of them sees in an entry keeps it.
 */
export async function loadBeside(
  host: LookingHost,
  witnesses: readonly Target[],
  judged: readonly Loaded[],
): Promise<readonly ReadRegistry[]> {
  const ids = new Set(judged.map(({ target }) => registryId(target)));
  const places = judged.filter(isRead).flatMap((one) => [one.target.path, containerOf(one).realPath]);
  const beside = witnesses.filter((target) => {
    if (!ids.has(registryId(target)) || target.overruled === true)
      return places.some((place) => isWithin(place, target.path) || isWithin(target.path, place));
    return false;
  });
  return (await Promise.all(beside.map((target) => loadRegistry(host, target)))).filter(isRead);
}
