import { agentArguments, agentOf, harnessAgentOf, launchedTarget } from "../core/agents/agents.ts";
import { tokensOf } from "../core/agents/argv.ts";
import { roleOf } from "../core/agents/carriers.ts";
import { soughtAmong, soughtId } from "../core/agents/mentions/sought.ts";
import type { ProcessRow, ProcessTree } from "../core/agents/process-tree.ts";
import { sessionOf } from "../core/agents/session-argv.ts";
import { seen, untimed, type Mention, type Observed } from "../core/evidence.ts";
import { emptyMemory, nothingRemembered } from "../core/memory/memory.ts";
import { ownershipOf, type Ownership } from "../core/harnesses/ownership.ts";
import type { HeldRegistration, OwnershipSigns } from "../core/harnesses/ownership-signs.ts";
import type { Policy } from "../core/policy.ts";
import { canonicalSession } from "../core/registration.ts";
import { recordedHolder } from "../core/rungs/signs/recorded-holder.ts";
import type { LookingHost } from "../host/looking-host.ts";
import type { Claim } from "../registries/format.ts";
import { factsOf } from "../sweep/judge/scenes.ts";
import { loadRegistry } from "../sweep/load/load.ts";
import type { ReadRegistry } from "../sweep/load/loaded.ts";
import { registryId, type Target } from "../sweep/load/target.ts";
import { evidenceOf, lookAtWorld, type World } from "../sweep/observe/observe.ts";

export type OwnersQuestion = {
  readonly targets: readonly Target[];
  /** Where this user's agents say what they run, whether or not it was asked for. */
  readonly witnesses: readonly Target[];
  readonly policy: Policy;
};

export type OwnersObservation = {
  readonly tree: ProcessTree;
  readonly complete: Observed<true>;
  readonly signs: OwnershipSigns;
  readonly ownership: Ownership;
  /** What could not be looked at, so that an owner may be missing. */
  readonly warnings: readonly string[];
};

type Understood = Extract<Claim, { ok: true }>;

function claimsIn(loaded: ReadRegistry): readonly Understood[] {
  const claims = [...(loaded.kind === "files" ? loaded.opened : loaded.entries)].map(({ claim }) => claim);
  return claims.filter((claim): claim is Understood => claim.ok && !claim.torn);
}

/** Registrations whose recorded holder is there, judged by the same rule as in a sweep. */
function heldRegistrations(loaded: ReadRegistry, world: World, tree: ProcessTree, policy: Policy): readonly HeldRegistration[] {
  const { format } = loaded.target;
  // Of a thread the recorded process is only the one that registered it.
  if (format.about === "thread") return [];
  const facts = factsOf(loaded, world, emptyMemory);
  const evidence = evidenceOf(world, { appServers: new Map(), endpoints: new Map(), tmux: new Map(), time: untimed });
  return claimsIn(loaded).flatMap(({ registration: claim, mayDrift }) => {
    const { pid, sessionId } = claim;
    if (pid === undefined || sessionId === undefined) return [];
    const answer = recordedHolder({ claim, registry: facts, evidence, memory: nothingRemembered, policy });
    if (answer.kind !== "live" || answer.reason === "inner-pid-alive") return [];
    const proven = claim.startTicks !== undefined && claim.startTicks === tree.get(pid)?.startTicks;
    const { authoritative, namesHost } = format;
    return [{ sessionId, pid, proven, authoritative, current: authoritative && proven && mayDrift !== true, namesHost }];
  });
}

/** Codex holds the writer lock of each of its threads open, and what it records of one that has had a turn. */
const threadFile =
  /\/(?:thread-writer-locks\/([^/]+?)\.lock|rollout-[^/]*-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl)(?: \(deleted\))?$/;

type AgentLook = Pick<OwnershipSigns, "tree" | "heldThreads" | "programs" | "closed"> & { readonly warnings: readonly string[] };

/** What agents run, and which threads they hold open, by their canonical ids. Those that have ended since are taken out of the tree. */
function lookAtAgents(host: LookingHost, tree: ProcessTree, isAgent: (row: ProcessRow) => boolean): AgentLook {
  const heldThreads: OwnershipSigns["heldThreads"][number][] = [];
  const programs = new Map<number, OwnershipSigns["programs"] extends ReadonlyMap<number, infer P> ? P : never>();
  const closed = new Set<number>();
  const ended = new Set<number>();
  const warnings: string[] = [];
  for (const row of tree.values()) {
    const { pid, argv } = row;
    if (!isAgent(row)) continue;
    const program = host.programOf(row, launchedTarget(argv));
    if (!program.seen && host.processState(row).kind === "gone") {
      ended.add(pid);
      continue;
    }
    programs.set(pid, program);
    const paths = host.openPaths(pid);
    if (!paths.seen) {
      closed.add(pid);
      warnings.push(`the open files of ${agentOf(argv) ?? "an agent"} (pid ${pid}) could not be looked at: ${paths.why}`);
    }
    for (const path of paths.seen ? paths.value : []) {
      const [, locked, recorded] = threadFile.exec(path) ?? [];
      const id = locked ?? recorded;
      if (id !== undefined && !id.endsWith(".coordination")) heldThreads.push({ sessionId: canonicalSession(id), pid });
    }
  }
  return { tree: new Map([...tree].filter(([pid]) => !ended.has(pid))), heldThreads, programs, closed, warnings };
}

