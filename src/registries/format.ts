import type { Presence, Registration } from "../core/registration.ts";

/** What an entry claims, or why it cannot be understood. A malformed entry is reported and kept. */
export type Claim =
  | {
      readonly ok: true;
      readonly registration: Registration;
      /** Text that changes when the entry does, the value of its heartbeat aside. */
      readonly sameness: string;
    }
  | { readonly ok: false; readonly problem: string };

/** What a format may know of the machine to say where its registries are: plain values, nothing is looked at. */
export type Places = { readonly home: string; readonly env: Readonly<Record<string, string | undefined>> };

/** The signs by which the daemon that rewrites a registry is known to be up; any one of them is enough. */
export type OwnerSigns = {
  /** Whole argv tokens in this order; a path matches by its last part. */
  readonly argv?: readonly string[];
  /** A systemd unit. */
  readonly unit?: string;
  /** A lock file: held by flock, or naming a pid that is alive. */
  readonly lock?: string;
};

/** The shape of a registry. One file of code each; all of it pure. */
export type Format = FormatBasics & (MembersFormat | FilesFormat);

export type FormatBasics = {
  readonly name: string;
  /** One sentence for `config`, the manual and the README. */
  readonly summary: string;
  /** Where this registry is usually found; empty where only a configuration can say. */
  readonly wellKnown: (places: Places) => readonly string[];
  readonly presence: Presence;
  /** Names by which a holder can be called; undefined when any process can be one. */
  readonly holderNames: readonly string[] | undefined;
  /** Its sessions can be Codex threads. */
  readonly codexThreads: boolean;
  /** App servers to try when nobody configured one; they can say `live` or `unknown`, never `dead`. */
  readonly triedServers: (places: Places) => readonly string[];
  /** How an agent of this registry states its name in its argv. */
  readonly statedIdentity: ((argv: readonly string[]) => string | undefined) | undefined;
  readonly owner: OwnerSigns | undefined;
};

/** One JSON file with many entries. */
export type MembersFormat = {
  readonly layout: "members";
  /** JSON pointer to the object or array that holds the entries. */
  readonly entries: string;
  readonly container: "object" | "array";
  readonly claim: (key: string, value: unknown) => Claim;
};

/** A directory with one file an entry. */
export type FilesFormat = {
  readonly layout: "files";
  /** Reads a file's name; undefined for a file that is no entry of this registry. */
  readonly fileName: (name: string) => { readonly pid: number | undefined } | undefined;
  /** `content` is the file's text, at most 64 KiB. */
  readonly claim: (name: string, content: string) => Claim;
};
