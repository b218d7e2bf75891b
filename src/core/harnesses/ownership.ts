import { chainAbove, compareStart, isRunning, type ProcessRow } from "../agents/process-tree.ts";
import { firstOf, groupsOf, linesAbove, type Group } from "./agent-groups.ts";
import { harnessAbove, isBackground, isLeftBehind, placeChildren, type Placed, type Tie } from "./background.ts";
import { onlyCallsItself, whyLeft } from "./belonging.ts";
import type { OwnershipSigns, Sign } from "./ownership-signs.ts";

export type Child = {
  readonly process: ProcessRow;
  readonly agent: string;
  readonly via: Tie;
  /** Why it is not ended with its harness; undefined where it is proven to belong to it alone. */
  readonly stays: string | undefined;
};

/** What runs one session: an agent, with those of its ancestors and descendants that run the same one. */
export type Harness = {
  readonly agent: string;
  /** The oldest first: a shim, then its native child. */
  readonly members: readonly ProcessRow[];
  /** Above them: what launched them, and what the session is registered by. These are shown, not counted and never ended. */
  readonly hosts: readonly ProcessRow[];
  readonly signs: readonly Sign[];
  /** Agents that it started and that run no session of their own: background reviews. */
  readonly children: readonly Child[];
  /** Every other process that descends from it: shells, tools, servers, harnesses of other sessions. */
  readonly helpers: readonly ProcessRow[];
  /** Why it cannot be said for certain that it runs this session and nothing else. */
  readonly doubts: readonly string[];
  /** Why it may run another session by now. Only the user's word, for this very process, ends it. */
  readonly possible: string | undefined;
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

/** Agents of which it is known that arguments, and open files where they differ, say which session they run. */
const steadyAgents: ReadonlySet<string> = new Set(["codex", "code", "coder"]);

/** Why a group may run another session by now than this one; undefined where it is proven, or where only a doubt is left. */
function whyPossible({ programs, closed }: OwnershipSigns, { agent, members, sessions, kind }: Group, session: string): string | undefined {
  const shown = sessions.get(session);
  if (shown === undefined || shown.now || kind !== "agent") return undefined;
  if ([...shown.signs].every((sign) => sign === "mention")) return "it only carries the session's id";
  if (!shown.proven) return undefined;
  if (!steadyAgents.has(agent)) return `${agent} can change its session, and nothing shows which it runs now`;
  if (members.some(({ pid }) => closed.has(pid))) return "its open files, which show what it runs now, cannot be seen";
  for (const member of members) {
    const program = programs.get(member.pid);
    if (program?.seen !== true) return "its program cannot be seen";
    if (onlyCallsItself(member, program.value)) return `its program is ${program.value.exe.path}, which is no agent`;
  }
  return undefined;
}

function doubtsOf({ sessions, kind, agent }: Group, session: string): readonly string[] {
  if (kind !== "agent") return [`${agent} is no agent that runs one session`];
  const others = [...sessions].flatMap(([id, { signs }]) => (id === session || [...signs].every((sign) => sign === "mention") ? [] : [id]));
  const { signs, proven } = sessions.get(session) ?? { signs: new Set(), proven: false };
  return [
    ...(others.length > 0 ? [`it also holds ${others.join(", ")}`] : []),
    ...(!proven && signs.has("registration") ? ["only a registration without a start token names it"] : []),
  ];
}

/** What runs a session together: a group, and those of its descendants that run the same session. */
type Part = { readonly groups: readonly Group[]; readonly hosts: readonly Group[] };

/** Of processes of one session of which one is an ancestor of the other there is one harness. */
function partsOf({ tree }: OwnershipSigns, session: string, agents: readonly Group[], others: readonly Group[]): readonly Part[] {
  const isAbove = (above: Group, group: Group): boolean =>
    chainAbove(tree, firstOf(group).pid).some(({ pid }) => above.members.some((member) => member.pid === pid));
  const mine = agents.filter(({ sessions }) => sessions.has(session));
  const roots = mine.filter((group) => !linesAbove(group).some((above) => mine.includes(above)));
  const strangers = others.filter(({ sessions }) => sessions.has(session));
  const parts = roots.map((root): Part => {
    const groups = mine.filter((group) => group === root || linesAbove(group).includes(root));
    return { groups, hosts: strangers.filter((other) => groups.some((group) => isAbove(other, group) || isAbove(group, other))) };
  });
  const joined = new Set(parts.flatMap(({ hosts }) => hosts));
  const alone = strangers.filter((other) => !joined.has(other) && !strangers.some((above) => isAbove(above, other)));
  const counted = alone.filter(({ kind }) => kind !== "stand-in");
  const rest = parts.length + counted.length > 0 ? counted : alone;
  return [...parts, ...rest.map((group): Part => ({ groups: [group], hosts: [] }))];
}

const byStart = (a: ProcessRow, b: ProcessRow): number => compareStart(a, b) || a.pid - b.pid;

/** What every harness is described by. */
type Scene = { readonly signs: OwnershipSigns; readonly placed: Placed; readonly helpers: ReadonlyMap<Group, readonly ProcessRow[]> };

/** The background children of some groups, those above before those below, and why some of them are not theirs alone. */
function childrenOf({ signs, placed }: Scene, groups: readonly Group[], members: readonly ProcessRow[]): readonly Child[] {
  const ended = new Set<number>();
  return groups
    .flatMap((group) => placed.children.get(group) ?? [])
    .flatMap(({ group, via }) =>
      group.members.map((process): Child => {
        const stays = whyLeft(signs, { process, agent: group.agent, via, threads: group.sessions.keys() }, members, ended);
        if (stays === undefined) ended.add(process.pid);
        return { process, agent: group.agent, via, stays };
      }),
    )
    .toSorted((a, b) => byStart(a.process, b.process));
}

function describe(scene: Scene, session: string, { groups, hosts }: Part): Harness {
  const { signs, helpers } = scene;
  const proven = groups.filter((group) => group.sessions.get(session)?.proven === true && whyPossible(signs, group, session) === undefined);
  const running = proven.length > 0 ? proven : groups;
  const members = running.flatMap((group) => group.members).toSorted(byStart);
  const around = groups.filter((group) => !running.includes(group));
  const isLauncher = (group: Group): boolean => running.some((one) => linesAbove(one).includes(group));
  const launchers = [...hosts.filter((host) => host.kind !== "agent" && !isBelow(signs, host, members)), ...around.filter(isLauncher)];
  const others = around
    .filter((group) => !isLauncher(group))
    .flatMap((group) =>
      group.members.map((process): Child => ({
        process,
        agent: group.agent,
        via: "parent",
        stays: whyPossible(signs, group, session) ?? "it is not proven to run the session",
      })),
    );
  const all = [...running, ...around];
  return {
    agent: running[0]?.agent ?? "",
    members,
    hosts: launchers.flatMap((group) => group.members).toSorted(byStart),
    signs: [...new Set([...all, ...hosts].flatMap((group) => [...(group.sessions.get(session)?.signs ?? [])]))],
    children: [...childrenOf(scene, all, members), ...others],
    helpers: all
      .flatMap((group) => helpers.get(group) ?? [])
      .filter(({ pid }) => !all.some((group) => group.members.some((member) => member.pid === pid))),
    doubts: [...new Set(running.flatMap((group) => doubtsOf(group, session)))],
    possible: proven.length > 0 ? undefined : running.map((group) => whyPossible(signs, group, session)).find((why) => why !== undefined),
  };
}

function isBelow({ tree }: OwnershipSigns, group: Group, members: readonly ProcessRow[]): boolean {
  return chainAbove(tree, firstOf(group).pid).some(({ pid }) => members.some((member) => member.pid === pid));
}

/** Every other process by the harness that it descends from: those that are no agents, and harnesses of sessions of their own. */
function helpersOf(
  { tree, registered }: OwnershipSigns,
  groups: ReadonlyMap<number, Group>,
  harnesses: ReadonlySet<Group>,
): Scene["helpers"] {
  const helpers = new Map<Group, ProcessRow[]>();
  for (const row of tree.values()) {
    const own = groups.get(row.pid);
    if (!isRunning(row) || (own !== undefined && !harnesses.has(own))) continue;
    if (own !== undefined) {
      const above = harnessAbove(own, registered);
      if (above !== undefined) helpers.set(above, [...(helpers.get(above) ?? []), row]);
      continue;
    }
    const above = chainAbove(tree, row.pid).find(({ pid }) => groups.has(pid));
    const nearest = above === undefined ? undefined : groups.get(above.pid);
    const group = nearest === undefined || harnesses.has(nearest) ? nearest : harnessAbove(nearest, registered);
    if (group !== undefined) helpers.set(group, [...(helpers.get(group) ?? []), row]);
  }
  return helpers;
}

/** Which live processes run which session, told from what they were started with, what they hold open and what is registered. */
export function ownershipOf(signs: OwnershipSigns): Ownership {
  const { agents, others } = groupsOf(signs);
  const all = [...new Set(agents.values())];
  const holding = all.filter((group) => group.sessions.size > 0 && !isBackground(group, signs.registered));
  const harnesses = new Set(holding.filter((group) => !isLeftBehind(signs, group, holding)));
  const placed = placeChildren(signs, all, harnesses);
  const scene: Scene = { signs, placed, helpers: helpersOf(signs, agents, harnesses) };
  const ids = new Set([...harnesses, ...others].flatMap(({ sessions }) => [...sessions.keys()]));
  const sessions = [...ids].map((sessionId): OwnedSession => {
    const parts = partsOf(signs, sessionId, [...harnesses], others);
    const described = parts.map((part) => describe(scene, sessionId, part));
    const start = ({ members }: Harness): ProcessRow => members[0] as ProcessRow;
    return { sessionId, harnesses: described.toSorted((a, b) => byStart(start(a), start(b))) };
  });
  return {
    sessions: sessions.toSorted((a, b) => Number(b.harnesses.length > 1) - Number(a.harnesses.length > 1)),
    unattributed: placed.unattributed.flatMap(({ group, why }) => group.members.map((process) => ({ process, agent: group.agent, why }))),
  };
}
