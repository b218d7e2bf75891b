/** Priorities of syslog(3): 3 error, 4 warning, 5 notice, 6 information. */
export type Level = 3 | 4 | 5 | 6;

/**
 * What became of an entry, or would become of it. A `change` goes into the history and is reported as an event; the
 * level is that of its line in the journal, and an action without a level has no line.
 */
export const actions = {
  kept: { change: false, level: undefined },
  "would-reap": { change: false, level: undefined },
  reaped: { change: true, level: 5 },
  released: { change: true, level: 5 },
  "would-release": { change: false, level: undefined },
  "would-heal": { change: false, level: undefined },
  healed: { change: true, level: 5 },
  pending: { change: false, level: 6 },
  withheld: { change: false, level: 6 },
  busy: { change: false, level: 6 },
  skipped: { change: false, level: 6 },
  failed: { change: true, level: 3 },
} as const satisfies Record<string, { readonly change: boolean; readonly level: Level | undefined }>;

export type Action = keyof typeof actions;

/** What a sweep means to do with an entry: the action that is reported before it is done, and whether doing it writes. */
export const intents = {
  keep: { planned: "kept", writes: false },
  wait: { planned: "pending", writes: false },
  withhold: { planned: "withheld", writes: false },
  reap: { planned: "would-reap", writes: true },
  release: { planned: "would-reap", writes: true },
  "take-over": { planned: "would-heal", writes: true },
  stamp: { planned: "would-release", writes: true },
  mark: { planned: "would-release", writes: true },
} as const satisfies Record<string, { readonly planned: Action; readonly writes: boolean }>;

export type Intent = keyof typeof intents;

export const actionNames = Object.keys(actions) as readonly Action[];
export const intentNames = Object.keys(intents) as readonly Intent[];

/** Intents that a sweep acts on; of an entry with another one it only says what it saw. */
export const writingIntents: readonly Intent[] = intentNames.filter((intent) => intents[intent].writes);

/** Intents for entries that are ghosts. */
export const ghostIntents: readonly Intent[] = intentNames.filter((intent) => intent !== "keep");

const zeros = <Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;

export const noActions = zeros(actionNames);
export const noIntents = zeros(intentNames);

/** Whether an action changed a registry, or was to change it and failed. */
export function isChange(action: Action): boolean {
  return actions[action].change;
}
