import type { Ending, SeenExit } from "../core/plan/ending.ts";
import { seen, unseen, type Observed } from "../core/evidence.ts";
import { canonicalSession } from "../core/registration.ts";
import type { ProcessId } from "../host/senses/senses.ts";
import type { Target } from "../sweep/load/target.ts";
import type { Endings } from "../sweep/pass.ts";
import { idOf, type Known } from "./holdings.ts";

/** A process that was seen alive and then gone, the entries whose holder it was, and what it had started and what lived on. */
type Exited = ProcessId & {
  readonly held: readonly { readonly registry: string; readonly key: string; readonly digest: string | undefined }[];
  left: Observed<readonly ProcessId[]>;
};

/** So many closings are kept of each server at most: one that names threads without end fills no memory. */
const maxClosings = 10_000;

export const nameOf = ({ pid, startTicks }: ProcessId): string => `${pid}:${startTicks}`;

/** All that a run that stays up has seen end and that entries still claim. */
export type Seen = {
  readonly exited: (ended: ProcessId, known: readonly Known[], left: Observed<readonly ProcessId[]>) => void;
  readonly closed: (url: string, id: string) => void;
  /** What a server had closed is void: it has the thread again, or its connection was lost. */
  readonly reopened: (url: string, id: string | undefined) => void;
  /** The registries that claim something that was seen to end, each with the names of what that is. */
  readonly concerned: (known: readonly Known[]) => readonly { readonly target: Target; readonly ends: readonly string[] }[];
  /** What lives on of what those had started that have ended. */
  readonly left: () => readonly ProcessId[];
  /** Whether the end of this very process is known already. */
  readonly hasEnded: (process: ProcessId) => boolean;
  /** Forgets exits that no entry records any more. */
  readonly forget: (known: readonly Known[]) => void;
  readonly endings: (options: {
    readonly startOfPid: (pid: number) => string | undefined;
    readonly ownerUpMs: (registry: string) => number | undefined;
  }) => Endings;
};

export function newSeen(): Seen {
  const exits = new Map<number, readonly Exited[]>();
  const closings = new Map<string, Set<string>>();

  const closedOn = (id: string): readonly string[] => [...closings].flatMap(([url, ids]) => (ids.has(id) ? [url] : []));

  return {
    exited: ({ pid, startTicks }, known, left) => {
      // What is left by one that was itself left is the first one's, too.
      for (const one of [...exits.values()].flat()) {
        if (!one.left.seen) continue;
        const others = one.left.value.filter((child) => child.pid !== pid || child.startTicks !== startTicks);
        if (others.length === one.left.value.length) continue;
        one.left = left.seen ? seen([...new Map([...others, ...left.value].map((child) => [nameOf(child), child])).values()]) : left;
      }
      const held = known.flatMap((one) =>
        one.holdings
          .filter((holding) => holding.pid === pid && holding.startTicks === startTicks)
          .map(({ key, digest }) => ({ registry: idOf(one), key, digest })),
      );
      const others = (exits.get(pid) ?? []).filter((one) => one.startTicks !== startTicks);
      exits.set(pid, [...others, { pid, startTicks, held, left }]);
    },
    closed: (url, id) => {
      const ids = closings.get(url) ?? new Set<string>();
      closings.set(url, ids);
      ids.add(id);
      if (ids.size > maxClosings) for (const oldest of [...ids].slice(0, ids.size - maxClosings)) ids.delete(oldest);
    },
    reopened: (url, id) => void (id === undefined ? closings.delete(url) : closings.get(url)?.delete(id)),
    concerned: (known) =>
      known.flatMap((one) => {
        const id = idOf(one);
        const ended = [...exits.values()].flat().filter(({ pid }) => one.recorded.has(pid));
        const shut = one.target.appServers
          .filter(({ configured }) => configured)
          .flatMap(({ url }) =>
            [...(closings.get(url) ?? [])].filter((session) => one.sessions.has(session)).map((session) => `${url} ${session}`),
          );
        const names = [...ended.map(nameOf), ...shut].map((name) => `${id} ${name}`);
        return names.length === 0 ? [] : [{ target: one.target, ends: names }];
      }),
    hasEnded: ({ pid, startTicks }) => exits.get(pid)?.some((one) => one.startTicks === startTicks) === true,
    left: () => [...exits.values()].flat().flatMap(({ left }) => (left.seen ? left.value : [])),
    forget: (known) => {
      for (const pid of exits.keys()) if (!known.some(({ recorded }) => recorded.has(pid))) exits.delete(pid);
      for (const [url, ids] of closings)
        for (const id of ids) if (!known.some(({ sessions }) => sessions.has(id))) closings.get(url)?.delete(id);
    },
    endings:
      ({ startOfPid, ownerUpMs }) =>
      (registry, claim, digest): Ending | undefined => {
        const { pid, startTicks, key, sessionId } = claim;
        const isMeant = (one: Exited): boolean => {
          if (startTicks !== undefined) return one.startTicks === startTicks;
          // An entry that records no start may be that of a process that has the pid now.
          const start = startOfPid(one.pid);
          if (start !== undefined && start !== one.startTicks) return false;
          return one.held.some((holding) => holding.registry === registry && holding.key === key && holding.digest === digest());
        };
        const exited = pid === undefined ? undefined : exits.get(pid)?.find(isMeant);
        const closed = sessionId === undefined || closings.size === 0 ? [] : closedOn(canonicalSession(sessionId));
        if (exited === undefined && closed.length === 0) return undefined;
        return { exit: exited && exitOf(exited, startOfPid), closedOn: closed, ownerUpMs: ownerUpMs(registry) };
      },
  };
}

/** What it left may have ended a moment ago: what that has started itself is known when its end is told. */
function exitOf({ pid, startTicks, left }: Exited, startOfPid: (pid: number) => string | undefined): SeenExit {
  if (!left.seen) return { pid, startTicks, outliving: left };
  const gone = left.value.find((one) => startOfPid(one.pid) !== one.startTicks);
  const outliving = gone === undefined ? seen(left.value.map((one) => one.pid)) : unseen(`pid ${gone.pid}, which it left, has just ended`);
  return { pid, startTicks, outliving };
}
