/** One option, declared once: the parser, the help, the manual and the completions are made from this. */
export type OptionDeclaration = {
  /** As commander spells it: `-n, --dry-run`, `--grace <duration>`. */
  readonly flags: string;
  readonly help: string;
  /** May be given several times; its values are collected. */
  readonly many?: true;
  readonly fallback?: string;
  /** Under which heading the help shows it; without one it is the command's own. */
  readonly group?: keyof typeof optionGroups;
};

/** `--dry-run` of `-n, --dry-run`. */
export function longFlag(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

/** The headings of a command's options, in this order. */
export const optionGroups = {
  own: "This command",
  which: "Which entries",
  judging: "How it judges",
  output: "Output",
} as const;

export const json: OptionDeclaration = { flags: "--json", help: "print one JSON document instead of text", group: "output" };
export const color: OptionDeclaration = { flags: "--color <when>", help: "auto, always or never", fallback: "auto", group: "output" };
export const fields: OptionDeclaration = {
  flags: "--fields <names>",
  help: "a line an entry with these members alone, tabs between: key,pid,cwd; with --json an object of them",
  group: "output",
};
export const limit: OptionDeclaration = {
  flags: "--limit <number>",
  help: "so many entries at most, as they are listed; 0 is all",
  group: "which",
};
export const quiet: OptionDeclaration = { flags: "-q, --quiet", help: "print the count line only", group: "output" };
export const verbose: OptionDeclaration = {
  flags: "-v, --verbose",
  help: "say on stderr what was looked at, and what was seen there",
  group: "output",
};
export const exitCode: OptionDeclaration = { flags: "--exit-code", help: "exit 10 when there are ghosts" };
export const duplicates: OptionDeclaration = { flags: "--exit-code", help: "exit 10 when a session has more than one live harness" };
export const dryRun: OptionDeclaration = { flags: "-n, --dry-run", help: "judge and report, stop before anything is written" };

/** For the first sweep of a state directory; every other one asks nothing. */
export const unasked: OptionDeclaration = {
  flags: "--yes",
  help: "do not ask before the first sweep of a state directory, as is done on a terminal",
};

const registry: OptionDeclaration = {
  flags: "--registry <[format:]path>",
  help: "look at this registry instead of the configured ones; a format's name alone is its well-known place",
  many: true,
  group: "which",
};
const config: OptionDeclaration = {
  flags: "--config <file>",
  help: "read this configuration instead of the user's and the system's",
  group: "judging",
};
export const grace: OptionDeclaration = {
  flags: "--grace <duration>",
  help: "leave younger entries alone (default 10m)",
  group: "judging",
};
export const ttl: OptionDeclaration = {
  flags: "--ttl <duration>",
  help: "how long an entry that nothing can tell of is kept (default 7d)",
  group: "judging",
};
export const appServer: OptionDeclaration = {
  flags: "--app-server <url>",
  help: "ask this Codex app server: ws://127.0.0.1:PORT or unix://[PATH]",
  many: true,
  group: "judging",
};
export const hostGone: OptionDeclaration = {
  flags: "--host-gone <name>",
  help: "entries of this host are dead: it will not come back; * is any text",
  many: true,
  group: "judging",
};
const maxSize: OptionDeclaration = {
  flags: "--max-size <size>",
  help: "refuse a registry file that is larger, before it is read (default 512M)",
  group: "judging",
};
export const now: OptionDeclaration = {
  flags: "--now",
  help: "do not wait for a second look, and let restored entries go",
  group: "judging",
};

/** They choose what is acted on and shown, and change nothing of how it is judged. */
export const choosing: readonly OptionDeclaration[] = [
  {
    flags: "--only <pattern>",
    help: "act on and show these alone, by any name or by their directory; * is any text",
    many: true,
    group: "which",
  },
  { flags: "--except <pattern>", help: "leave these as they are", many: true, group: "which" },
  { flags: "--older-than <duration>", help: "those older than this; an unknown age is not", group: "which" },
];
/** The same of what was reaped. */
export const choosingTombstones: readonly OptionDeclaration[] = [
  { flags: "--only <pattern>", help: "put these alone back, by any name; * is any text", many: true, group: "which" },
  { flags: "--except <pattern>", help: "leave these where they are", many: true, group: "which" },
  { flags: "--older-than <duration>", help: "what was reaped longer ago than this", group: "which" },
];
export const ghosts: OptionDeclaration = { flags: "--ghosts", help: "show ghosts alone", group: "which" };

export const naming: readonly OptionDeclaration[] = [registry, config];

export const judging: readonly OptionDeclaration[] = [registry, config, grace, ttl, appServer, hostGone, maxSize, now];

/** Those of judging that mean something to a command to which these do not. */
export const judgingBut = (...left: readonly OptionDeclaration[]): readonly OptionDeclaration[] =>
  judging.filter((option) => !left.includes(option));

export const timer: OptionDeclaration = {
  flags: "--timer",
  help: "as a timer sweeps: look in the directories that registrations name, not in the current one",
  group: "which",
};

export const metricsFile: OptionDeclaration = {
  flags: "--metrics-file <file>",
  help: "write what node_exporter's textfile collector reads",
};
