import { deadByAbsence, formatMessage, live, noSign, notApplicable, provenDead, stronger, unknown, type Answer } from "../../answer.ts";
import type { PidObservation, ProcessTable } from "../../evidence.ts";
import type { InnerProcess } from "../../agents/agent-process.ts";
import { isRuledOut } from "../../policy.ts";
import type { Scene } from "../../scene.ts";
import { canBeHolder, shortNames } from "../../identity/holder-names.ts";
import { sightWorth, startedAfterSight } from "../../identity/first-sight.ts";
import { isSameBoot, saysStartOtherwise } from "../../identity/tokens.ts";
import { saysWhere } from "../../identity/whereabouts.ts";
import { placeOf } from "./elsewhere.ts";
import { leftBehindBy } from "../idle-agents.ts";
import type { Sign } from "./sign.ts";

const noPid = notApplicable("it records no pid");

/** A container can have a boot id of its own: under a pid that one has, another boot id proves nothing. */
function previousBoot({ claim, evidence }: Scene, pid: number, inner: ProcessTable["innerPids"]): Answer | undefined {
  const { bootId } = evidence.here;
  if (!bootId.seen || isSameBoot(claim.bootId, bootId.value) !== false) return undefined;
  if (claim.pidNamespace === undefined) {
    if (!inner.seen) return unknown("pid-unseen", `whether pid ${pid} is a container's cannot be seen: ${inner.why}`);
    if (inner.value.has(pid)) return undefined;
  }
  return provenDead("previous-boot", `it was started in boot ${claim.bootId}; this is ${bootId.value}`);
}

type Living = Extract<PidObservation, { kind: "there" }>;

/** Where the recorded start token is not that of the process with this pid: whether that proves anything. */
type Mismatch = "none" | "proven" | "unproven" | "other-clock";

function mismatchOf({ claim, registry, evidence }: Scene, startTicks: string, ownTime: boolean): Mismatch {
  if (claim.startTicks === undefined || claim.startTicks === startTicks) return "none";
  if (!ownTime) return "other-clock";
  if (!registry.startTokensProven) return "unproven";
  // Two releases of a writer can count in two ways in one registry.
  return saysStartOtherwise(claim.startTicks, startTicks, evidence.clock) ? "other-clock" : "proven";
}

/** Whether a process that has the pid has been started after a sweep had seen this very entry: then it is not the holder. */
function judgeFirstSight(scene: Scene, pid: number, { startTicks, ownTime, names }: Living): Answer | undefined {
  const { claim, registry } = scene;
  if (!startTicks.seen || !startedAfterSight(scene, startTicks.value, ownTime)) return undefined;
  const detail = `pid ${pid} was reused: it started at tick ${startTicks.value}, after a sweep had seen this very entry`;
  const worth = sightWorth(claim, registry);
  if (worth === "proof") return provenDead("pid-reused", detail);
  const possible = registry.holderNames;
  const mayBeHolder = possible !== undefined && (possible.length === 0 || !names.seen || canBeHolder(names.value, possible));
  return worth === "nothing" || mayBeHolder ? undefined : deadByAbsence("pid-reused", detail);
}

/** A process that has the pid in its namespace, and is proven not to be the holder. */
function isLater(scene: Scene, { startTicks, ownTime }: InnerProcess): boolean {
  if (scene.claim.startTicks === startTicks) return false;
  if (mismatchOf(scene, startTicks, ownTime) === "proven") return true;
  return sightWorth(scene.claim, scene.registry) === "proof" && startedAfterSight(scene, startTicks, ownTime);
}

