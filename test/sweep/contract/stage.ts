import { defaultPolicy } from "../../../src/core/policy.ts";
import type { Host } from "../../../src/host/host.ts";
import type { Tombstone } from "../../../src/core/tombstone.ts";
import { claudePluginInUse } from "../../../src/registries/formats/claude-plugin-in-use.ts";
import { claudeSessions } from "../../../src/registries/formats/claude-sessions.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import { sweep } from "../../../src/sweep/sweep.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { plainSweep, restoreInto } from "../../sweep-options.ts";

/** Somebody who holds a session, or has held it. */
export type Actor = { readonly pid: number; readonly startTicks: string };

/** A machine on which scenes are played: this one, or the simulated one. */
export type Stage = {
  readonly host: Host;
  /** Where registries stand. */
  readonly root: string;
  readonly bootId: string;
  readonly now: () => number;
  /** Time passes, on every clock. */
  readonly later: (ms: number) => void;
  /** A process that a Claude could be. */
  readonly alive: () => Promise<Actor>;
  readonly gone: () => Promise<Actor>;
  readonly end: (actor: Actor) => Promise<void>;
  /** An agent CLI that names a session. */
  readonly attach: (id: string) => Promise<void>;
  /** The daemon that owns a registry. */
  readonly startOwner: () => Promise<void>;
  readonly owner: readonly string[];
  readonly write: (path: string, text: string, manner?: "in-place" | "rename") => void;
  /** As it was left a month ago. */
  readonly writeOld: (path: string, text: string) => void;
  readonly remove: (path: string) => void;
  readonly read: (path: string) => string | undefined;
  /** Names below the root, the state directory's left out. */
  readonly files: () => readonly string[];
  readonly tombstones: () => readonly Tombstone[];
};

/** What is played, and a sentence for it. It throws where something else became of a session than it says. */
export type Scene = readonly [title: string, play: (stage: Stage) => Promise<void>];

const fields = { sessionId: "id", pid: "pid", startTicks: "start", bootId: "boot", host: "host", registeredAt: "since" } as const;
const bare = { named: true, appServers: [], owner: undefined, release: undefined } as const;

export const agentsOf = (stage: Stage): Target => {
  return {
    ...bare,
    format: keyedJson({ entries: "/agents", pattern: "", fields, about: "session" }),
    path: `${stage.root}/agents.json`,
    owner: { argv: stage.owner },
  };
};
export const claudesOf = (stage: Stage): Target => ({ ...bare, format: claudeSessions, path: `${stage.root}/sessions` });
export const markersOf = (stage: Stage): Target => ({ ...bare, format: claudePluginInUse, path: `${stage.root}/plugins` });

export type SweepMoment = {
  readonly now?: boolean;
  /** Happens while the last look is made, before anything is swapped or captured. */
  readonly meanwhile?: () => void | Promise<void>;
};

/** One sweep of one registry: what became of each entry and why, or else what is wrong with the registry. */
export async function fates(
  stage: Stage,
  target: Target,
  { now = false, meanwhile }: SweepMoment = {},
): Promise<Readonly<Record<string, string>>> {
  const { host } = stage;
  let looks = 0;
  const report = await sweep(
    {
      ...host,
      sleep: () => Promise.resolve(),
      lookAtProcesses: async (question) => {
        looks += 1;
        if (looks === 2) await meanwhile?.();
        return host.lookAtProcesses(question);
      },
    },
    { ...plainSweep, targets: [target], policy: { ...defaultPolicy, now } },
  );
  const unread = report.registries.filter(({ state }) => ["missing", "malformed", "unreadable"].includes(state));
  return Object.fromEntries([
    ...unread.map(({ state }) => ["registry", state] as const),
    ...Array.from(report.entries, ({ key, action, reason }) => [key, `${action} ${reason}`] as const),
  ]);
}

/** Gives every reaped entry back, and says what became of each. */
export async function restoreAll(stage: Stage, target: Target): Promise<readonly string[]> {
  const { outcomes } = await restoreInto(stage.host, target, stage.tombstones());
  return outcomes.map(({ tombstone, action }) => `${tombstone.key} ${action}`);
}
