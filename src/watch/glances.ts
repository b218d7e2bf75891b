import { nothingSought } from "../core/agents/mentions/sought.ts";
import type { LookingHost } from "../host/looking-host.ts";
import { viewsOf } from "../sweep/judge/questions.ts";
import { loadRegistry } from "../sweep/load/load.ts";
import { isRead } from "../sweep/load/loaded.ts";
import type { Target } from "../sweep/load/target.ts";
import { worldOfPids } from "../sweep/observe/observe.ts";
import { noSources } from "../sweep/observe/sources.ts";
import { startLooking, type PassOptions } from "../sweep/pass.ts";
import { nameOf } from "./endings.ts";
import { claimsIn, idOf, type Claims, type Known } from "./holdings.ts";

/**
 * Reads one registry, and looks which of the processes are alive that it records and that are not known yet, and at no other:
 * a holder that ends before the table of processes has been read was seen alive all the same.
 */
export async function glance(
  host: LookingHost,
  options: PassOptions,
  target: Target,
  isKnown: (pid: number) => boolean,
): Promise<Claims | undefined> {
  const loaded = await loadRegistry(host, target);
  if (!isRead(loaded)) return undefined;
  const pids = [...loaded.pids].filter((pid) => !isKnown(pid));
  if (pids.length === 0) return undefined;
  const pass = startLooking(host, { ...options, targets: [target] });
  const world = worldOfPids(host, pids);
  const wanted = new Set(pids);
  const [view] = viewsOf(pass, world, [loaded], { sought: nothingSought, sources: noSources });
  return view && claimsIn(pass, view, (pid) => wanted.has(pid));
}

const withClaims = (known: Known, { holdings, recorded, sessions }: Claims): Known => {
  const found = new Set(holdings.map((one) => `${nameOf(one)} ${one.key}`));
  return {
    ...known,
    holdings: [...known.holdings.filter((one) => !found.has(`${nameOf(one)} ${one.key}`)), ...holdings],
    recorded: new Set([...known.recorded, ...recorded]),
    sessions: new Set([...known.sessions, ...sessions]),
  };
};

/** What glances have found that no whole reading of their registry has. */
export type Glances = {
  /** A whole reading begins. Returns its number. */
  readonly readingBegins: () => number;
  /** A registry as a whole reading of this number found it, with what glances have found since that began. */
  readonly added: (known: Known, reading: number) => Known;
  /** A glance begins; what is returned adds what it found to what is known by then. */
  readonly begin: () => (known: Known, claims: Claims) => Known;
};

export function newGlances(): Glances {
  const found = new Map<string, readonly { readonly claims: Claims; readonly reading: number }[]>();
  let readings = 0;
  return {
    readingBegins: () => (readings += 1),
    added: (known, reading) => {
      // One that began before this reading has read nothing newer.
      const since = (found.get(idOf(known)) ?? []).filter((one) => one.reading >= reading);
      found.set(idOf(known), since);
      return since.reduce((all, { claims }) => withClaims(all, claims), known);
    },
    begin: () => {
      const reading = readings;
      return (known, claims) => {
        found.set(idOf(known), [...(found.get(idOf(known)) ?? []), { claims, reading }]);
        return withClaims(known, claims);
      };
    },
  };
}
