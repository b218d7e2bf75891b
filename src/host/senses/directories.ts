import { type BigIntStats, type FSWatcher, realpathSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { assertPathAnswers } from "../files/held-directory.ts";
import { formatError, look } from "../observed.ts";
import type { Directories } from "./senses.ts";

/** How often, in ms, registries and their directories are looked at: a stat of each, and nothing else while all are as they were. */
const lookEveryMs = 5_000;

type ArmedWatcher = { readonly watcher: FSWatcher; readonly is: string };

/** Where a change of a registry shows: its directory, and by which name there; a directory of entries shows it itself. */
type Place = { readonly directory: string; readonly name: string | undefined };

/** The registry's own path, and the one that links lead to. */
function placesOf(registry: string): readonly Place[] {
  const placed = look(registry, () => {
    assertPathAnswers(registry);
    const real = realpathSync(registry);
    if (statSync(real).isDirectory()) return [{ directory: real, name: undefined }];
    return [registry, real].map((path) => ({ directory: dirname(path), name: basename(path) }));
  });
  return placed.seen ? placed.value : [{ directory: dirname(registry), name: basename(registry) }];
}

function statIn(path: string): BigIntStats | undefined {
  assertPathAnswers(path);
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

/** What tells a registry from what it was at another moment; the empty text for one that is not there. */
function stateOf(registry: string): string {
  const stat = look(registry, () => statIn(registry));
  return stat.seen && stat.value !== undefined ? [stat.value.dev, stat.value.ino, stat.value.size, stat.value.mtimeNs].join(" ") : "";
}

/** What tells a directory from one that takes its place later, which can have the same inode. */
function identityOf(directory: string): string | undefined {
  const stat = look(directory, () => statIn(directory));
  return stat.seen && stat.value !== undefined ? [stat.value.dev, stat.value.ino, stat.value.birthtimeNs].join(" ") : undefined;
}

/**
 * Tells of changes of registries: by their directories, and by a slow look for all of which no word comes. Their directory
 * cannot be watched or is not there; another has taken its place; the kernel's queue was full; a network's file system says
 * nothing of what other machines write.
 */
export function watchDirectories(onChange: (registry: string) => void): Directories {
  const watched = new Map<string, ArmedWatcher>();
  const states = new Map<string, string>();
  let registries: readonly string[] = [];
  let places = new Map<string, readonly (Place & { readonly registry: string })[]>();
  let timer: NodeJS.Timeout | undefined;
  let isMoved = false;

  function callOn(registry: string): void {
    states.set(registry, stateOf(registry));
    // It may be a link that leads elsewhere now.
    isMoved = true;
    onChange(registry);
  }
  function unwatch(directory: string): void {
    watched.get(directory)?.watcher.close();
    watched.delete(directory);
  }
  const callAll = (directory: string): void => places.get(directory)?.forEach(({ registry }) => callOn(registry));

  function hear(directory: string, name: string | null): void {
    // The directory itself was moved or removed, or a file in it has its name.
    if (name === basename(directory)) {
      unwatch(directory);
      place();
      return callAll(directory);
    }
    for (const at of places.get(directory) ?? []) if (name === null || at.name === undefined || at.name === name) callOn(at.registry);
  }
  /** Returns why a directory cannot be watched; one that was replaced is watched anew. */
  function arm(directory: string): string | undefined {
    const is = identityOf(directory);
    if (is === undefined) unwatch(directory);
    if (is === undefined || watched.get(directory)?.is === is) return undefined;
    const isAnew = watched.has(directory);
    unwatch(directory);
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) => hear(directory, name));
      watcher.on("error", () => {
        if (watched.get(directory)?.watcher !== watcher) return;
        unwatch(directory);
        place();
        callAll(directory);
      });
      watched.set(directory, { watcher, is });
      // Nothing says what was written before the kernel watched it.
      if (isAnew) callAll(directory);
      return undefined;
    } catch (error) {
      return formatError(error);
    }
  }
  /** Watches where the registries are now. Returns why it cannot, by registry. */
  function place(): ReadonlyMap<string, string> {
    const all = registries.flatMap((registry) => placesOf(registry).map((one) => ({ ...one, registry })));
    places = new Map();
    for (const one of all) places.set(one.directory, [...(places.get(one.directory) ?? []), one]);
    for (const directory of [...watched.keys()].filter((one) => !places.has(one))) unwatch(directory);
    const problems = new Map<string, string>();
    for (const [directory, there] of places) {
      const problem = arm(directory);
      if (problem !== undefined) for (const { registry } of there) problems.set(registry, problem);
    }
    return problems;
  }
  function lookAgain(): void {
    timer = setTimeout(lookAgain, lookEveryMs);
    const others = registries.filter((registry) => stateOf(registry) !== states.get(registry));
    isMoved ||= [...places.keys()].some((directory) => identityOf(directory) !== watched.get(directory)?.is);
    if (isMoved || others.length > 0) place();
    isMoved = false;
    for (const registry of others) callOn(registry);
  }

  return {
    keep: (wanted) => {
      registries = wanted;
      for (const registry of states.keys()) if (!wanted.includes(registry)) states.delete(registry);
      for (const registry of wanted) if (!states.has(registry)) states.set(registry, stateOf(registry));
      const problems = place();
      timer ??= setTimeout(lookAgain, lookEveryMs);
      return [...problems].map(
        ([registry, problem]) => `${registry} cannot be watched and is looked at every ${lookEveryMs / 1000} s: ${problem}`,
      );
    },
    close: () => {
      clearTimeout(timer);
      for (const directory of watched.keys()) unwatch(directory);
    },
  };
}
