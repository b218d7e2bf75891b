import type { Host, Store } from "../../src/host/host.ts";
import { sweep, type SweepOptions } from "../../src/sweep/sweep.ts";
import type { EntryReport, SweepReport } from "../../src/report/model/sweep.ts";
import type { Target } from "../../src/sweep/load/target.ts";
import type { Actor, Stage } from "./contract/stage.ts";
import { simulatedStage } from "./contract/stages.ts";
import { plainSweep } from "../sweep-options.ts";

export const long = "2026-01-01T00:00:00Z";
export const why = (): never => {
  throw new Error("no space left on device");
};

/** One function of the host is another's, or one of its store. */
export type HostOverrides = Partial<Omit<Host, "store">> & { readonly store?: Partial<Store> };

export function hostWith({ host }: Stage, { store, ...rest }: HostOverrides): Host {
  return { ...host, ...rest, store: { ...host.store, ...store } };
}

export type WholeReport = Omit<SweepReport, "entries" | "notable"> & {
  readonly entries: readonly EntryReport[];
  readonly notable: readonly EntryReport[];
};

/** A whole sweep of the simulated machine, with all that it says. */
export async function sweepWith(
  stage: Stage,
  targets: readonly Target[],
  overrides: HostOverrides = {},
  more: Partial<SweepOptions> = {},
): Promise<WholeReport> {
  const report = await sweep(hostWith(stage, overrides), { ...plainSweep, targets, ...more });
  return { ...report, entries: [...report.entries], notable: [...report.notable] };
}

/** What became of each entry, and what was said of it behind what its rung says. */
export const outcomesOf = ({ entries }: WholeReport): readonly string[] =>
  entries.map(({ key, action, detail }) => [`${key} ${action}`, ...detail.split("; ").slice(1)].join("; "));

export const row = ({ pid, startTicks }: Actor, more: object = {}): object => ({ pid, start: startTicks, since: long, ...more });

/** A file with many entries, of which these are ghosts; a living one stands behind them. */
export async function withGhosts(
  keys: readonly string[],
): Promise<{ readonly stage: Stage; readonly path: string; readonly live: Actor; readonly gone: Actor }> {
  const stage = simulatedStage();
  const [gone, live] = [await stage.gone(), await stage.alive()];
  const agents = Object.fromEntries([...keys.map((key) => [key, row(gone, { id: `id-${key}` })]), ["live", row(live)]]) as object;
  const path = `${stage.root}/agents.json`;
  stage.writeOld(path, JSON.stringify({ agents }));
  return { stage, path, live, gone };
}

export const keysIn = (stage: Stage, path: string): readonly string[] =>
  Object.keys((JSON.parse(stage.read(path) ?? "{}") as { readonly agents: object }).agents);
