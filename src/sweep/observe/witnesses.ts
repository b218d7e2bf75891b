import { registeredBy, type Witness } from "../../core/agents/registered.ts";
import { unseen } from "../../core/evidence.ts";
import type { Policy } from "../../core/policy.ts";
import { authoritativeFormats } from "../../registries/known.ts";
import { factsOf } from "../judge/scenes.ts";
import { loadRegistry } from "../load/load.ts";
import type { Loaded, ReadRegistry } from "../load/loaded.ts";
import { registryId, type Target } from "../load/target.ts";
import type { LookingPass } from "../pass.ts";
import type { World } from "./observe.ts";

/** The registrations that may speak for a session, and why one of their places could not be read. */
export type Witnesses = { readonly all: readonly Witness[]; readonly unread: string | undefined };

export const noWitnesses: Witnesses = { all: [], unread: undefined };

function bare(format: Target["format"], path: string): Target {
  return { format, path, named: false, appServers: [], owner: undefined, release: undefined };
}

const ownerOf = (loaded: ReadRegistry): number => Number(loaded.kind === "members" ? loaded.file.stat.uid : loaded.stat.uid);

/** Where the agents of the users to whom these registries belong write what they run. */
function placesOfOwners({ host }: LookingPass, read: readonly ReadRegistry[]): readonly Target[] {
  const own = host.self().uid;
  return [...new Set(read.map(ownerOf))].flatMap((uid) => {
    const home = uid === own ? undefined : host.homeOf(uid);
    if (home === undefined) return [];
    const places = { home, cwd: "/", uid, env: {}, sha256: host.digest };
    return authoritativeFormats.flatMap((format) => format.wellKnown(places).map((path) => bare(format, path)));
  });
}

/** Places that are read for what they say of sessions, and not judged. Where no entry claims a session none is read. */
export async function loadWitnesses(pass: LookingPass, read: readonly ReadRegistry[]): Promise<readonly Loaded[]> {
  if (read.every(({ target }) => target.format.about === "process")) return [];
  const judged = new Set(pass.targets.map(registryId));
  const places = new Map([...pass.witnesses, ...placesOfOwners(pass, read)].map((target) => [registryId(target), target]));
  const others = [...places].flatMap(([id, target]) => (judged.has(id) ? [] : [target]));
  return Promise.all(others.map((target) => loadRegistry(pass.host, target)));
}

function* witnessesOf(loaded: ReadRegistry, world: World, { memory }: LookingPass): Generator<Witness, undefined> {
  const { target } = loaded;
  // Of a thread the recorded process is only the one that registered it.
  if (!world.processes.seen || target.format.about === "thread" || loaded.pids.size === 0) return;
  const { pids, innerPids } = world.processes.value;
  const isGone = (pid: number): boolean => {
    const observation = pids.get(pid);
    return observation?.seen === true && observation.value.kind === "gone" && innerPids.seen && !innerPids.value.has(pid);
  };
  if ([...loaded.pids].every(isGone)) return;
  const registry = factsOf(loaded, world, memory);
  for (const { key, claim } of loaded.kind === "files" ? loaded.opened : loaded.entries) {
    if (!claim.ok || claim.torn) continue;
    const { pid, sessionId } = claim.registration;
    if (pid === undefined || sessionId === undefined || isGone(pid)) continue;
    yield { claim: claim.registration, registry, where: loaded.kind === "files" ? `${target.path}/${key}` : `${key} in ${target.path}` };
  }
}

/** Who may speak for the sessions of the entries that are judged. */
export function witnessesIn(pass: LookingPass, loaded: readonly Loaded[], world: World): Witnesses {
  const unread = loaded.find(({ state, target }) => state === "unreadable" && target.format.authoritative);
  const read = loaded.filter((one): one is ReadRegistry => one.state === "read");
  if (read.every(({ target }) => target.format.about === "process")) return noWitnesses;
  return {
    all: read.flatMap((one) => [...witnessesOf(one, world, pass)]),
    unread: unread === undefined || unread.state === "read" ? undefined : `${unread.target.path} ${unread.problem}`,
  };
}

/** The same world, with what the witnesses say in it. */
export function withWitnesses(world: World, { all, unread }: Witnesses, policy: Policy): World {
  return { ...world, registered: unread === undefined ? registeredBy(all, world, policy) : unseen(unread) };
}

/** The pids of witnesses, which a later look has to see again. */
export function witnessPids({ all }: Witnesses): readonly number[] {
  return all.flatMap(({ claim }) => claim.pid ?? []);
}
