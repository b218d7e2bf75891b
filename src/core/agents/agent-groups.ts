import { agentArguments, agentOf, baseName, harnessAgentOf, isLaunched } from "./agents.ts";
import { chainAbove, isRunning, type ProcessRow, type ProcessTree } from "./process-tree.ts";
import { canonicalSession } from "../registration.ts";
import { isService, sessionOf } from "./session-argv.ts";

/** By what a process is known to run a session. */
export type Sign = "argv" | "open-file" | "registration";

/** A registration whose recorded holder is there. */
export type HeldRegistration = {
  readonly sessionId: string;
  readonly pid: number;
  /** By its start token, not by its pid alone. */
  readonly proven: boolean;
  /** The holder itself keeps it, so it says which session the process runs now. */
  readonly authoritative: boolean;
};

/** All that ownership is told from. `heldThreads` are by canonical session id: which process holds a file of the thread open. */
export type OwnershipSigns = {
  readonly tree: ProcessTree;
  readonly heldThreads: ReadonlyMap<string, number>;
  readonly registrations: readonly HeldRegistration[];
};

/** Processes that are one: an agent and its shim. `above` is the nearest agent that started it. */
export type Group = {
  readonly agent: string;
  readonly members: ProcessRow[];
  readonly above: Group | undefined;
  readonly sessions: Map<string, Set<Sign>>;
  readonly named: boolean;
  readonly stands: boolean;
  proven: boolean;
};

export const firstOf = ({ members }: Group): ProcessRow => members[0] as ProcessRow;

/**
 * The script that starts an agent's native program with the same arguments, itself or through a gate such as
 * `sessreap exec`; or a native launcher that starts its like.
 */
function isShimOf(shim: ProcessRow, child: ProcessRow, agent: string): boolean {
  if (harnessAgentOf(shim.argv) !== agent) return false;
  const isScript = isLaunched(shim.argv);
  const same = agentArguments(shim.argv).join("\0") === agentArguments(child.argv).join("\0");
  return same && (isScript || (child.parentPid === shim.pid && baseName(shim.argv[0] ?? "") === baseName(child.argv[0] ?? "")));
}

function addSign(group: Group, session: string, sign: Sign): void {
  const signs = group.sessions.get(session) ?? new Set<Sign>();
  group.sessions.set(session, signs.add(sign));
}

/** Every agent process in its group, those above before those below. */
export function groupAgents(tree: ProcessTree): ReadonlyMap<number, Group> {
  const groups = new Map<number, Group>();
  const chains = new Map([...tree.keys()].map((pid) => [pid, chainAbove(tree, pid)] as const));
  const rows = [...tree.values()].toSorted((a, b) => (chains.get(a.pid)?.length ?? 0) - (chains.get(b.pid)?.length ?? 0));
  for (const row of rows) {
    const agent = isRunning(row) ? harnessAgentOf(row.argv) : undefined;
    if (agent === undefined || isService(row.argv)) continue;
    const parent = chains.get(row.pid)?.find(({ pid }) => groups.has(pid));
    const above = parent === undefined ? undefined : groups.get(parent.pid);
    if (parent !== undefined && above !== undefined && isShimOf(parent, row, agent)) {
      above.members.push(row);
      groups.set(row.pid, above);
      continue;
    }
    const session = sessionOf(row.argv);
    const group: Group = {
      agent,
      members: [row],
      above,
      sessions: new Map(),
      named: session !== undefined,
      stands: false,
      proven: session !== undefined,
    };
    if (session !== undefined) addSign(group, canonicalSession(session), "argv");
    groups.set(row.pid, group);
  }
  return groups;
}

/** An app server or a program that is no agent: it stands for a session only where no agent runs it. */
function standIn(row: ProcessRow): Group {
  const agent = agentOf(row.argv) ?? baseName(row.argv[0] ?? `pid ${row.pid}`);
  return { agent, members: [row], above: undefined, sessions: new Map(), named: false, stands: true, proven: false };
}

/** The agent that a process belongs to: itself, one that started it, or one that it started for this session. */
function groupFor(tree: ProcessTree, groups: ReadonlyMap<number, Group>, pid: number, session: string): Group | undefined {
  const own = groups.get(pid);
  if (own !== undefined) return own;
  const runs = (group: Group | undefined): boolean => group?.sessions.has(session) === true;
  const above = chainAbove(tree, pid).find((row) => runs(groups.get(row.pid)));
  if (above !== undefined) return groups.get(above.pid);
  const below = [...groups].find(([other, group]) => runs(group) && chainAbove(tree, other).some((row) => row.pid === pid));
  return below?.[1];
}

export function addFurtherSigns(
  { tree, heldThreads, registrations }: OwnershipSigns,
  groups: ReadonlyMap<number, Group>,
): readonly Group[] {
  const standIns = new Map<number, Group>();
  const sign = (pid: number, session: string, by: Sign, proven: boolean): void => {
    const row = tree.get(pid);
    if (row === undefined || !isRunning(row)) return;
    const group = groupFor(tree, groups, pid, session) ?? standIns.get(pid) ?? standIn(row);
    if (group.stands) standIns.set(pid, group);
    if (proven) group.proven = true;
    addSign(group, session, by);
  };
  const authorities = new Set<Group>();
  for (const { sessionId, pid } of registrations.filter(({ authoritative, proven }) => authoritative && proven)) {
    const group = groups.get(pid);
    if (group === undefined) continue;
    // An agent can change its session while it runs; its own record knows, the arguments it was started with do not.
    if (!authorities.has(group))
      for (const session of group.sessions.keys()) if (session !== canonicalSession(sessionId)) group.sessions.delete(session);
    authorities.add(group);
    sign(pid, canonicalSession(sessionId), "registration", true);
  }
  for (const [session, pid] of heldThreads) sign(pid, session, "open-file", true);
  for (const { sessionId, pid, proven, authoritative } of registrations) {
    const group = groups.get(pid);
    if ((authoritative && proven) || (group !== undefined && authorities.has(group))) continue;
    sign(pid, canonicalSession(sessionId), "registration", proven);
  }
  return [...standIns.values()];
}

/** The nearest harness above a group; a background child's own child belongs to the same one. */
export function harnessAbove(group: Group): Group | undefined {
  for (let above = group.above; above !== undefined; above = above.above) if (above.sessions.size > 0 && !isBackground(above)) return above;
  return undefined;
}

/** An agent that names no session and was started by one that runs some. */
export function isBackground(group: Group): boolean {
  return !group.named && harnessAbove(group) !== undefined;
}
