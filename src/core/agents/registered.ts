import type { Evidence, Observed, Registered } from "../evidence.ts";
import { seen, unseen } from "../evidence.ts";
import { nothingRemembered } from "../memory.ts";
import type { Policy } from "../policy.ts";
import { canonicalSession, type Registration } from "../registration.ts";
import { recordedHolder } from "../rungs/signs/recorded-holder.ts";
import type { RegistryFacts, Scene } from "../scene.ts";

/** A registration whose process may say that its session runs, also to the entries of other registries. */
export type Witness = { readonly claim: Registration; readonly registry: RegistryFacts; readonly where: string };

type Seen = Pick<Evidence, "processes" | "here" | "clock" | "mentions">;

function wordOf({ claim, registry, where }: Witness, evidence: Seen, policy: Policy): Registered | undefined {
  const { pid, startTicks } = claim;
  if (pid === undefined) return undefined;
  const whole: Evidence = {
    ...evidence,
    registered: unseen("it is being asked"),
    appServers: new Map(),
    endpoints: new Map(),
    locks: seen(new Map()),
  };
  const answer = recordedHolder({ claim, registry, evidence: whole, memory: nothingRemembered, policy });
  if (answer.kind === "dead" || answer.kind === "not-applicable" || answer.reason === "foreign-host") return undefined;
  // Where our own namespace is seen, a record of another one is that one's to judge.
  if (answer.reason === "foreign-pid-namespace" && evidence.here.pidNamespace.seen) return undefined;
  const observation = evidence.processes.seen ? evidence.processes.value.pids.get(pid) : undefined;
  const isHere = observation?.seen === true && observation.value.kind === "there" && observation.value.startTicks.seen;
  const isSame = isHere ? observation.value.startTicks.value === startTicks : answer.kind === "live" && answer.reason === "inner-pid-alive";
  return { registry: registry.id, key: claim.key, where, pid, isProven: answer.kind === "live" && startTicks !== undefined && isSame };
}

/** What other registrations say of sessions, by canonical id, as one look at the processes shows their holders. */
export function registeredBy(witnesses: readonly Witness[], evidence: Seen, policy: Policy): Evidence["registered"] {
  if (!evidence.processes.seen) return evidence.processes;
  const bySession = new Map<string, Registered[]>();
  for (const witness of witnesses) {
    const word = witness.claim.sessionId === undefined ? undefined : wordOf(witness, evidence, policy);
    if (word === undefined || witness.claim.sessionId === undefined) continue;
    const session = canonicalSession(witness.claim.sessionId);
    bySession.set(session, [...(bySession.get(session) ?? []), word]);
  }
  return seen(bySession);
}

/** What other registrations say of the session of an entry. Its own process is asked by itself. */
export function registeredOf({
  claim: { key, sessionId },
  registry: { id },
  evidence: { registered },
}: Scene): Observed<readonly Registered[]> {
  if (!registered.seen || sessionId === undefined) return registered.seen ? seen([]) : registered;
  const all = registered.value.get(canonicalSession(sessionId)) ?? [];
  return seen(all.filter((one) => one.registry !== id || one.key !== key));
}
