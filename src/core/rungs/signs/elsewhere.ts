import { deadByAbsence, provenDead, unknown, type Answer } from "../../answer.ts";
import { isSeenInEarlierBoot } from "../../identity/first-sight.ts";
import { isHostGone, isMachineGone } from "../../identity/hosts.ts";
import { whereabouts, type Whereabouts } from "../../identity/whereabouts.ts";
import { freshHeartbeatMs } from "../../policy.ts";
import type { Scene } from "../../scene.ts";

/** A row of another machine in a server's table has that machine's name for an id, too; its own sweep judges it, or the server's clock. */
const isOnServer = ({ host, machineId }: Scene["claim"]): boolean => machineId !== undefined && machineId === host;

/** An operator's word counts only where nothing that could not be read might say that the entry is of this machine. */
function isDeclaredGone({ claim, evidence, policy }: Scene): boolean {
  if (policy.hostsGone.length === 0 || isOnServer(claim)) return false;
  const { hostname, bootId, machineId, pidNamespace } = evidence.here;
  if (claim.bootId !== undefined && !(bootId.seen && pidNamespace.seen)) return false;
  if (claim.machineId !== undefined) {
    if (machineId?.seen !== true) return false;
    if (isMachineGone(claim.machineId, machineId.value, policy.hostsGone)) return true;
  }
  return claim.host !== undefined && isHostGone(claim.host, hostname, policy.hostsGone);
}

/** Many a lock beats by the time of its file alone. */
function isFileFresh({ registry: { oneFile, modifiedAt }, evidence }: Scene): boolean {
  const { wallMs } = evidence.clock;
  return oneFile && !(modifiedAt.seen && wallMs.seen && wallMs.value - modifiedAt.value >= freshHeartbeatMs);
}

function onOtherHost({ theirs, ours }: Extract<Whereabouts, { kind: "other-host" }>, scene: Scene): Answer {
  // The server has looked twice, a period apart.
  if (scene.claim.silence !== undefined) return provenDead("stale-heartbeat", scene.claim.silence);
  if (!isDeclaredGone(scene)) {
    const here = isOnServer(scene.claim) ? scene.evidence.here.hostname : ours;
    return unknown("foreign-host", `it runs on ${theirs}; this is ${here ?? "a machine whose id could not be read"}`);
  }
  return isFileFresh(scene)
    ? unknown("heartbeat-fresh", `it ran on ${theirs}, which an operator has declared gone, but its file was written a moment ago`)
    : deadByAbsence("host-gone", `it ran on ${theirs}, which an operator has declared gone`);
}

/** What is said of an entry whose pid is counted elsewhere: nothing of it is probed, for its pids mean something else here. */
export type Place =
  | { readonly kind: "elsewhere"; readonly answer: Answer }
  | {
      readonly kind: "here";
      /** False where only the host's names without a domain are equal. */
      readonly certain: boolean;
    };

const elsewhere = (answer: Answer): Place => ({ kind: "elsewhere", answer });

const otherNamespace = (detail: string): Place => elsewhere(unknown("foreign-pid-namespace", detail));

/** Tells whether an entry's pid can be looked at here: it is of this host, this kernel and this pid namespace. */
export function placeOf(scene: Scene): Place {
  const { claim, evidence, registry, policy } = scene;
  const { pidNamespace } = evidence.here;
  const { oneFile, modifiedAt, changedAt } = registry;
  const seenInEarlierBoot = claim.bootId !== undefined && isSeenInEarlierBoot(scene);
  const written = { oneFile, modifiedAt, changedAt, seenInEarlierBoot, clockStepped: scene.memory.clockStepped };
  const where = whereabouts(claim, evidence.here, written, evidence.clock);
  if (where.kind === "other-host") return elsewhere(onOtherHost(where, scene));
  if (where.kind === "unknown") return elsewhere(unknown("foreign-host", where.why));
  if (where.kind === "other-kernel") {
    const detail = `it was written after boot ${where.ours} began, by a kernel of boot ${claim.bootId} beside this one`;
    return elsewhere(unknown("foreign-host", detail));
  }
  if (claim.pid === undefined) return where;
  if (!pidNamespace.seen) return otherNamespace(`our own pid namespace could not be seen: ${pidNamespace.why}`);
  const { inode, initial } = pidNamespace.value;
  if (claim.pidNamespace !== undefined && claim.pidNamespace !== inode)
    return otherNamespace(`its pid is counted in namespace ${claim.pidNamespace}, ours is ${inode}`);
  if (claim.pidNamespace !== undefined) return where;
  if (!initial && !policy.ownPidNamespace)
    return otherNamespace(
      'this is a pid namespace of its own, and the entry does not say where its pid is counted (declare "pidNamespace": "own" if no other shares these files)',
    );
  return where;
}
