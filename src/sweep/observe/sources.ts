import type { LookingHost } from "../../host/looking-host.ts";
import type { UsedDirectory } from "../../host/processes/config-directories.ts";
import type { Places } from "../../registries/format.ts";
import { holderFormats, profileFormats } from "../../registries/known.ts";
import { loadRegistry } from "../load/load.ts";
import { containerOf, userOf, isRead, keptAtMost, writerOf, type Loaded, type ReadRegistry } from "../load/loaded.ts";
import { registryId, type Target } from "../load/target.ts";
import type { LookingPass } from "../pass.ts";

/** Every registry whose entries may speak for sessions, whether or not it is judged. */
export type Sources = {
  readonly loaded: readonly Loaded[];
  /** Of the places in which agents write what they run, whose they are, by the registry's id. */
  readonly users: ReadonlyMap<string, number>;
  /** Users who could have written an entry, and of whom no home is known. */
  readonly homeless: readonly number[];
  /** The users whose the judged registries are. */
  readonly owners: ReadonlySet<number>;
};

export const noSources: Sources = { loaded: [], users: new Map(), homeless: [], owners: new Set() };

type Place = { readonly target: Target; readonly uid: number };

const bare = { named: false, appServers: [], owner: undefined, release: undefined } as const;

function placesOf(places: Places): readonly Place[] {
  const { uid, home } = places;
  const usual = holderFormats.flatMap((format) => format.wellKnown(places).map((path): Target => ({ ...bare, format, path })));
  const profiles = profileFormats.map((format): Target => ({ ...bare, format, path: home }));
  return [...usual, ...profiles].map((target) => ({ target, uid }));
}

/** The users who could have written an entry of these registries: their owners, and where others may write every one who runs something. */
function usersOf(host: LookingHost, read: readonly ReadRegistry[], owners: ReadonlySet<number>): ReadonlySet<number> {
  const isShared = read.some((one) => writerOf(one) === undefined);
  return new Set([host.self().uid, ...owners, ...((isShared ? host.usersHere() : undefined) ?? [])]);
}

const maySpeak = ({ format }: Target): boolean => format.namesHolders && format.about !== "thread";

/**
 * Reads what is not judged and may speak for a session all the same. Where no entry claims a session nothing is read.
 * `used`: where living processes keep their files, beside the usual places.
 */
export async function loadSources(
  { host, witnesses }: LookingPass,
  judged: readonly Loaded[],
  used: readonly UsedDirectory[],
): Promise<Sources> {
  const ofSessions = judged.filter(isRead).filter(({ target }) => target.format.about !== "process");
  if (ofSessions.length === 0) return noSources;
  const { uid: own } = host.self();
  const owners = new Set(ofSessions.map(userOf));
  const homeless: number[] = [];
  const places = witnesses.map((target): Place => ({ target, uid: own }));
  for (const uid of usersOf(host, ofSessions, owners)) {
    const home = host.homeOf(uid);
    if (home === undefined) homeless.push(uid);
    else {
      const environments = used.filter((one) => one.uid === uid).map(({ directory }) => ({ CLAUDE_CONFIG_DIR: directory }));
      const usual = { home, cwd: home, uid, sha256: host.digest, furtherHomes: () => [] };
      for (const env of [{}, ...environments]) places.push(...placesOf({ ...usual, env }));
    }
  }
  const byId = new Map(places.map((place) => [registryId(place.target), place] as const));
  const isJudged = new Set(judged.map(({ target }) => registryId(target)));
  const others = [...byId].flatMap(([id, { target }]) => (isJudged.has(id) || !maySpeak(target) ? [] : [target]));
  const built = [...byId].filter(([, { target }]) => target.format.declaredFields === undefined);
  return {
    loaded: [
      ...judged.filter(({ target }) => maySpeak(target)),
      ...(await Promise.all(others.map((target) => loadRegistry(host, target)))),
    ],
    users: new Map(built.map(([id, { uid }]) => [id, uid])),
    homeless,
    owners,
  };
}

/** Whether a living process keeps the files of Claude where none of these was read. */
export function leadsElsewhere(host: LookingHost, { loaded }: Sources): boolean {
  if (loaded.length === 0) return false;
  const known = new Set(loaded.map(({ target: { path } }) => path.slice(0, path.lastIndexOf("/"))));
  return host.configDirectories().some(({ directory }) => !known.has(directory.replace(/\/+$/, "")));
}

/** A large file that is still the one that was read. */
function isUnchanged(host: LookingHost, loaded: Loaded): boolean {
  if (loaded.state !== "read" || loaded.kind !== "members" || loaded.entries.length <= keptAtMost) return false;
  const { realPath, stat } = loaded.file;
  const at = realPath.lastIndexOf("/");
  const now = host.stateOfEntry(realPath.slice(0, at), realPath.slice(at + 1));
  if (!now.seen || now.value === undefined) return false;
  const { ino, size, mtimeMs } = now.value;
  return ino === Number(stat.ino) && size === Number(stat.size) && Math.trunc(mtimeMs) === Number(stat.mtimeMs);
}

const inodeOf = (loaded: Loaded): string | undefined => {
  if (!isRead(loaded)) return undefined;
  const { realPath, stat } = containerOf(loaded);
  return stat === undefined ? realPath : `${stat.dev}:${stat.ino}`;
};

/**
 * The same as they are now: a session may have been taken up since. The registry that is about to be changed stays as it
 * was read: reading it would break the lease that is held on it, and a change to it ends the swap anyway.
 */
export async function reloadSources(host: LookingHost, sources: Sources, changing: readonly ReadRegistry[]): Promise<Sources> {
  const held = new Set(changing.map(inodeOf));
  const now = sources.loaded.map(async (one) => (held.has(inodeOf(one)) || isUnchanged(host, one) ? one : loadRegistry(host, one.target)));
  return { ...sources, loaded: await Promise.all(now) };
}
