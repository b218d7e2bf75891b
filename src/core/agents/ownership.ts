import {
  addFurtherSigns,
  firstOf,
  groupAgents,
  harnessAbove,
  isBackground,
  type Group,
  type OwnershipSigns,
  type Sign,
} from "./agent-groups.ts";
import { chainAbove, compareStart, isOrphan, isRunning, type ProcessRow, type ProcessTree } from "./process-tree.ts";

export type Child = { readonly process: ProcessRow; readonly agent: string; readonly via: "parent" | "kernel-session" };

/** What runs one session: an agent with the shim that started it, and what hangs under it. */
export type Harness = {
  readonly agent: string;
  /** The oldest first: a shim, then its native child. */
  readonly members: readonly ProcessRow[];
  readonly signs: readonly Sign[];
  /** Agents that it started and that run no session of their own: background reviews. */
  readonly children: readonly Child[];
  /** Every other process that descends from it: shells, tools, servers. */
  readonly helpers: readonly ProcessRow[];
  /** Why it cannot be said for certain that it runs this session and nothing else. */
  readonly doubts: readonly string[];
};

export type OwnedSession = {
  readonly sessionId: string;
  /** The oldest first. Two or more are a duplicate. */
  readonly harnesses: readonly Harness[];
};

export type Ownership = {
  /** Duplicates first. */
  readonly sessions: readonly OwnedSession[];
  /** Agents of which no sign says which session they run. */
  readonly unattributed: readonly { readonly process: ProcessRow; readonly agent: string; readonly why: string }[];
};

/** A host process that is known by its registration alone, and whose child names the same session, is one with it. */
function isHostOf(group: Group, others: readonly Group[], session: string): boolean {
  if (group.sessions.get(session)?.has("argv") === true) return false;
  return others.some((other) => {
    for (let above = other.above; above !== undefined; above = above.above) if (above === group) return true;
    return false;
  });
}

/** The harnesses that can have left an orphan in its kernel session: those that were there before it. */
function leftBy(tree: ProcessTree, group: Group, harnesses: Iterable<Group>): readonly Group[] {
  const first = firstOf(group);
  if (!isOrphan(tree, first)) return [];
  return [...harnesses].filter((harness) => {
    const shares = harness.members.some(({ kernelSession }) => kernelSession === first.kernelSession);
    return harness !== group && shares && compareStart(firstOf(harness), first) <= 0;
  });
}

/** An orphan that is known only by an open file of its own thread is what one harness of its kernel session has left behind. */
function isLeftBehind(tree: ProcessTree, group: Group, harnesses: readonly Group[]): boolean {
  const onlyFiles = [...group.sessions.values()].every((signs) => signs.size === 1 && signs.has("open-file"));
  const named = harnesses.filter((harness) => harness.named);
  return !group.named && onlyFiles && leftBy(tree, group, named).length === 1;
}

type Placed = { readonly children: Map<Group, Child[]>; readonly unattributed: Ownership["unattributed"][number][] };

/** Puts every agent without a session of its own under the harness that left it, where that can be told. */
function placeChildren(tree: ProcessTree, all: readonly Group[], harnesses: ReadonlySet<Group>): Placed {
  const children = new Map<Group, Child[]>();
  const unattributed: Placed["unattributed"] = [];
  const place = (harness: Group, group: Group, via: Child["via"]): void => {
    const placed = children.get(harness) ?? [];
    placed.push(...group.members.map((process) => ({ process, agent: group.agent, via })));
    children.set(harness, placed);
  };
  for (const group of all) {
    if (group.named || harnesses.has(group)) continue;
    const above = harnessAbove(group);
    if (above !== undefined) {
      place(above, group, "parent");
      continue;
    }
    const [only, second] = leftBy(tree, group, harnesses);
    if (only !== undefined && second === undefined) {
      place(only, group, "kernel-session");
      continue;
    }
    const why = second === undefined ? "it names no session" : "more than one harness may have left it behind";
    unattributed.push(...group.members.map((process) => ({ process, agent: group.agent, why })));
  }
  return { children, unattributed };
}

function doubtsOf({ sessions, stands, proven, agent }: Group, session: string): readonly string[] {
  const doubts: string[] = [];
  const others = [...sessions.keys()].filter((other) => other !== session);
  if (others.length > 0) doubts.push(`it also holds ${others.join(", ")}`);
  if (stands) doubts.push(`${agent} is no agent that runs one session`);
  else if (!proven) doubts.push("only a registration without a start token names it");
  return doubts;
}

/** Which live processes run which session, told from what agents were started with, what they hold open and what they registered. */
export function ownershipOf(signs: OwnershipSigns): Ownership {
  const { tree } = signs;
  const groups = groupAgents(tree);
  const standIns = addFurtherSigns(signs, groups);
  const all = [...new Set(groups.values())];
  const holding = all.filter((group) => group.sessions.size > 0 && !isBackground(group));
  const harnesses = new Set(holding.filter((group) => !isLeftBehind(tree, group, holding)));
  const { children, unattributed } = placeChildren(tree, all, harnesses);
  const nearest = (row: ProcessRow): Group | undefined => {
    const above = chainAbove(tree, row.pid).find(({ pid }) => groups.has(pid));
    const group = above === undefined ? undefined : groups.get(above.pid);
    return group === undefined || harnesses.has(group) ? group : harnessAbove(group);
  };
  const helpers = new Map<Group, ProcessRow[]>();
  for (const row of tree.values()) {
    const group = groups.has(row.pid) || !isRunning(row) ? undefined : nearest(row);
    if (group !== undefined) helpers.set(group, [...(helpers.get(group) ?? []), row]);
  }
  const bySession = new Map<string, Group[]>();
  for (const group of [...harnesses, ...standIns]) {
    for (const id of group.sessions.keys()) {
      const owners = bySession.get(id) ?? [];
      if (!group.stands || owners.every(({ stands }) => stands)) bySession.set(id, [...owners, group]);
    }
  }
  const describe = (group: Group, session: string): Harness => ({
    agent: group.agent,
    members: group.members,
    signs: [...(group.sessions.get(session) ?? [])],
    children: (children.get(group) ?? []).toSorted((a, b) => compareStart(a.process, b.process)),
    helpers: helpers.get(group) ?? [],
    doubts: doubtsOf(group, session),
  });
  const sessions = [...bySession].map(([sessionId, owners]): OwnedSession => {
    const real = owners.filter((group) => !isHostOf(group, owners, sessionId));
    const ordered = real.toSorted((a, b) => compareStart(firstOf(a), firstOf(b)) || firstOf(a).pid - firstOf(b).pid);
    return { sessionId, harnesses: ordered.map((group) => describe(group, sessionId)) };
  });
  return {
    sessions: sessions.toSorted((a, b) => Number(b.harnesses.length > 1) - Number(a.harnesses.length > 1)),
    unattributed,
  };
}
