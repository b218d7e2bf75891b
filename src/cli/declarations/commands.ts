import {
  choosing,
  choosingTombstones,
  ghosts,
  appServer,
  color,
  dryRun,
  duplicates,
  exitCode,
  fields,
  grace,
  judgingBut,
  json,
  judging,
  limit,
  metricsFile,
  naming,
  now,
  quiet,
  timer,
  ttl,
  unasked,
  verbose,
  type OptionDeclaration,
} from "./options.ts";

export type CommandDeclaration = {
  readonly name: string;
  readonly summary: string;
  /** As commander spells them: `<key>`, `[keys...]`. */
  readonly arguments?: string;
  readonly options: readonly OptionDeclaration[];
  /** Options without a meaning here. They are taken and shown nowhere, so that a wrapper can hand all commands the same ones. */
  readonly unlisted?: readonly OptionDeclaration[];
  /** Under which heading the list of the commands shows it. */
  readonly group: (typeof commandGroups)[number];
  /** What its exit codes mean, beside those that every command has. */
  readonly exits: readonly string[];
  /** For the shells' completions, not for people: neither the help nor the manual names it. */
  readonly hidden?: true;
};

export const commandGroups = ["See", "Change", "Other"] as const;

const swept = [
  "0  done, nothing failed",
  "3  a registry could not be read, or an entry could not be reaped",
  "4  refused: the sweep doubts its own eyes",
];

