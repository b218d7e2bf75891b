import type { FieldMap, KeepWhen } from "./fields.ts";
import type { Where } from "./rows/table.ts";
import type { About, Registration } from "../core/registration.ts";

/** What an entry claims, or why it cannot be understood. A malformed entry is reported and kept. */
export type Claim =
  | {
      readonly ok: true;
      readonly registration: Registration;
      /** Text that changes when the entry does, the value of its heartbeat aside. */
      readonly identityText: () => string;
      /** Its body is torn or empty, and only its name was understood: then nothing it says is proof. */
      readonly torn: boolean;
      /** The value of its heartbeat where that is no time; that it changes is still a beat. */
      readonly unreadBeat?: string;
      /** Its writer, in the release that wrote it, is known or likely to leave it behind when it changes its session. */
      readonly mayDrift?: boolean;
      /** A second process that it records: either of the two keeps it. */
      readonly otherHolder?: Pick<Registration, "pid" | "startTicks">;
    }
  | { readonly ok: false; readonly problem: string };

/** What a format may know of the machine to say where its registries are: plain values, nothing is looked at. */
export type Places = {
  readonly home: string;
  readonly cwd: string;
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** SHA-256 in hexadecimal digits: some tools name their directories by it. */
  readonly sha256: (text: string) => string;
  /** Homes of an agent that were found beside the usual one. */
  readonly furtherHomes: (agent: "claude" | "codex") => readonly string[];
};

/** The signs by which the daemon that rewrites a registry is known to be up; any one of them is enough. */
export type OwnerSigns = {
  /** Whole argv tokens in this order; a path matches by its last part. */
  readonly argv?: readonly string[];
  /** A systemd unit. */
  readonly unit?: string;
  /** A lock file: held by flock, or naming a pid that is alive. */
  readonly lock?: string;
  /** A unix socket that only the owner listens at. */
  readonly socket?: string;
};

/** The shape of a registry. One file of code each; all of it pure. */
export type Format = FormatBasics & (MembersFormat | FilesFormat | RowsFormat);

export type FormatBasics = {
  readonly name: string;
  /** What a person calls such a registry, at the head of a report; undefined where only its path says what it is. */
  readonly title: string | undefined;
  /** One sentence for `config`, the manual and the README. */
  readonly summary: string;
  /** Where this registry is usually found; empty where only a configuration can say. */
  readonly wellKnown: (places: Places) => readonly string[];
  /** What its entries claim. */
  readonly about: About;
  /** Names by which a holder can be called; undefined when any process can be one. */
  readonly holderNames: readonly string[] | undefined;
  /** The members that a configuration names. */
  readonly fields: FieldMap;
  /**
   * The fields that a configuration names, as text: that one of them holds a start token has yet to show. Undefined in a
   * format whose writer is known to record clock ticks.
   */
  readonly declaredFields: string | undefined;
  /** By which values of its members an entry is kept though its process has ended, where a configuration has them. */
  readonly keepWhen?: KeepWhen;
  /** Its sessions can be Codex threads. */
  readonly codexThreads: boolean;
  /** App servers to try when the user configured none; they can say `live` or `unknown`, never `dead`. */
  readonly triedServers: (places: Places) => readonly string[];
  /** The words in its argv behind which an agent of this registry states its name; undefined where it states none. */
  readonly statedBehind: string | undefined;
  /** Its entries' `identity` is an id that processes may carry, as a session's id. */
  readonly identityIsSession: boolean;
  /** The signs of the daemon that rewrites the registry at a path. */
  readonly owner: ((places: Places, path: string) => OwnerSigns) | undefined;
  /** Its entries are locks that name their holder's host, and may have been left under an old name of this one. */
  readonly hostLocks: boolean;
  /** Its entries say when and why they were released, and stay; undefined where a released entry is taken out. */
  readonly releases: ReleaseMembers | undefined;
  /** It is written by the holder itself, so it knows which session a process runs; other registries may have drifted. */
  readonly authoritative: boolean;
  /** Its entries name a session and the process that holds it, so they may speak for the session in other registries too. */
  readonly namesHolders: boolean;
  /** Its entries record the process above the one that runs the session. */
  readonly namesHost: boolean;
  /** Its entries can name a place in tmux. */
  readonly namesTmux: boolean;
  /** In what an entry makes its claim: in JSON, in plain text, or as a symbolic link, by where it leads. */
  readonly body: "json" | "text" | "link";
};

/** Under which names an entry says when and why it was released; `like` is a member with another of its times. */
export type ReleaseMembers = { readonly at: string; readonly reason: string; readonly like: string | undefined };

/** One file with many entries in JSON. */
export type MembersFormat = {
  readonly layout: "members";
  /** JSON pointer to the object or array that holds the entries; empty where each is a line. */
  readonly entries: string;
  readonly container: "object" | "array" | "lines";
  /** An entry of it can record its holder's pid; where none can, no claim need be read to know what to look at. */
  readonly recordsPids: boolean;
  readonly claim: (key: string, value: unknown) => Claim;
};

/** A directory with one file an entry. */
export type FilesFormat = {
  readonly layout: "files";
  /** Which files below the registry's directory are entries; see `pattern.ts`. Any other file is not looked at. */
  readonly patterns: readonly string[];
  /** What a small file says matters only while the pid in its name lives: so a dead one is not even opened. */
  readonly nameIsEnough: boolean;
  /** The directory of an entry exists for its sake and goes with it (a lock that is a directory). */
  readonly ownDirectory: boolean;
  /** `content` is the file's text, undefined where it was not read; see `EntryName`. */
  readonly claim: (name: EntryName, content: string | undefined) => Claim;
};

/** One table of a database with an entry a row. */
export type RowsFormat = {
  readonly layout: "rows";
  /** Where the database is: a file, or a server that other machines use, too. */
  readonly store: "file" | "server";
  readonly table: string;
  readonly where: Where;
  /** The columns that the table has to have. */
  readonly columns: readonly string[];
  /** `values` are those of the row by the names of its columns. */
  readonly claim: (key: string, values: Readonly<Record<string, unknown>>) => Claim;
};

/** What a file's name says. */
export type EntryName = {
  /** Its path below the registry's directory. */
  readonly key: string;
  readonly pid: number | undefined;
  readonly sessionId: string | undefined;
  readonly port: number | undefined;
};
