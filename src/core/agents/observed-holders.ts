import type { Carrier, Here, ProcessTable } from "../evidence.ts";
import type { AgentProcess } from "./agent-process.ts";
import { canonicalSession, type Registration } from "../registration.ts";
import { isSameBoot } from "../identity/tokens.ts";
import { placeOf } from "../rungs/signs/elsewhere.ts";
import { statesName } from "../rungs/signs/stated-name.ts";
import type { Scene } from "../scene.ts";
import { roleOf } from "./carriers.ts";
import { namesTmux, panesNamed, tmuxKey } from "../identity/tmux.ts";
import { idsOf } from "./mentions/sought.ts";
import { isService, sessionOf } from "./session-argv.ts";

/**
 * A process that a sweep saw to show the session of an entry, told from every later process of its pid by its start and
 * its boot, and from those of other machines and pid namespaces.
 */
export type ObservedHolder = {
  readonly pid: number;
  readonly startTicks: string;
  readonly program: string;
  readonly uid: number;
  readonly bootId: string;
  readonly pidNamespace: string;
  /** The time namespace by whose clock `startTicks` was read; undefined where it could not be told. */
  readonly timeNamespace: string | undefined;
  readonly host: string;
};

/** So many of one entry are remembered. Of more, those that are gone are forgotten first. */
export const maxHolders = 8;

export const noHolders: readonly ObservedHolder[] = [];

/** `as` is the session and the name that were shown: the rest of an entry may change while the same processes hold it. */
export type HeldBy = { readonly as: string; readonly by: readonly ObservedHolder[] };

/** What the processes that hold an entry show. */
export function heldAs({ sessionId, identity }: Registration): string {
  return `${sessionId === undefined ? "" : canonicalSession(sessionId)}\0${identity ?? ""}`;
}

/** An agent that shows an entry: by its id, in its arguments or in the path of a file that it holds open, or by its name. */
type Showing = { readonly carrier: Pick<Carrier, "pid" | "startTicks" | "uid">; readonly program: string };

/** What a pane's first process is remembered as. It tells where the session was, and not which program ran it. */
const paneProgram = (pane: string): string => `tmux pane ${pane}`;
export const isPane = ({ program }: ObservedHolder): boolean => program.startsWith(paneProgram(""));

/** What stands in the panes that an entry names. They keep it while they run, when tmux has another name for them by then. */
function panesShowing(scene: Scene): readonly Showing[] {
  const { claim, registry, evidence } = scene;
  if (!namesTmux(claim) || placeOf(scene).kind !== "here") return [];
  const panes = panesNamed(claim, evidence.tmux.get(tmuxKey(registry.id, claim))?.panes ?? []);
  return panes.flatMap(({ pane, first }) => (first === undefined ? [] : [{ carrier: first, program: paneProgram(pane) }]));
}

/** The agents that show an entry now. */
export function agentsShowing({ claim, registry, evidence: { mentions }, policy }: Scene): readonly Showing[] {
  if (!mentions.seen || mentions.value.bySession.size + mentions.value.statements.length === 0) return [];
  const byId = idsOf(claim, registry).flatMap((id) => mentions.value.bySession.get(id) ?? []);
  const { identity } = claim;
  const byName = mentions.value.statements.filter(
    ({ behind, text, isFirst }) =>
      isFirst && behind === registry.statedBehind && identity !== undefined && statesName(text, identity) === "yes",
  );
  const carriers = [...byId.filter(({ manner }) => manner !== "text"), ...byName].map(({ carrier }) => carrier);
  const showing = carriers.flatMap((carrier): readonly (readonly [number, Showing])[] => {
    const { kind, name } = roleOf(carrier, policy.programs, registry.holderNames);
    return kind === "agent" ? [[carrier.pid, { carrier, program: name }]] : [];
  });
  return [...new Map(showing).values()];
}

/**
 * The agents that show no session at all, so that each of them may run any. A service shows what it runs by what it
 * holds open.
 */
export function agentsShowingNone({ evidence: { mentions } }: Scene, { agents }: ProcessTable): readonly AgentProcess[] {
  const found = mentions.seen ? [...mentions.value.bySession.values()].flat().filter(({ manner }) => manner !== "text") : [];
  const stated = mentions.seen ? mentions.value.statements : [];
  const showing = new Set([...found, ...stated].map(({ carrier }) => carrier.pid));
  return agents.filter(({ pid, argv }) => sessionOf(argv) === undefined && !isService(argv) && !showing.has(pid));
}

export type HolderState = "gone" | "there" | "unseen";

/** What has become of a process that showed the entry. A pid is the same process only with the same start in the same boot. */
export function stateOf(holder: ObservedHolder, { pids }: ProcessTable, { bootId, timeNamespace }: Here): HolderState {
  if (!bootId.seen) return "unseen";
  if (isSameBoot(holder.bootId, bootId.value) === false) return "gone";
  const observation = pids.get(holder.pid);
  if (observation === undefined || !observation.seen) return "unseen";
  if (observation.value.kind === "gone") return "gone";
  const { state, startTicks } = observation.value;
  // Whichever process has the pid now, none is alive that has it.
  if (state.seen && (state.value === "Z" || state.value === "X")) return "gone";
  const isOneClock = timeNamespace?.seen === true && timeNamespace.value === holder.timeNamespace;
  if (startTicks.seen && startTicks.value !== holder.startTicks) return isOneClock ? "gone" : "unseen";
  return startTicks.seen && state.seen ? "there" : "unseen";
}

/**
 * A sweep of another machine or pid namespace saw it: its pid means nothing here. A machine that has been given another
 * name since is known by its boot.
 */
export function isElsewhere(holder: ObservedHolder, { hostname, bootId, pidNamespace }: Here): boolean {
  const isOurs = holder.host === hostname || (bootId.seen && isSameBoot(holder.bootId, bootId.value) === true);
  return !isOurs || !pidNamespace.seen || holder.pidNamespace !== pidNamespace.value.inode;
}

function isSame(one: ObservedHolder, other: ObservedHolder): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId && one.host === other.host;
}

/** The processes that the next sweep has to know of: those that showed the entry before, and those that show it now. */
export function holdersSeen(scene: Scene): readonly ObservedHolder[] {
  const { claim, evidence, memory } = scene;
  if (claim.pid !== undefined) return noHolders;
  const showing = [...agentsShowing(scene), ...panesShowing(scene)];
  const { hostname, bootId, pidNamespace, timeNamespace } = evidence.here;
  if (showing.length === 0 || !bootId.seen || !pidNamespace.seen) return memory.holders;
  const now = showing.map(({ carrier: { pid, startTicks, uid }, program }): ObservedHolder => {
    const clock = timeNamespace?.seen === true ? timeNamespace.value : undefined;
    const where = { bootId: bootId.value, pidNamespace: pidNamespace.value.inode, timeNamespace: clock, host: hostname };
    return { pid, startTicks, program, uid, ...where };
  });
  const all = [...memory.holders.filter((holder) => !now.some((one) => isSame(one, holder))), ...now];
  if (all.length <= maxHolders || !evidence.processes.seen) return all.slice(-maxHolders);
  const table = evidence.processes.value;
  return all.filter((holder) => isElsewhere(holder, evidence.here) || stateOf(holder, table, evidence.here) !== "gone").slice(-maxHolders);
}
