/** One option, declared once: the parser, the help, the manual and the completions are made from this. */
export type OptionDeclaration = {
  /** As commander spells it: `-n, --dry-run`, `--grace <duration>`. */
  readonly flags: string;
  readonly help: string;
  /** May be given several times; its values are collected. */
  readonly many?: true;
  readonly fallback?: string;
};

export const json: OptionDeclaration = { flags: "--json", help: "print one JSON document instead of text" };
export const color: OptionDeclaration = { flags: "--color <when>", help: "auto, always or never", fallback: "auto" };
export const quiet: OptionDeclaration = { flags: "-q, --quiet", help: "print the count line only" };
export const verbose: OptionDeclaration = { flags: "-v, --verbose", help: "say on stderr what was looked at, and what was seen there" };
export const exitCode: OptionDeclaration = { flags: "--exit-code", help: "exit 10 when there are ghosts" };
export const duplicates: OptionDeclaration = { flags: "--exit-code", help: "exit 10 when a session has more than one live harness" };
export const dryRun: OptionDeclaration = { flags: "-n, --dry-run", help: "judge and report, stop before anything is written" };

export const naming: readonly OptionDeclaration[] = [
  {
    flags: "--registry <[format:]path>",
    help: "look at this registry instead of the configured ones; a format's name alone is its well-known place",
    many: true,
  },
  { flags: "--config <file>", help: "read this configuration instead of the user's and the system's" },
];

export const judging: readonly OptionDeclaration[] = [
  ...naming,
  { flags: "--grace <duration>", help: "leave younger entries alone (default 10m)" },
  { flags: "--ttl <duration>", help: "how long an entry that nothing can tell of is kept (default 7d)" },
  { flags: "--app-server <url>", help: "ask this Codex app server: ws://127.0.0.1:PORT or unix://[PATH]", many: true },
  { flags: "--host-gone <name>", help: "entries of this host are dead: it will not come back; * is any text", many: true },
  { flags: "--max-size <size>", help: "refuse a registry file that is larger, before it is read (default 512M)" },
  { flags: "--now", help: "do not wait for a second look, and let restored entries go" },
];

export const metricsFile: OptionDeclaration = {
  flags: "--metrics-file <file>",
  help: "write what node_exporter's textfile collector reads",
};
