import type { AppServerAddress } from "../../core/scene.ts";
import type { Format, OwnerSigns } from "../../registries/format.ts";
import type { ServerAddress } from "../../registries/rows/server-address.ts";

/** One registry that a sweep is to look at, with what the configuration says of it. */
export type Target = {
  readonly format: Format;
  /** Absolute; of a table of a server its address. */
  readonly path: string;
  /** What its user calls it. */
  readonly name?: string;
  /** Where the server of a table is, and under which name this machine's rows stand there. */
  readonly server?: {
    readonly address: ServerAddress;
    readonly machine: string;
    /** For how long a silent machine's row must not have beaten, in ms, before another one releases it; undefined where none does. */
    readonly heartbeatTtlMs?: number;
  };
  /** Rows of other machines in it are counted, for a command that changes nothing. */
  readonly countsForeign?: true;
  /** Rows of a server's table that a command which changes nothing names: they are read also where they are another machine's. */
  readonly alsoRows?: { readonly text: string; readonly of: "any-name" | "identity" };
  /** The user named it: then it is a fault when it is not there. A well-known place may be empty. */
  readonly named: boolean;
  readonly appServers: readonly ServerTarget[];
  readonly owner: OwnerSigns | undefined;
  /** Signs that a caller gives of itself beside those: they make it the owner, and excuse no other one. */
  readonly alsoOwner?: OwnerSigns;
  /** The owner's command that releases one entry; `{key}` and `{sessionId}` stand for whole arguments. */
  readonly release: readonly string[] | undefined;
  /** What becomes of a ghost: it goes (unless another is said), its release is written into it, or it is only said. */
  readonly onGhost?: "reap" | "release" | "report";
  /** Whether other machines share it; where nothing is said its file system tells. */
  readonly shared?: boolean;
  /** Another declaration of the same registry counts: this one is only asked what it sees in the entries. */
  readonly overruled?: true;
  /** It is in the current directory or in a temporary one, where other users make directories: only one of this user's counts. */
  readonly seenFromHere?: boolean;
  /** A larger registry file, in bytes, is refused; where nothing is said the host has a limit of its own. */
  readonly maxSize?: number;
};

/**
 * What a target's entries are kept under between sweeps. Two formats may look at one path, and two pointers into one
 * file: what was seen of the entries of one says nothing about those of the other.
 */
export function registryId(target: Pick<Target, "format" | "path">): string {
  const before = ids.get(target);
  if (before !== undefined) return before;
  const { format, path } = target;
  const id = `${format.name}(${partOf(format)}):${path}`;
  ids.set(target, id);
  return id;
}

/** Which part of its path a format looks at. */
function partOf(format: Format): string {
  switch (format.layout) {
    case "members":
      return format.entries;
    case "files":
      return format.patterns.join(",");
    case "rows":
      return `${format.table} ${JSON.stringify(format.where)}`;
  }
}

/** It is asked for once an entry. */
const ids = new WeakMap<object, string>();

/** An app server's address as it was given, and where to connect for it. */
export type ServerTarget = AppServerAddress & { readonly connectTo: string };

/** The same registries for a command that only looks: of a server's table also the rows that it names, of every machine. */
export function withNamedRows<O extends { readonly targets: readonly Target[] }>(
  options: O,
  name: string,
  of: NonNullable<Target["alsoRows"]>["of"],
): O {
  const text = name.replace(/^postgres-table:/, "");
  const targets = options.targets.map((target) => (target.server === undefined ? target : { ...target, alsoRows: { text, of } }));
  return { ...options, targets };
}
