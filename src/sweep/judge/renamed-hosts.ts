import { formatMessage } from "../../core/answer.ts";
import { seen, unseen, type Evidence, type Observed } from "../../core/evidence.ts";
import { judgeHostLock, type HostLockVerdict } from "../../core/revisions/renamed-host.ts";
import { intentFor } from "../../core/plan.ts";
import { recordedHolder } from "../../core/rungs/signs/recorded-holder.ts";
import { registryPolicyOf, type ExaminedRegistry, type ExaminedEntry } from "./examined.ts";
import { sinceLast, type Pass } from "../pass.ts";
import { noEndpoints, noServers } from "./questions.ts";
import { sceneOf } from "./scenes.ts";
import type { FilesRegistry } from "../load/loaded.ts";
import { evidenceOf, lookAtWorld, type World } from "../observe/observe.ts";

type Lock = { readonly loaded: FilesRegistry; readonly examined: ExaminedRegistry; readonly one: ExaminedEntry; readonly index: number };

/** Locks that the ladder has kept because they name another host. */
function foreignLocks(registries: readonly ExaminedRegistry[]): readonly Lock[] {
  return registries.flatMap((examined) => {
    const { loaded, entries } = examined;
    if (loaded.kind !== "files" || !loaded.target.format.hostLocks) return [];
    return [...entries].flatMap((one, index) => (one.judgement.reason === "foreign-host" ? [{ loaded, examined, one, index }] : []));
  });
}

function heartbeatAge({ one }: Lock, { wallMs }: Evidence["clock"]): Observed<number> {
  const { claim, place } = one.entry;
  if (!wallMs.seen) return wallMs;
  if (one.memory.clockStepped) return unseen("the clock was stepped since");
  if (!claim.ok || place.kind !== "file") return unseen("it is no lock file");
  return seen(wallMs.value - Math.max(place.state.mtimeMs, claim.registration.lastHeartbeatAt ?? 0));
}

/** As if the lock were of this host: is its pid provably nobody's, here and in every container that we see? */
function pidIsDead(pass: Pass, { examined, one }: Lock, world: World): Observed<boolean> {
  const { claim } = one.entry;
  if (!claim.ok || claim.registration.pid === undefined) return unseen("it records no pid");
  const ours = { ...claim, registration: { ...claim.registration, host: undefined } };
  const evidence = evidenceOf(world, noServers, noEndpoints);
  const view = { ...examined, evidence, since: sinceLast(pass, evidence) };
  const answer = recordedHolder(sceneOf(pass, view, one.entry, ours));
  if (answer.kind === "live") return seen(false);
  if (answer.kind !== "dead") return unseen(formatMessage(answer.detail));
  // A container has a host name of its own, and can share a directory: whatever runs under its pid there counts.
  const { innerPids } = world.processes.seen ? world.processes.value : { innerPids: world.processes };
  return innerPids.seen ? seen(!innerPids.value.has(claim.registration.pid)) : innerPids;
}

function judgeLock(pass: Pass, lock: Lock, clock: Evidence["clock"], dead: () => Observed<boolean>): HostLockVerdict | undefined {
  const { host } = pass;
  const { claim } = lock.one.entry;
  if (!claim.ok || claim.registration.host === undefined) return undefined;
  const fileSystem = host.fileSystemOf(lock.loaded.realPath);
  const local = fileSystem.seen && !fileSystem.value.local ? unseen(fileSystem.value.name) : fileSystem;
  const observation = {
    host: claim.registration.host,
    ownHost: host.here().hostname,
    local: local.seen ? seen(true) : local,
    heartbeatAgeMs: heartbeatAge(lock, clock),
    pidIsDead: dead,
  };
  return judgeHostLock(observation, pass.policy.healRenamedHost);
}

/** Every lock's verdict. Pids are looked at last, all together, and only those of locks for which all else is proven. */
async function verdicts(pass: Pass, locks: readonly Lock[], clock: Evidence["clock"]): Promise<ReadonlyMap<Lock, HostLockVerdict>> {
  const pids = new Set<number>();
  for (const lock of locks) {
    const { claim } = lock.one.entry;
    judgeLock(pass, lock, clock, () => {
      if (claim.ok && claim.registration.pid !== undefined) pids.add(claim.registration.pid);
      return unseen("nobody has looked yet");
    });
  }
  const world = pids.size === 0 ? undefined : await lookAtWorld(pass.host, { pids, owners: [] });
  const judged = new Map<Lock, HostLockVerdict>();
  for (const lock of locks) {
    const dead = (): Observed<boolean> => (world === undefined ? unseen("nobody looked") : pidIsDead(pass, lock, world));
    const verdict = judgeLock(pass, lock, clock, dead);
    if (verdict !== undefined) judged.set(lock, verdict);
  }
  return judged;
}

/** The entry with what is known of its lock. What may be taken over is a ghost: its holder is proven dead. */
function withVerdict(one: ExaminedEntry, verdict: HostLockVerdict, examined: ExaminedRegistry, pass: Pass): ExaminedEntry {
  const { kind, why } = verdict;
  const proven = kind === "heal" || kind === "off";
  const judgement = { ...one.judgement, detail: why, reason: proven ? ("renamed-host" as const) : one.judgement.reason };
  if (kind !== "heal") return { ...one, judgement, hostLock: verdict };
  const ghost = { ...judgement, verdict: "ghost", certain: true } as const;
  const intent = intentFor(ghost, one.memory, registryPolicyOf(examined), pass.policy, "take-over");
  return { ...one, judgement: ghost, hostLock: verdict, intent };
}

/** Says of each lock of another name whether this machine can have left it under an older name of its own. */
export async function withHostLocks(
  pass: Pass,
  registries: readonly ExaminedRegistry[],
  { clock }: Evidence,
): Promise<readonly ExaminedRegistry[]> {
  const locks = foreignLocks(registries);
  if (locks.length === 0) return registries;
  const judged = await verdicts(pass, locks, clock);
  return registries.map((examined) => {
    const own = [...judged].filter(([lock]) => lock.examined === examined);
    const changed = own.map(([{ one, index }, verdict]) => [index, withVerdict(one, verdict, examined, pass)] as const);
    return changed.length === 0 ? examined : { ...examined, entries: examined.entries.withChanged(new Map(changed)) };
  });
}

/** An examined registry with one file an entry. */
export type FilesExamined = ExaminedRegistry & { readonly loaded: FilesRegistry };

/** Is all of it still proven, in the moment before a lock is taken over? */
export async function mayStillTakeOver(pass: Pass, examined: FilesExamined, one: ExaminedEntry): Promise<boolean> {
  const lock = { loaded: examined.loaded, examined, one, index: -1 };
  const judged = await verdicts(pass, [lock], pass.host.clock());
  return judged.get(lock)?.kind === "heal";
}
