import { formatMessage } from "../answer.ts";
import { formatDuration } from "../duration.ts";
import { seen, unseen, type Observed } from "../evidence.ts";
import { recordedHolder } from "../rungs/signs/recorded-holder.ts";
import type { Scene } from "../scene.ts";
import { noQuestions, type Revision, type Observation } from "./revision.ts";

/** A heartbeat younger than this is a sign of life, in ms. The locks' own writers use the same five minutes. */
export const lockHeartbeatMs = 5 * 60_000;

/** A lock file that names a host, and what can be seen of it. Its heartbeat is the file's mtime. */
export type HostLockObservation = {
  readonly host: string;
  readonly ownHost: string;
  /** Is its file system this machine's alone? A type that no list knows is not seen to be. */
  readonly local: Observed<boolean>;
  readonly heartbeatAgeMs: Observed<number>;
  /**
   * Is the pid dead here? Asked last, and only of a lock on a local file system: a pid of another host means nothing,
   * and is never probed.
   */
  readonly pidIsDead: () => Observed<boolean>;
};

export const hostLockKinds = ["own", "stays", "doubt", "off", "heal"] as const;

/**
 * `own`: the ordinary ladder judges it. `stays`: its holder may well run, elsewhere or here. `doubt`: its
 * heart has not beaten for long, and still not all is proven. `off`: it would be healed if that were switched on.
 */
export type HostLockVerdict = { readonly kind: (typeof hostLockKinds)[number]; readonly why: string };

const stays = (why: string): HostLockVerdict => ({ kind: "stays", why });
const doubt = (why: string): HostLockVerdict => ({ kind: "doubt", why });

/**
 * May a lock of another name be taken over? Only where that name can have been this machine's alone: on a
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

function heartbeatAge({ claim, evidence, memory, registry }: Scene): Observed<number> {
  const { wallMs } = evidence.clock;
  if (!wallMs.seen) return wallMs;
  if (memory.clockStepped) return unseen("the clock was stepped since");
  const { modifiedAt } = registry;
  return modifiedAt.seen ? seen(wallMs.value - Math.max(modifiedAt.value, claim.lastHeartbeatAt ?? 0)) : modifiedAt;
}

/** As if the lock were of this host: does no process have its pid, neither here nor in a container that we see? */
function pidIsDead(scene: Scene): Observed<boolean> {
  const { claim, registry } = scene;
  if (claim.pid === undefined) return unseen("it records no pid");
  const answer = recordedHolder({ ...scene, claim: { ...claim, host: undefined }, registry: { ...registry, besideForeign: false } });
  if (answer.kind === "live") return seen(false);
  return answer.kind === "dead" ? seen(true) : unseen(formatMessage(answer.detail));
}

function verdictOf({ scene, fileSystem }: Observation, isDead: () => Observed<boolean>): HostLockVerdict {
  const on = fileSystem();
  const observation: HostLockObservation = {
    host: scene.claim.host ?? scene.evidence.here.hostname,
    ownHost: scene.evidence.here.hostname,
    local: on.seen ? (on.value.local ? seen(true) : unseen(on.value.name)) : on,
    heartbeatAgeMs: heartbeatAge(scene),
    pidIsDead: isDead,
  };
  return judgeHostLock(observation, scene.policy.healRenamedHost);
}

export const renamedHost: Revision = {
  name: "renamed-host",
  rule: "A lock under another host's name is taken over only where this machine itself must have left it under an older name.",
  candidates: (registries) => {
    const rows = registries.flatMap(({ hostLocks, rows: all }) => (hostLocks ? [...all()] : []));
    const foreign = rows.filter(({ judgement }) => judgement.reason === "foreign-host");
    return { candidates: foreign.map((row) => ({ row, other: undefined })), flapping: [] };
  },
  // Pids come last: only that of a lock of which all else is proven is looked at.
  asks: ({ row: { claim } }, observation) => {
    let questions = noQuestions;
    verdictOf(observation, () => {
      if (claim.pid !== undefined) questions = { sessions: [], pids: [claim.pid] };
      return unseen("it was not looked at yet");
    });
    return questions;
  },
  revise: ({ row }, observation) => {
    const { kind, why } = verdictOf(observation, () => pidIsDead(observation.scene));
    if (kind === "own") return undefined;
    const isProven = kind === "heal" || kind === "off";
    const judgement = { ...row.judgement, detail: why, reason: isProven ? "renamed-host" : row.judgement.reason } as const;
    const noted = { hostLock: kind };
    return kind === "heal"
      ? { judgement: { ...judgement, verdict: "ghost", certain: true }, detail: why, change: "take-over", noted }
      : { judgement, detail: why, change: undefined, noted };
  },
};
