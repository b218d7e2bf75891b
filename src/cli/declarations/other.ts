import type { CommandDeclaration } from "./command.ts";
import { json, naming } from "./options.ts";

/** What shells, manuals and servers need. */
export const other = [
  {
    name: "fleet",
    summary: "init makes the table in which the machines that share a PostgreSQL table say that they have swept",
    arguments: "<verb>",
    group: "Other",
    options: [...naming, { flags: "-n, --dry-run", help: "print the SQL and make nothing" }, json],
    exits: ["1  no configuration names such a table", "3  a server could not be read"],
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
