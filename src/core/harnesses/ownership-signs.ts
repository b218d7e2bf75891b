import type { Observed } from "../evidence.ts";
import type { ProcessTree } from "../agents/process-tree.ts";

/** By what a process is known to run a session. */
export type Sign = "argv" | "open-file" | "registration" | "mention";

/** A registration whose recorded holder is there. */
export type HeldRegistration = {
  readonly sessionId: string;
  readonly pid: number;
  /** By its start token, not by its pid alone. */
  readonly proven: boolean;
  /** The holder itself keeps it, so it says more of the process than the arguments it was started with. */
  readonly authoritative: boolean;
  /** The holder keeps it right whenever it changes its session. */
  readonly current: boolean;
  /** It names the process that stands above the one that runs the session. */
  readonly namesHost: boolean;
};

/** Which file a path leads to, however it is spelled: its device and its inode. */
export type FileName = { readonly path: string; readonly file: string };

/** What a process runs, told by its files and not by what it calls itself. */
export type Program = {
  readonly exe: FileName;
  /** What its runtime, loader or emulator was told to run. */
  readonly script: FileName | undefined;
  /** The paths of the files that it alone has locked. */
  readonly locked: Observed<readonly string[]>;
};

/** All that ownership is told from. Sessions are canonical ids, but for those of registrations. */
export type OwnershipSigns = {
  readonly tree: ProcessTree;
  /** Which agent holds a file of the thread open. */
  readonly heldThreads: readonly { readonly sessionId: string; readonly pid: number }[];
  readonly registrations: readonly HeldRegistration[];
  /** Agents that carry a session's id in an argument, or in the path of another open file. */
  readonly mentions: readonly { readonly sessionId: string; readonly pid: number; readonly agent: string }[];
  /** Every session that is registered anywhere, its holder alive or not. */
  readonly registered: ReadonlySet<string>;
  /** Processes that a registration names, alive or not. */
  readonly registeredPids: ReadonlySet<number>;
  /** Why not every registration could be read; undefined where all were. */
  readonly unread: string | undefined;
  /** Of agents. One that is missing here was not looked at. */
  readonly programs: ReadonlyMap<number, Observed<Program>>;
  /** Agents whose open files may not be read. */
  readonly closed: ReadonlySet<number>;
};
