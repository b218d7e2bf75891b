import { formatDuration } from "../duration.ts";
import type { Observed } from "../evidence.ts";

/** A heartbeat younger than this is a sign of life, in ms. The locks' own writers use the same five minutes. */
export const lockHeartbeatMs = 5 * 60_000;

/** A lock file that names a host, and what can be seen of it. Its heartbeat is the file's mtime. */
export type HostLockObservation = {
  readonly host: string;
  readonly ownHost: string;
  /** Is its file system this machine's alone? A type that nobody knows is not seen to be. */
  readonly local: Observed<boolean>;
  readonly heartbeatAgeMs: Observed<number>;
  /**
   * Is the pid dead here? Asked last, and only of a lock on a local file system: a pid of another host means nothing,
   * and is never probed.
   */
  readonly pidIsDead: () => Observed<boolean>;
};

/**
 * `own`: the ordinary ladder judges it. `stays`: its holder may well run, elsewhere or here. `doubt`: nobody has beaten
 * in it for long, and still not all is proven. `off`: it would be healed if that were switched on.
 */
export type HostLockVerdict = { readonly kind: "own" | "stays" | "doubt" | "off" | "heal"; readonly why: string };

const stays = (why: string): HostLockVerdict => ({ kind: "stays", why });
const doubt = (why: string): HostLockVerdict => ({ kind: "doubt", why });

/**
 * May a lock of another name be taken over? Only where that name can have been nobody's but this machine's own: on a
 * local file system, by a pid that is dead, without a heartbeat for five minutes. Any doubt, and it stays.
 */
export function judgeHostLock(observation: HostLockObservation, healRenamedHost: boolean): HostLockVerdict {
  const { host, ownHost, local, heartbeatAgeMs } = observation;
  if (host === ownHost) return { kind: "own", why: "it names this host" };
  if (!local.seen) return stays(`it names ${host}, and whether its file system is local cannot be told: ${local.why}`);
  if (!local.value) return stays(`it names ${host}, which may be another machine: its file system is not local`);
  if (!heartbeatAgeMs.seen) return doubt(`it names ${host}, and its heartbeat could not be read: ${heartbeatAgeMs.why}`);
  const age = heartbeatAgeMs.value;
  if (!(age >= lockHeartbeatMs))
    return age >= 0
      ? stays(`it names ${host}, and it beat ${formatDuration(age)} ago`)
      : doubt(`it names ${host}, and its heartbeat is not in the past`);
  const dead = observation.pidIsDead();
  if (!dead.seen) return doubt(`it names ${host}, and its pid could not be looked at: ${dead.why}`);
  if (!dead.value) return doubt(`it names ${host}, but its pid is alive here`);
  const proof = `it names ${host}, on a local file system, its pid is dead, and it beat ${formatDuration(age)} ago`;
  return healRenamedHost ? { kind: "heal", why: proof } : { kind: "off", why: `${proof}; healRenamedHost is off` };
}