/** Every command, in the order of the manual. The first is the default. */
export const commands = [
  {
    name: "sweep",
    summary: "judge every registration and reap the ghosts (the default command)",
    group: "Change",
    options: [dryRun, unasked, ...choosing, ...judging, timer, metricsFile, exitCode, json, fields, quiet, verbose, color],
    exits: [...swept, "10 ghosts found, with --dry-run and --exit-code", "75 another sweep is running"],
  },
  {
    name: "list",
    summary: "what is registered and what the ladder says; never writes",
    group: "See",
    options: [
      ...choosing,
      ghosts,
      limit,
      { flags: "--fleet", help: "the machines that share a PostgreSQL table instead, and when each last swept" },
      ...judging,
      exitCode,
      json,
      fields,
      quiet,
      verbose,
      color,
    ],
    exits: [...swept, "10 ghosts found, with --exit-code"],
  },
  {
    name: "explain",
    summary: "every rung's answer for one registration; never writes",
    arguments: "<key>",
    group: "See",
    options: [
      ...judging,
      json,
      { flags: "-v, --verbose", help: "each rung's rule, what it would have answered, and what sweeps remember", group: "output" },
      color,
    ],
    exits: ["1  there is no such registration"],
  },
  {
    name: "history",
    summary: "past sweeps and what each reaped, or all that one did",
    arguments: "[sweep]",
    group: "See",
    options: [
      { flags: "--limit <number>", help: "so many, the newest (default 20); 0 is all" },
      { flags: "--since <when>", help: "not older than a duration, or than a day: 12h, 7d, 2026-11-20" },
      { flags: "--key <key>", help: "what was done with this entry" },
      { flags: "--registry <path>", help: "what was done in this registry; * is any text" },
      json,
      {
        flags: "--fields <names>",
        help: "a line an entry with these members alone, tabs between: at,key,reason; with --json an object of them",
        group: "output",
      },
      { flags: "-q, --quiet", help: "print the ids of sweeps alone", group: "output" },
      { flags: "-v, --verbose", help: "whole ids, times in UTC, and each entry", group: "output" },
      color,
    ],
    exits: ["1  there is no such sweep", "2  the word is the end of several ids"],
  },
  {
    name: "restore",
    summary: "put tombstoned entries back; never overwrites a newcomer",
    arguments: "[keys...]",
    group: "Change",
    options: [
      { flags: "--sweep <id>", help: "what this sweep reaped: its id, the end of it, or last" },
      { flags: "--all", help: "put each entry back that a key fits" },
      ...choosingTombstones,
      dryRun,
      json,
      { flags: "-v, --verbose", help: "show each entry", group: "output" },
      color,
    ],
    exits: ["1  there is no such tombstone", "2  a key fits several entries", "3  an entry could not be put back", "75 a sweep is running"],
  },
  {
    name: "watch",
    summary: "stay up: sweep at the start, then the moment a holder exits",
    group: "Change",
    options: [...judging, json, color],
    exits: ["130 stopped by SIGINT", "143 stopped by SIGTERM"],
  },
  {
    name: "owners",
    summary: "which live processes run which session; duplicates first",
    group: "See",
    options: [
      { flags: "--session <id>", help: "this session only" },
      {
        flags: "--retire <older|pid>",
        help: "end the older harnesses of every duplicate, or the one with this pid, and the background children proven to be its own",
      },
      { flags: "--yes", help: "do not ask before processes are ended" },
      ...judgingBut(grace, ttl, appServer, now),
      duplicates,
      json,
      color,
    ],
    unlisted: [grace, ttl, appServer, now],
    exits: [
      "1  there is no such harness",
      "3  a process would not end",
      "4  refused: there is a doubt, and nothing was ended",
      "10 duplicates found, with --exit-code",
    ],
  },
  {
    name: "who",
    summary: "which registration of an identity should get its signals, and why; never writes",
    arguments: "<identity>",
    group: "See",
    options: [...judging, json, color],
    exits: ["1  nobody is registered under this name"],
  },
  {
    name: "fleet",
    summary: "init makes the table in which the machines that share a PostgreSQL table say that they have swept",
    arguments: "<verb>",
    group: "Other",
    options: [...naming, { flags: "-n, --dry-run", help: "print the SQL and make nothing" }, json],
    exits: ["1  no configuration names such a table", "3  a server could not be read"],
  },
  {
    name: "exec",
    summary: "run a command as the only live harness of a session, and reap its entry when it ends",
    arguments: "<command...>",
    group: "Change",
    options: [
      { flags: "--session <id>", help: "the session that the command runs; it is taken for as long as sessreap lives" },
      { flags: "--on-conflict <choice>", help: "when another runs it: refuse, wait, or retire (end it first)", fallback: "refuse" },
      { flags: "--reap-children", help: "end the background children it leaves behind that are proven to be its own" },
      ...judgingBut(grace, now),
    ],
    unlisted: [grace, now],
    exits: [
      "   the command's own, or 128 and the number of the signal that ended it",
      "4  refused: who runs the session cannot be seen, or must not be ended",
      "75 another harness runs the session",
      "126, 127  the command could not be run, or is not there",
    ],
  },
  {
    name: "reap",
    summary: "reap one registration now, without grace, if its holder is provably gone",
    arguments: "<key>",
    group: "Change",
    options: [
      ...naming,
      { flags: "--despite <pid>", help: "this process does not run the session: take away the doubt that it raises, and nothing else" },
      { flags: "--now", help: "do not wait for a second look at this one ghost" },
      {
        flags: "--as-owner",
        help: "the owner of the registry says that this session has ended: a thread that each of its app servers calls notLoaded goes now",
      },
      { flags: "--all", help: "reap each registration that the key fits; not with --despite, --now or --as-owner" },
      json,
    ],
    exits: [
      "1  there is no such registration",
      "2  the key fits several registrations, or no process has the pid",
      "3  its holder is not provably gone",
      "4  refused: with --as-owner, what called is not the owner",
      "75 a sweep is running",
    ],
  },
  {
    name: "pick",
    summary: "choose by hand what goes, with the reason beside each; on a terminal, and of proven ghosts alone",
    group: "Change",
    options: [...choosing, ...judgingBut(now), color],
    exits: [
      "2  there is no terminal",
      "3  an entry that was chosen is not provably gone any more",
      "4  refused: the sweep doubts its own eyes",
      "75 a sweep is running",
    ],
  },
  {
    name: "config",
    summary: "the effective configuration, held against the real files; suggest PATH prints a declaration for a registry that it has not",
    arguments: "[suggest] [path]",
    group: "See",
    options: [
      ...judgingBut(now),
      json,
      { flags: "-v, --verbose", help: "defaults, and well-known places at which nothing is", group: "output" },
      color,
    ],
    unlisted: [now],
    exits: ["1  there is nothing at the path of suggest that looks like a registry"],
  },
  {
    name: "doctor",
    summary: "how every guard stands: is it really on, and when did it last work",
    group: "See",
    options: [
      { flags: "--system <user>", help: "the system's units for this user alone, looked at as that user; root's, and the user's own" },
      ...judgingBut(grace, ttl, now),
      { flags: "--exit-code", help: "exit 10 when a guard is off" },
      json,
      verbose,
      color,
    ],
    unlisted: [grace, ttl, now],
    exits: ["10 a guard is not on, or will not stay on, with --exit-code"],
  },
  {
    name: "units",
    summary: "install, uninstall or print the units that sweep every five minutes",
    arguments: "<install|uninstall|print>",
    group: "Change",
    options: [
      { flags: "--user", help: "for your own manager (the default)" },
      { flags: "--system <user>", help: "for the system's manager, run as this user" },
      { flags: "--follow <unit>", help: "start and stop the timer with this unit, such as the bridge's" },
      { flags: "--no-follow", help: "no longer; an earlier choice stays otherwise" },
      { flags: "--watch", help: "keep sessreap watch running, too: it reaps the moment a holder exits" },
      { flags: "--no-watch", help: "no longer; an earlier choice stays otherwise" },
      { flags: "--no-enable", help: "write the units, turn nothing on" },
      { flags: "-n, --dry-run", help: "say what would be written" },
      { flags: "--cron", help: "print a line for cron's table in place of units" },
      { flags: "--launchd", help: "print an agent for macOS's launchd in place of units" },
    ],
    exits: ["2  refused: nothing was touched", "3  installed, but the first run failed"],
  },
  {
    name: "completion",
    summary: "print the completions of a shell, to be sourced or installed",
    arguments: "<bash|zsh|fish>",
    group: "Other",
    options: [],
    exits: [],
  },
  {
    name: "manual",
    summary: "print a page of the manual, ready for man -l -",
    arguments: "[sessreap|sessreap-config|sessreap-units]",
    group: "Other",
    options: [],
    exits: [],
  },
  {
    name: "__complete",
    summary: "what the words can go on with",
    arguments: "[words...]",
    group: "Other",
    options: [],
    exits: [],
    hidden: true,
  },
] as const satisfies readonly CommandDeclaration[];

export type CommandName = (typeof commands)[number]["name"];