/** A process inside a container below us that counts this pid as its own. */
function innerHolder(scene: Scene, pid: number, inner: ProcessTable["innerPids"]): Answer | undefined {
  if (!inner.seen) return unknown("pid-unseen", `whether pid ${pid} is a container's cannot be seen: ${inner.why}`);
  const { startTicks } = scene.claim;
  const possible = (inner.value.get(pid) ?? []).filter((one) => !isLater(scene, one));
  const holder = possible.find((one) => (startTicks === undefined ? one.agent : one.startTicks === startTicks));
  if (holder !== undefined) return live("inner-pid-alive", `pid ${pid} runs in a container, as pid ${holder.pid} here`);
  const other = possible.find((one) => !isRuledOut(scene.policy, one));
  if (other === undefined) return undefined;
  return unknown("pid-unproven", `pid ${other.pid} here is pid ${pid} of a container, and nothing tells whether it is the holder`);
}

/** A process that is alive under the pid, and that no token tells from the holder. */
function judgeNames({ registry }: Scene, pid: number, { names }: Living): Answer {
  const possible = registry.holderNames;
  if (possible === undefined || !names.seen) return live("pid-alive", `pid ${pid} is alive`);
  const called = shortNames(names.value);
  return canBeHolder(names.value, possible)
    ? live("pid-alive", `pid ${pid} is alive (${called})`)
    : unknown("pid-unproven", `pid ${pid} is alive as ${called}, which is not known as a holder, and nothing tells whether it is the one`);
}

/** Pid 1 of the initial namespace holds no session: an entry that says 1 was written in a container, or by mistake. */
function judgeInit(scene: Scene, inner: ProcessTable["innerPids"]): Answer {
  const holder = innerHolder(scene, 1, inner);
  return holder?.kind === "live" ? holder : unknown("malformed-entry", "its pid is 1, which is that of init here");
}

/** What the recorded pid itself shows, before containers are looked into. */
function judgeObservation(scene: Scene, pid: number, observation: PidObservation): Answer {
  const { startTicks } = scene.claim;
  if (observation.kind === "gone") return provenDead("pid-gone", `pid ${pid} is gone`);
  if (observation.state.seen && (observation.state.value === "Z" || observation.state.value === "X")) {
    return provenDead("pid-zombie", `pid ${pid} is a zombie`);
  }
  if (observation.kernelThread) return provenDead("pid-reused", `pid ${pid} was reused: it is a thread of the kernel`);
  if (startTicks === undefined) return judgeFirstSight(scene, pid, observation) ?? judgeNames(scene, pid, observation);
  if (!observation.startTicks.seen)
    return live("pid-alive", `pid ${pid} is alive; its start could not be read: ${observation.startTicks.why}`);
  const started = observation.startTicks.value;
  const mismatch = mismatchOf(scene, started, observation.ownTime);
  if (mismatch === "none") return live("pid-alive", `pid ${pid} is alive since tick ${startTicks}`);
  if (mismatch === "proven")
    return provenDead("pid-reused", `pid ${pid} was reused: it started at tick ${started}, the holder at ${startTicks}`);
  const later = judgeFirstSight(scene, pid, observation);
  if (later !== undefined) return later;
  if (mismatch === "other-clock") return judgeNames(scene, pid, observation);
  return unknown(
    "start-token-unproven",
    `pid ${pid} started at tick ${started}, the entry says ${startTicks}, and no entry of this registry has shown yet that it records ticks`,
  );
}

/** A doubt about the process that has the pid ends with an operator's word on that very process. */
function byOperatorsWord({ policy }: Scene, pid: number, shown: PidObservation | undefined, judged: Answer): Answer {
  if (judged.kind !== "unknown" || shown?.kind !== "there" || !shown.startTicks.seen) return judged;
  if (!isRuledOut(policy, { pid, startTicks: shown.startTicks.value })) return judged;
  return provenDead("pid-reused", () => `${formatMessage(judged.detail)}; it does not run the session, as an operator says`);
}

/** One of ours, unless its start token says that another process registered this. */
function judgeAncestor(scene: Scene, pid: number, observation: PidObservation | undefined): Answer {
  const { startTicks } = scene.claim;
  if (observation?.kind === "there" && observation.startTicks.seen && startTicks !== undefined) {
    const mismatch = mismatchOf(scene, observation.startTicks.value, observation.ownTime);
    if (mismatch === "proven") return judgeObservation(scene, pid, observation);
  }
  return live("own-ancestor", `pid ${pid} is an ancestor of this sweep`);
}

