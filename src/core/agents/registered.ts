import { formatMessage } from "../answer.ts";
import type { Evidence, Observed } from "../evidence.ts";
import type { Registered, UnreadRecords } from "./registered-sessions.ts";
import { seen, unseen, untimed } from "../evidence.ts";
import { nothingRemembered } from "../memory/memory.ts";
import { noClaim } from "../no-claim.ts";
import { isRuledOut, type Policy } from "../policy.ts";
import { canonicalSession, type Registration } from "../registration.ts";
import { recordedHolder } from "../rungs/signs/recorded-holder.ts";
import type { RegistryFacts, Scene } from "../scene.ts";

/** A registration whose process may say that its session runs, also to the entries of other registries. */
export type Witness = { readonly claim: Registration; readonly registry: RegistryFacts; readonly where: string };

/** All that may speak for sessions, and the users whose records could not be read. */
export type Witnesses = { readonly all: readonly Witness[]; readonly unread: readonly UnreadRecords[] };

type Seen = Pick<Evidence, "processes" | "here" | "clock" | "mentions">;

/** A process that is proven gone says nothing; that of another host or container is none that we can look at, and a doubt. */
function wordOf({ claim, registry, where }: Witness, evidence: Evidence, policy: Policy): Registered | undefined {
  const { key, pid, startTicks } = claim;
  if (pid === undefined || noClaim(claim) !== undefined) return undefined;
  const answer = recordedHolder({ claim, registry, evidence, memory: nothingRemembered, policy });
  if (answer.kind === "dead" || answer.kind === "not-applicable") return undefined;
  const observation = evidence.processes.seen ? evidence.processes.value.pids.get(pid) : undefined;
  const isHere = observation?.seen === true && observation.value.kind === "there" && observation.value.startTicks.seen;
  const isSame = isHere ? observation.value.startTicks.value === startTicks : answer.kind === "live" && answer.reason === "inner-pid-alive";
  const isProven = answer.kind === "live" && startTicks !== undefined && isSame;
  return { registry: registry.id, key, where, pid, isProven, said: formatMessage(answer.detail) };
}

/**
 * Whether a word is wanted beside those of before. An entry asks for the first word of another one, so of two entries whose words are
 * alike there is always one for it. Of an entry that records two processes the first is enough.
 */
function isWanted(word: Registered, before: readonly Registered[]): boolean {
  const alike = before.filter(({ registry, isProven }) => registry === word.registry && isProven === word.isProven);
  return alike.length < 2 && alike.every(({ key }) => key !== word.key);
}

/** What registrations say of sessions, as one look at the processes shows their holders. */
export function registeredBy({ all, unread }: Witnesses, evidence: Seen, policy: Policy): Evidence["registered"] {
  if (!evidence.processes.seen) return evidence.processes;
  const whole: Evidence = {
    ...evidence,
    registered: unseen("it is being asked"),
    appServers: new Map(),
    endpoints: new Map(),
    tmux: new Map(),
    locks: seen(new Map()),
    time: untimed,
  };
  const bySession = new Map<string, Registered[]>();
  const provenPids = new Set<number>();
  for (const witness of all) {
    const { sessionId } = witness.claim;
    const word = sessionId === undefined ? undefined : wordOf(witness, whole, policy);
    if (sessionId === undefined || word === undefined || (!word.isProven && isRuledOut(policy, word))) continue;
    if (word.isProven) provenPids.add(word.pid);
    const session = canonicalSession(sessionId);
    const before = bySession.get(session);
    if (before === undefined) bySession.set(session, [word]);
    else if (isWanted(word, before)) before.push(word);
  }
  return seen({ bySession, provenPids, unread });
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
