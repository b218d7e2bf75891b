/** What a session claimed about itself. Every field is a claim, made in the past by the program that wrote the entry. */
export type Registration = {
  /** The entry's name in its registry: a member's key, an element's index or a file's name. */
  readonly key: string;
  /** The session or thread id, as written. Compare with `sameSession`. */
  readonly sessionId: string | undefined;
  /** The agent's name, where the registry keeps one. */
  readonly identity: string | undefined;
  /** The holder's process id, an integer from 1: a container's first process can hold a session. */
  readonly pid: number | undefined;
  /** Field 22 of `/proc/<pid>/stat` when the claim was made: clock ticks since boot, in decimal digits. */
  readonly startTicks: string | undefined;
  readonly bootId: string | undefined;
  readonly host: string | undefined;
  /** The machine's id (machine-id(5)), which tells machines of one host name apart. */
  readonly machineId: string | undefined;
  /** The inode of the pid namespace in which `pid` is counted, in decimal digits. */
  readonly pidNamespace: string | undefined;
  /** Epoch ms; undefined when the entry has no such time or one that is no time. */
  readonly registeredAt: number | undefined;
  /** Epoch ms of the last verb; a heartbeat is not activity. */
  readonly lastActivityAt: number | undefined;
  /** Epoch ms; proves that a thread of the writer still turns, nothing more. */
  readonly lastHeartbeatAt: number | undefined;
  /** One of these times is written in a way that is no time (a date without its zone, nanoseconds, a counter). */
  readonly hasUnreadTime?: boolean;
  readonly master: boolean;
  readonly cwd: string | undefined;
  /** Where the holder said it listens. */
  readonly endpoint: Endpoint | undefined;
  /** When the row was released, in registries that keep what they released; NaN for a time that cannot be read. */
  readonly releasedAt: number | undefined;
  readonly releaseReason: string | undefined;
  /**
   * Only of another machine's row on a server: how long that machine and the row have been silent, in a sentence, where the
   * server itself counts both for dead. No clock of this machine takes part.
   */
  readonly silence?: string;
  /** What it says for which it is kept on purpose, by the configuration's word. */
  readonly keptFor: string | undefined;
  /** A background thread registered the row again by itself: the user started nothing. */
  readonly automatic: boolean | undefined;
  /** An id of the subprocess that stays the same while it lives. */
  readonly subprocessId: string | undefined;
  /** The tmux session that the agent runs in: its name or `$N`. */
  readonly tmuxSession: string | undefined;
  /** The pane: `%N`, its terminal, or a target such as `session:0.1`. */
  readonly tmuxPane: string | undefined;
  /** The server's socket: a path, the value of `TMUX`, or a name below the user's directory of sockets. */
  readonly tmuxSocket: string | undefined;
};

/** A place where a holder said it listens: a TCP port of the loopback interface, or a unix socket's path. */
export type Endpoint = { readonly kind: "tcp"; readonly port: number } | { readonly kind: "unix"; readonly path: string };

/**
 * What an entry of a registry claims. That its process runs something: then it stands and falls with that process. That a
 * session lives, in any process. Or that a thread does: then the recorded process is only the one that registered it.
 */
export type About = "process" | "session" | "thread";

/** A claim that says nothing; formats fill in what their entries carry. Each field is named here: a spread per entry is slow. */
export function claimNothing(key: string): { -readonly [Name in keyof Registration]: Registration[Name] } {
  return {
    key,
    sessionId: undefined,
    identity: undefined,
    pid: undefined,
    startTicks: undefined,
    bootId: undefined,
    host: undefined,
    machineId: undefined,
    pidNamespace: undefined,
    registeredAt: undefined,
    lastActivityAt: undefined,
    lastHeartbeatAt: undefined,
    master: false,
    cwd: undefined,
    endpoint: undefined,
    releasedAt: undefined,
    releaseReason: undefined,
    keptFor: undefined,
    automatic: undefined,
    subprocessId: undefined,
    tmuxSession: undefined,
    tmuxPane: undefined,
    tmuxSocket: undefined,
  };
}

export const nothingClaimed: Registration = claimNothing("");

const uuid = /^\s*(?:urn:uuid:)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\s*$/i;

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The one spelling under which session ids are compared. Codex accepts a thread id with or without hyphens, with
 * `urn:uuid:` before it and in either case (measured, codex 0.169.0), and a writer may leave white space around it; ids of
 * any other shape stand as they are.
 */
export function canonicalSession(id: string): string {
  if (canonical.test(id)) return id;
  const parts = uuid.exec(id);
  return parts === null ? id : parts.slice(1).join("-").toLowerCase();
}

/** How an endpoint is named in reports and looked up in evidence. */
export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === "tcp" ? `127.0.0.1:${endpoint.port}` : endpoint.path;
}