/** What the recorded process led, and has left behind, may run the session on. A claim of the process itself ends with it. */
function leftBehind(scene: Scene, pid: number, judged: Answer, table: ProcessTable): Answer {
  const isOver = judged.kind === "dead" && (judged.reason === "pid-gone" || judged.reason === "pid-zombie");
  const agent = isOver && scene.registry.about !== "process" ? leftBehindBy(pid, scene, table) : undefined;
  if (agent === undefined || !isOver) return judged;
  const who = `${agent.agent} (pid ${agent.pid})`;
  return unknown(
    "mentioned",
    () => `${formatMessage(judged.detail)}, but it has left ${who} behind, which shows no session and may run it`,
  );
}

/** Judges the recorded pid as one of this machine's. */
function judgeHere(scene: Scene): Answer {
  const { claim, evidence } = scene;
  const { pid } = claim;
  if (pid === undefined) return noPid;
  if (!evidence.processes.seen) return unknown("process-table-blind", evidence.processes.why);
  const table = evidence.processes.value;
  const { pidNamespace } = evidence.here;
  if (pid === 1 && (!pidNamespace.seen || pidNamespace.value.initial)) return judgeInit(scene, table.innerPids);
  const earlier = previousBoot(scene, pid, table.innerPids);
  if (earlier !== undefined) return earlier;
  const observation = table.pids.get(pid);
  const isAncestor = table.ancestors.has(pid);
  if (!isAncestor && observation?.seen !== true) {
    return unknown("pid-unseen", `pid ${pid} could not be looked at: ${observation === undefined ? "nobody asked" : observation.why}`);
  }
  const shown = observation?.seen === true ? observation.value : undefined;
  const judged = isAncestor || shown === undefined ? judgeAncestor(scene, pid, shown) : judgeObservation(scene, pid, shown);
  const answer = byOperatorsWord(scene, pid, shown, leftBehind(scene, pid, judged, table));
  if (answer.kind === "live" || claim.pidNamespace !== undefined) return answer;
  return stronger(answer, innerHolder(scene, pid, table.innerPids) ?? noSign);
}

/** A start token that is equal tells that the process is the holder, in any namespace. */
const isHeldByToken = ({ claim }: Scene, answer: Answer): boolean => answer.kind === "live" && claim.startTicks !== undefined;

/**
 * Is the recorded pid the process that made the claim? No wall clock takes part: identity is the pid with its start
 * ticks in one boot. Without them a process that is alive is the holder, or may be.
 */
export function recordedHolder(scene: Scene): Answer {
  const place = placeOf(scene);
  if (place.kind === "elsewhere") return place.answer;
  const answer = judgeHere(scene);
  if (scene.registry.besideForeign && scene.claim.pid !== undefined && !saysWhere(scene.claim) && !isHeldByToken(scene, answer)) {
    const detail = "others write there from another host, kernel or pid namespace, and it does not say where its pid is counted";
    return unknown("foreign-pid-namespace", () => `${formatMessage(answer.detail)}, but ${detail}`);
  }
  return answer.kind === "dead" && !place.certain ? deadByAbsence(answer.reason, answer.detail) : answer;
}

/** Of a thread the recorded process is only the one that registered it. Where the entry is another machine's, so is the thread. */
export function holderOf(scene: Scene): Answer {
  if (scene.registry.about !== "thread") return recordedHolder(scene);
  const place = placeOf(scene);
  if (place.kind === "elsewhere") return place.answer;
  return scene.claim.pid === undefined ? noPid : notApplicable(`pid ${scene.claim.pid} only registered the thread`);
}

/** The process that the entry records. */
export const holderSign: Sign = { name: "recorded-holder", shows: "process", ask: holderOf };
