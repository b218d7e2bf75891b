import { agentArguments, agentOf, baseName, harnessAgentOf, isLaunched } from "../agents/agents.ts";
import type { HeldRegistration, OwnershipSigns, Sign } from "./ownership-signs.ts";
import { chainAbove, isRunning, type ProcessRow, type ProcessTree } from "../agents/process-tree.ts";
import { canonicalSession } from "../registration.ts";
import { isService, sessionOf } from "../agents/session-argv.ts";

/** What shows that a group runs one session. */
export type Shown = {
  readonly signs: ReadonlySet<Sign>;
  /** It shows this now: its own record says so, or it holds a file of the session open. */
  readonly now: boolean;
  /** Its arguments, or a registration with its start, named the session once. */
  readonly proven: boolean;
};

/** Processes that are one: an agent and its shim. `above` is the nearest agent that started it. */
export type Group = {
  readonly agent: string;
  readonly members: ProcessRow[];
  readonly above: Group | undefined;
  readonly sessions: Map<string, Shown>;
  /**
   * An agent runs the session. Of any other process only a registration with its start says so. A host stands above
   * what runs it, and a stand-in (an app server, a process that no start proves) may serve it for others.
   */
  readonly kind: "agent" | "other" | "host" | "stand-in";
};

export const firstOf = ({ members }: Group): ProcessRow => members[0] as ProcessRow;

/**
 * The script that starts an agent's native program with the same arguments, itself or through a gate such as
 * `sessreap exec`; or a native launcher that starts its like.
 */
function isShimOf(shim: ProcessRow, child: ProcessRow, agent: string): boolean {
  if (agentOf(shim.argv) !== agent) return false;
  const isScript = isLaunched(shim.argv);
  const same = agentArguments(shim.argv).join("\0") === agentArguments(child.argv).join("\0");
  return same && (isScript || (child.parentPid === shim.pid && baseName(shim.argv[0] ?? "") === baseName(child.argv[0] ?? "")));
}

const nothingShown: Shown = { signs: new Set(), now: false, proven: false };

function addSign({ sessions }: Group, session: string, sign: Sign, { now = false, proven = false }: Partial<Shown> = {}): void {
  const before = sessions.get(session) ?? nothingShown;
  const signs = new Set([...before.signs, sign]);
  sessions.set(session, { signs, now: before.now || now, proven: before.proven || proven || now });
}

/** The name of an agent by which a process can be a harness; undefined where it is none, or serves other sessions. */
function harnessName(row: ProcessRow, further: ReadonlyMap<number, string>): string | undefined {
  if (!isRunning(row)) return undefined;
  const known = further.get(row.pid);
  return known ?? (isService(row.argv) ? undefined : harnessAgentOf(row.argv));
}

/** Every agent process in its group, those above before those below. `further` are agents that other signs make harnesses. */
export function groupAgents(tree: ProcessTree, further: ReadonlyMap<number, string>): ReadonlyMap<number, Group> {
  const groups = new Map<number, Group>();
  const chains = new Map([...tree.keys()].map((pid) => [pid, chainAbove(tree, pid)] as const));
  const rows = [...tree.values()].toSorted((a, b) => (chains.get(a.pid)?.length ?? 0) - (chains.get(b.pid)?.length ?? 0));
  for (const row of rows) {
    const agent = harnessName(row, further);
    if (agent === undefined) continue;
    const parent = chains.get(row.pid)?.find(({ pid }) => groups.has(pid));
    const above = parent === undefined ? undefined : groups.get(parent.pid);
    if (parent !== undefined && above !== undefined && isShimOf(parent, row, agent)) {
      above.members.push(row);
      groups.set(row.pid, above);
      continue;
    }
    const session = sessionOf(row.argv);
    const group: Group = { agent, members: [row], above, sessions: new Map(), kind: "agent" };
    if (session !== undefined) addSign(group, canonicalSession(session), "argv", { proven: true });
    groups.set(row.pid, group);
  }
  return groups;
}

/** What a process is called that is no agent. */
const nameOf = (row: ProcessRow): string => agentOf(row.argv) ?? baseName(row.argv[0] ?? `pid ${row.pid}`);