/** A forked session is another one, and where an agent's arguments say what it runs, a further id among them is none. */
function isSaid(argv: readonly string[], session: string): boolean {
  if (harnessAgentOf(argv) === undefined || !tokensOf(argv).some((token) => soughtId(token) === session)) return false;
  return sessionOf(argv) !== undefined || agentArguments(argv).some((word) => word === "fork" || word === "--fork-session");
}

/** The agents that carry a session's id in an argument or an open file, of the processes in the tree. */
function mentionsIn(bySession: ReadonlyMap<string, readonly Mention[]>, tree: ProcessTree, policy: Policy): OwnershipSigns["mentions"] {
  return [...bySession].flatMap(([session, mentions]) =>
    mentions.flatMap(({ carrier, manner }) => {
      const { pid, startTicks, argv } = carrier;
      const role = roleOf(carrier, policy.programs);
      if (manner === "text" || role.kind !== "agent" || tree.get(pid)?.startTicks !== startTicks) return [];
      if (manner === "argument" && isSaid(argv, session)) return [];
      return [{ sessionId: canonicalSession(session), pid, agent: role.name }];
    }),
  );
}

function targetsOf({ targets, witnesses }: OwnersQuestion): readonly Target[] {
  const asked = new Set(targets.map(registryId));
  return [...targets, ...witnesses.filter((target) => !asked.has(registryId(target)))];
}

/**
 * Unseen where the process table is. `wanted` is a session that is asked for. The processes are listed before the claims
 * are read: an agent that starts in between is in no list, while one that was listed without its claim would be another's child.
 */
export async function lookAtOwners(
  host: LookingHost,
  question: OwnersQuestion,
  wanted: string | undefined,
): Promise<Observed<OwnersObservation>> {
  const { policy } = question;
  const observation = host.lookAtTree();
  if (!observation.seen) return observation;
  const { tree: all, complete } = observation.value;
  const loaded = await Promise.all(targetsOf(question).map((target) => loadRegistry(host, target)));
  const read = loaded.filter((registry): registry is ReadRegistry => registry.state === "read");
  const claims = read.flatMap(claimsIn).map(({ registration }) => registration);
  const started = [...all.values()].flatMap(({ argv }) => sessionOf(argv) ?? []);
  const ids = [...claims.flatMap(({ sessionId }) => sessionId ?? []), ...started, ...(wanted === undefined ? [] : [wanted])];
  const sought = soughtAmong(new Set(ids.flatMap((id) => soughtId(id) ?? [])));
  const pids = new Set(read.flatMap((registry) => [...registry.pids]));
  const world = await lookAtWorld(host, { pids, owners: [], sought, programs: policy.programs, files: "agents" });
  if (!world.processes.seen) return world.processes;
  const mentions = world.mentions.seen ? mentionsIn(world.mentions.value.bySession, all, policy) : [];
  const registrations = read.flatMap((registry) => heldRegistrations(registry, world, all, policy));
  const further = new Set([...mentions, ...registrations].map(({ pid }) => pid));
  const { warnings: closedFiles, ...held } = lookAtAgents(
    host,
    all,
    ({ pid, argv }) => further.has(pid) || agentOf(argv, policy.programs) !== undefined,
  );
  const warnings = loaded.flatMap((registry) =>
    registry.state === "read" || (registry.state === "missing" && !registry.target.named)
      ? []
      : [`${registry.target.path} ${registry.problem}`],
  );
  warnings.push(...closedFiles);
  if (!complete.seen) warnings.push(complete.why);
  const registered = new Set(claims.flatMap(({ sessionId }) => (sessionId === undefined ? [] : [canonicalSession(sessionId)])));
  const unread = loaded.find(({ state }) => state === "unreadable" || state === "malformed" || state === "busy")?.target.path;
  const signs: OwnershipSigns = { registrations, mentions, registered, registeredPids: pids, unread, ...held };
  return seen({ tree: held.tree, complete, signs, ownership: ownershipOf(signs), warnings });
}
