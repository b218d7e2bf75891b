import type { Chance } from "./chance.ts";

/** What a machine can be like. Each world can be switched on for a history, by itself or with others. */
export const worlds = {
  launchers: "runtimes, loaders, runners and wrappers start agents, under any name, with the id in any spelling",
  "open-files": "agents show their session by a file that they hold open, in a home that no sweep knows",
  "erased-argv": "agents take a title, and their arguments are gone",
  "short-ids": "session ids are numbers of a few digits",
  "entry-locks": "a child that outlives an agent holds the lock on its entry's file",
  onlookers: "readers, editors and terminal servers carry the ids of sessions that have ended",
  "threads-outlive-leader": "the first thread of an agent ends, and its other threads work on",
  zombies: "parents do not ask for their children, so that these stay as zombies",
  "several-registries": "several registries name one session, and only one of them its process",
  "misdeclared-fields": "a configuration looks for pids under another name than their writer gives them",
  "changed-in-place": "an agent goes on with another session, under the arguments of the old one and sometimes its record, too",
  "unknown-names": "sessreap knows no agent, runtime or holder by its name",
  "nested-namespaces": "containers stand in containers, and a pid is recorded as any of them counts it",
  "boot-id-spellings": "writers spell the boot id without hyphens or in capitals",
  "container-boot-ids": "containers have boot ids of their own",
  "other-kernels": "kernels beside this one (microVMs) share its home, and no process of theirs can be seen",
  "token-units": "a writer's start tokens are milliseconds",
  "token-zero": "a writer leaves zero where it could not read the start",
  "wrong-clocks": "the machine boots years behind or a year ahead, until the network sets its clock right",
} as const satisfies Readonly<Record<string, string>>;

export type World = keyof typeof worlds;
export const worldNames = Object.keys(worlds) as readonly World[];

/** None, one, two, or about a third of all. */
export function anyWorlds(chance: Chance): ReadonlySet<World> {
  const count = chance.below(4);
  if (count === 3) return new Set(worldNames.filter(() => chance.oneIn(3)));
  return new Set(Array.from({ length: count }, () => chance.pick(worldNames)));
}

/** Those of a list of names with commas; undefined where there is no list. */
export function worldsNamed(names: string | undefined): ReadonlySet<World> | undefined {
  return names === undefined ? undefined : new Set(worldNames.filter((name) => names.split(",").includes(name)));
}