/**
 * Agents that their own record, a registration or a mention makes harnesses, by their names: arguments tell of a few
 * agents only, and a background Claude in a claimed spare calls itself a service.
 */
function furtherAgents({ tree, registrations, mentions }: OwnershipSigns): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const { pid, proven, authoritative, namesHost } of registrations) {
    const row = tree.get(pid);
    if (row === undefined || namesHost || !proven) continue;
    if (authoritative || (agentOf(row.argv) !== undefined && !isService(row.argv))) found.set(pid, nameOf(row));
  }
  for (const { pid, agent } of mentions) {
    const row = tree.get(pid);
    if (row !== undefined && !isService(row.argv)) found.set(pid, agent);
  }
  return found;
}

/** A process that no agent's name makes a harness. */
function strange(row: ProcessRow, { namesHost, proven }: Pick<HeldRegistration, "namesHost" | "proven">): Group {
  const kind = namesHost ? "host" : proven && !isService(row.argv) ? "other" : "stand-in";
  return { agent: nameOf(row), members: [row], above: undefined, sessions: new Map(), kind };
}

/** An agent's own record, or the files that it holds open, say what it runs now; what it was started with is forgotten where they differ. */
function forgetOutranked(groups: Iterable<Group>, recorded: ReadonlyMap<Group, ReadonlySet<string>>): void {
  for (const group of groups) {
    const now = [...group.sessions].flatMap(([session, { signs }]) => (signs.has("open-file") ? [session] : []));
    const stronger = recorded.get(group) ?? (now.length > 0 ? new Set(now) : undefined);
    if (stronger === undefined) continue;
    for (const [session, { signs }] of group.sessions) {
      const isWeaker = [...signs].every((sign) => sign === "argv" || sign === "mention");
      if (isWeaker && !stronger.has(session)) group.sessions.delete(session);
    }
  }
}

/** All that runs or serves a session. */
export type Groups = { readonly agents: ReadonlyMap<number, Group>; readonly others: readonly Group[] };

/** Puts the processes of one agent together, and says by which signs each runs which session. */
export function groupsOf(signs: OwnershipSigns): Groups {
  const { tree, heldThreads, registrations, mentions } = signs;
  const agents = groupAgents(tree, furtherAgents(signs));
  const strangers = new Map<number, Group>();
  const groupFor = (pid: number, registration: Pick<HeldRegistration, "namesHost" | "proven">): Group | undefined => {
    const row = tree.get(pid);
    if (row === undefined || !isRunning(row)) return undefined;
    const group = agents.get(pid) ?? strangers.get(pid) ?? strange(row, registration);
    if (!agents.has(pid)) strangers.set(pid, group);
    return group;
  };
  const recorded = new Map<Group, Set<string>>();
  for (const registration of registrations.filter(({ authoritative, proven }) => authoritative && proven)) {
    const group = groupFor(registration.pid, registration);
    if (group === undefined) continue;
    const session = canonicalSession(registration.sessionId);
    recorded.set(group, (recorded.get(group) ?? new Set()).add(session));
    addSign(group, session, "registration", { now: registration.current, proven: true });
  }
  for (const { sessionId, pid } of heldThreads) {
    const group = groupFor(pid, { namesHost: false, proven: false });
    if (group !== undefined) addSign(group, sessionId, "open-file", { now: true });
  }
  for (const registration of registrations) {
    const { sessionId, pid, proven, authoritative } = registration;
    const group = authoritative && proven ? undefined : groupFor(pid, registration);
    // An agent can change its session while it runs; its own record knows, another registry may have drifted.
    if (group === undefined || recorded.has(group)) continue;
    addSign(group, canonicalSession(sessionId), "registration", { proven });
  }
  for (const { sessionId, pid } of mentions) {
    const group = agents.get(pid);
    const isBelow = group !== undefined && linesAbove(group).some(({ sessions }) => sessions.has(sessionId));
    if (group !== undefined && !isBelow) addSign(group, sessionId, "mention");
  }
  forgetOutranked(new Set(agents.values()), recorded);
  return { agents, others: [...strangers.values()] };
}

/** The agents above a group, the nearest first. */
export function linesAbove(group: Group): readonly Group[] {
  const line: Group[] = [];
  for (let { above } = group; above !== undefined; { above } = above) line.push(above);
  return line;
}
