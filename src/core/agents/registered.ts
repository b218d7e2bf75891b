import { formatMessage } from "../answer.ts";
import type { Evidence, Observed } from "../evidence.ts";
import type { Registered, UnreadRecords } from "./registered-sessions.ts";
import { seen, unseen, untimed } from "../evidence.ts";
import { nothingRemembered } from "../memory/memory.ts";
import { noClaim } from "../no-claim.ts";
import type { Policy } from "../policy.ts";
import { canonicalSession, type Registration } from "../registration.ts";
import { recordedHolder } from "../rungs/signs/recorded-holder.ts";
import type { RegistryFacts, Scene } from "../scene.ts";

/** A registration whose process may say that its session runs, also to the entries of other registries. */
export type Witness = { readonly claim: Registration; readonly registry: RegistryFacts; readonly where: string };

/** All that may speak for sessions, and the users whose records could not be read. */
export type Witnesses = { readonly all: readonly Witness[]; readonly unread: readonly UnreadRecords[] };

type Seen = Pick<Evidence, "processes" | "here" | "clock" | "mentions">;

/** A process that is proven gone says nothing; that of another host or container is none that we can look at, and a doubt. */
function wordOf({ claim, registry, where }: Witness, evidence: Seen, policy: Policy): Registered | undefined {
  const { key, pid, startTicks } = claim;
  if (pid === undefined || noClaim(claim) !== undefined) return undefined;
  const whole: Evidence = {
    ...evidence,
    registered: unseen("it is being asked"),
    appServers: new Map(),
    endpoints: new Map(),
    tmux: new Map(),
    locks: seen(new Map()),
    time: untimed,
  };
  const answer = recordedHolder({ claim, registry, evidence: whole, memory: nothingRemembered, policy });
  if (answer.kind === "dead" || answer.kind === "not-applicable") return undefined;
  const observation = evidence.processes.seen ? evidence.processes.value.pids.get(pid) : undefined;
  const isHere = observation?.seen === true && observation.value.kind === "there" && observation.value.startTicks.seen;
  const isSame = isHere ? observation.value.startTicks.value === startTicks : answer.kind === "live" && answer.reason === "inner-pid-alive";
  const isProven = answer.kind === "live" && startTicks !== undefined && isSame;
  return { registry: registry.id, key, where, pid, isProven, said: formatMessage(answer.detail) };
}

/** What registrations say of sessions, as one look at the processes shows their holders. */
export function registeredBy({ all, unread }: Witnesses, evidence: Seen, policy: Policy): Evidence["registered"] {
  if (!evidence.processes.seen) return evidence.processes;
  const bySession = new Map<string, Registered[]>();
  for (const witness of all) {
    const word = witness.claim.sessionId === undefined ? undefined : wordOf(witness, evidence, policy);
    if (word === undefined || witness.claim.sessionId === undefined) continue;
    const session = canonicalSession(witness.claim.sessionId);
    bySession.set(session, [...(bySession.get(session) ?? []), word]);
  }
  return seen({ bySession, unread });
}

/** What other registrations say of the session of an entry. Its own process is asked by itself. */
export function registeredOf({
  claim: { key, sessionId },
  registry: { id },
  evidence: { registered },
}: Scene): Observed<readonly Registered[]> {
  if (!registered.seen || sessionId === undefined) return registered.seen ? seen([]) : registered;
  const all = registered.value.bySession.get(canonicalSession(sessionId)) ?? [];
  return seen(all.filter((one) => one.registry !== id || one.key !== key));
}

/** Records that could not be read, of a user who can have written the entry. */
export function unreadFor({ registry: { writer }, evidence: { registered } }: Scene): UnreadRecords | undefined {
  return registered.seen ? registered.value.unread.find(({ uid }) => writer === undefined || writer === uid) : undefined;
}
