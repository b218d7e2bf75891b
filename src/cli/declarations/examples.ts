import type { CommandName } from "./commands.ts";

/** A line to be typed into a shell, and what it is for. */
export type Example = readonly [line: string, what: string];

/** What the help shows first of the tool. */
export const firstSteps: readonly Example[] = [
  ["sessreap -n", "show what would go, change nothing"],
  ["sessreap", "reap it; sessreap restore puts it back"],
  ["sessreap explain 31964", "why this one is, or is not, a ghost"],
  ["sessreap units install", "do it every five minutes"],
];

/** What the help of each command shows first. */
export const examples: Readonly<Record<CommandName, readonly Example[]>> = {
  sweep: [
    ["sessreap -n", "show what would go, change nothing"],
    ["sessreap", "reap it; sessreap restore puts it back"],
  ],
  list: [
    ["sessreap list", "all that is registered, and what is held of it"],
    ["sessreap list --exit-code", "the same for a script: 10 where there are ghosts"],
  ],
  explain: [["sessreap explain 31964", "why this one is, or is not, a ghost"]],
  history: [
    ["sessreap history", "which sweep took what"],
    ["sessreap history --since 7d", "the same of a week"],
  ],
  restore: [
    ["sessreap restore 31964", "put this one back"],
    ["sessreap restore 31964 -n", "say whether it could be"],
  ],
  watch: [["sessreap watch", "reap the moment a session ends; Ctrl-C stops it"]],
  owners: [
    ["sessreap owners", "who runs which session, duplicates first"],
    ["sessreap owners --retire older", "end the older harness of each duplicate"],
  ],
  who: [["sessreap who reviewer", "which of several registrations gets the signals"]],
  fleet: [
    ["sessreap fleet init -n", "print the SQL"],
    ["sessreap fleet init", "make the table; sweeps write to it from then on"],
  ],
  exec: [["sessreap exec --session ID -- codex resume ID", "start it, unless another runs ID already"]],
  reap: [["sessreap reap 31964", "reap this one, if its process is provably gone"]],
  pick: [["sessreap pick", "mark on a list what goes; it asks before it reaps"]],
  config: [
    ["sessreap config", "what is in effect, and where it comes from"],
    ["sessreap config suggest ~/.crew/roster.json", "a declaration for a registry of your own"],
  ],
  doctor: [
    ["sessreap doctor", "is every guard on?"],
    ["sessreap doctor --exit-code", "the same for a script: 10 where one is off"],
  ],
  units: [
    ["sessreap units install -n", "say what would be written"],
    ["sessreap units install", "sweep every five minutes"],
  ],
  completion: [["source <(sessreap completion bash)", "in ~/.bashrc, or zsh in ~/.zshrc"]],
  manual: [["sessreap manual | man -l -", "read it, where the package has installed no manual"]],
  __complete: [],
};
