import { formatMessage, live, notApplicable, provenDead, unknown, type Answer } from "../../answer.ts";
import type { InnerProcess, PidObservation, ProcessTable } from "../../evidence.ts";
import type { Scene } from "../../scene.ts";
import type { Sign } from "./sign.ts";

const noPid = notApplicable("it records no pid");

/** It ran on `theirs`, which is not this machine. */
function onOther(theirs: string, ours: string | undefined, { hostsGone }: Scene["policy"]): Answer {
  return hostsGone.has(theirs)
    ? provenDead("host-gone", `it ran on ${theirs}, which an operator has declared gone`)
    : unknown("foreign-host", `it runs on ${theirs}; this is ${ours ?? "a machine whose id could not be read"}`);
}

/** A host or pid namespace other than ours: nothing of it is probed, for its pids mean something else here. */
function elsewhere({ claim, evidence, policy }: Scene): Answer | undefined {
  const { hostname, machineId, pidNamespace } = evidence.here;
  const thisMachine = machineId?.seen === true ? machineId.value : undefined;
  if (claim.host !== undefined && claim.host !== hostname) return onOther(claim.host, hostname, policy);
  if (claim.machineId !== undefined && claim.machineId !== thisMachine) return onOther(claim.machineId, thisMachine, policy);
  if (claim.pid === undefined) return undefined;
  if (!pidNamespace.seen) return unknown("foreign-pid-namespace", `our own pid namespace could not be seen: ${pidNamespace.why}`);
  if (claim.pidNamespace !== undefined) {
    return claim.pidNamespace === pidNamespace.value.inode
      ? undefined
      : unknown("foreign-pid-namespace", `its pid is counted in namespace ${claim.pidNamespace}, ours is ${pidNamespace.value.inode}`);
  }
  return pidNamespace.value.initial || policy.ownPidNamespace
    ? undefined
    : unknown(
        "foreign-pid-namespace",
        'this is a pid namespace of its own, and the entry does not say where its pid is counted (declare "pidNamespace": "own" if no other shares these files)',
      );
}

function previousBoot({ claim, evidence }: Scene): Answer | undefined {
  const { bootId } = evidence.here;
  if (claim.bootId === undefined || !bootId.seen || claim.bootId === bootId.value) return undefined;
  return provenDead("previous-boot", `it was started in boot ${claim.bootId}; this is ${bootId.value}`);
}

/** A process inside a container below us that counts this pid as its own. */
function innerHolder(pid: number, startTicks: string | undefined, inner: ProcessTable["innerPids"]): Answer | undefined {
  if (!inner.seen) return unknown("pid-unseen", `whether pid ${pid} is a container's cannot be seen: ${inner.why}`);
  const isHolder = (process: InnerProcess): boolean => (startTicks === undefined ? process.agent : process.startTicks === startTicks);
  const holder = inner.value.get(pid)?.find(isHolder);
  return holder === undefined ? undefined : live("inner-pid-alive", `pid ${pid} runs in a container, as pid ${holder.pid} here`);
}

/** What the recorded pid itself shows, before anybody looks into containers. */
function judgeObservation(scene: Scene, pid: number, observation: PidObservation): Answer {
  const { startTicks } = scene.claim;
  if (observation.kind === "gone") return provenDead("pid-gone", `pid ${pid} is gone`);
  if (observation.state.seen && (observation.state.value === "Z" || observation.state.value === "X")) {
    return provenDead("pid-zombie", `pid ${pid} is a zombie`);
  }
  if (startTicks !== undefined) {
    if (!observation.startTicks.seen)
      return live("pid-alive", `pid ${pid} is alive; its start could not be read: ${observation.startTicks.why}`);
    return observation.startTicks.value === startTicks
      ? live("pid-alive", `pid ${pid} is alive since tick ${startTicks}`)
      : provenDead("pid-reused", `pid ${pid} was reused: it started at tick ${observation.startTicks.value}, the holder at ${startTicks}`);
  }
  const possible = scene.registry.holderNames;
  if (possible === undefined || !observation.names.seen) return live("pid-alive", `pid ${pid} is alive`);
  const names = observation.names.value;
  if (names.some((name) => possible.includes(name))) return live("pid-alive", `pid ${pid} is alive (${names[0]})`);
  const called = [...new Set(names)].join(", ");
  // Where the entry names an endpoint, the list of names is not closed, and the endpoint has the last word.
  return scene.claim.endpoint === undefined
    ? provenDead("pid-reused", `pid ${pid} was reused: it is ${called}, which cannot be the holder`)
    : notApplicable(`pid ${pid} is ${called}, not known as a holder`);
}

/**
 * Is the recorded pid the process that made the claim? No wall clock takes part: identity is the pid with its start
 * ticks in one boot, or, where none were recorded, a name that the holder can have.
 */
export function recordedHolder(scene: Scene): Answer {
  const { claim, evidence } = scene;
  const abroad = elsewhere(scene);
  if (abroad !== undefined) return abroad;
  const { pid } = claim;
  if (pid === undefined) return noPid;
  if (!evidence.processes.seen) return unknown("process-table-blind", evidence.processes.why);
  const table = evidence.processes.value;
  const earlier = previousBoot(scene);
  if (earlier !== undefined) return earlier;
  if (table.ancestors.has(pid)) return live("own-ancestor", `pid ${pid} is an ancestor of this sweep`);
  const observation = table.pids.get(pid);
  if (observation === undefined || !observation.seen) {
    return unknown("pid-unseen", `pid ${pid} could not be looked at: ${observation === undefined ? "nobody asked" : observation.why}`);
  }
  const answer = judgeObservation(scene, pid, observation.value);
  if (answer.kind === "live" || answer.kind === "unknown" || claim.pidNamespace !== undefined) return answer;
  return innerHolder(pid, claim.startTicks, table.innerPids) ?? answer;
}

/** A session that shows as a thread outlives the process that registered it. */
export function holderOf(scene: Scene): Answer {
  const answer = recordedHolder(scene);
  if (answer.kind !== "dead" || scene.registry.presence !== "thread" || answer.reason === "host-gone") return answer;
  return notApplicable(() => `${formatMessage(answer.detail)}, but its sessions show as threads`);
}

/** The process that the entry records. */
export const holderSign: Sign = { name: "recorded-holder", ask: holderOf };
