import type { Born, Lines } from "../../core/harnesses/lines.ts";
import type { Observed } from "../../core/evidence.ts";
import { linesNow, lastPid } from "./lines.ts";
import { watchDirectories } from "./directories.ts";
import { watchExits } from "./exits.ts";
import { keepServer } from "./kept-server.ts";

/** A process that cannot be mistaken for another one: its pid, and its start as field 22 of its stat file tells it. */
export type ProcessId = { readonly pid: number; readonly startTicks: string };

export type Exits = {
  /** These processes and no others are kept an eye on. One that has ended already is told of, too. */
  readonly keep: (processes: readonly ProcessId[]) => void;
  /** How their exits are learned of. */
  readonly ready: () => Promise<"pidfd" | "poll">;
  readonly close: () => void;
};

export type Directories = {
  /** These registries and no others are kept an eye on. Returns what cannot be watched, which is looked at now and then instead. */
  readonly keep: (registries: readonly string[]) => readonly string[];
  readonly close: () => void;
};

/** What the one kept connection to an app server tells. Ids are canonical. */
export type ThreadEvents = {
  /** It is connected, and has these threads loaded: what it said before is void. */
  readonly connected: (loaded: ReadonlySet<string>) => void;
  readonly loaded: (id: string) => void;
  /** It has unloaded a thread. */
  readonly closed: (id: string) => void;
  readonly lost: (why: string) => void;
};

export type KeptServer = { readonly close: () => void };

/** By what a run that stays up learns that something has happened. Tests hand in a simulated one. */
export type Senses = {
  readonly exits: (onExit: (ended: readonly ProcessId[]) => void) => Exits;
  readonly directories: (onChange: (registry: string) => void) => Directories;
  readonly server: (connectTo: string, events: ThreadEvents) => KeptServer;
  /**
   * Who started whom, as far as it was seen before and is seen now; `isAwaited` tells of which processes the end is still to
   * be told. Of a pid that is not doubted it may not be found that another process has it now than before.
   */
  readonly lines: (before: Lines, isAwaited: (one: Born) => boolean, isDoubted: (pid: number) => boolean) => Observed<Lines>;
  /** A text that stays the same while no process starts; undefined where that cannot be told. */
  readonly lastPid: () => string | undefined;
  /** Calls `act` after so many ms; what is returned takes that back. */
  readonly after: (ms: number, act: () => void) => () => void;
};

/** The senses of this machine. */
export function realSenses(version: string): Senses {
  return {
    exits: (onExit) => watchExits(onExit),
    directories: watchDirectories,
    server: (connectTo, events) => keepServer(connectTo, version, events),
    lines: linesNow,
    lastPid,
    after: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
  };
}
