import * as v from "valibot";
import { formatNames } from "../../../registries/known.ts";
import { controls, duration, path, words, releaseCommand, server, holder, member, ownMember, described, pattern, textPattern } from "./values.ts";

const fields = v.strictObject({
  sessionId: described("The session or thread that the entry is about.", member),
  identity: described("The agent's name.", member),
  pid: described("The holder's pid.", member),
  startTicks: described(
    "When the holder started, in clock ticks since boot (field 22 of /proc/PID/stat), alone or as BOOTID:TICKS; the time of a clock is none. It proves nothing before one entry has matched its process.",
    member,
  ),
  bootId: described("The boot in which the entry was written.", member),
  host: described("The machine on which the holder runs.", member),
  machineId: described("That machine's id, as in /etc/machine-id. It counts before the name.", member),
  pidNamespace: described("The pid namespace in which the pid is counted: its inode, or pid:[INODE].", member),
  registeredAt: described("When the entry was made: ISO-8601 with a zone, epoch seconds, milliseconds or microseconds.", member),
  lastActivityAt: described("When the session last did something.", member),
  lastHeartbeatAt: described("When the holder last said that it is there; no activity.", member),
  master: described("Whether this entry leads among those of one identity.", member),
  cwd: described("The session's working directory.", member),
  releasedAt: described(
    "When the entry was released, in registries that keep what they released. With releaseReason, a row that a newer start of the same process has superseded is released there.",
    ownMember,
  ),
  releaseReason: described("Why it was released; superseded_by_new_start is written.", ownMember),
  automatic: described("The marker of an entry that was registered again by itself: such a one supersedes nothing.", member),
  subprocessId: described("An id that the holder's subprocess keeps for as long as it lives, in place of pid and startTicks.", member),
  tmuxSession: described("The tmux session that the agent runs in, by its name or as $N: where it is there the entry is live.", member),
  tmuxPane: described("The tmux pane that the agent runs in: %N, its terminal, or SESSION:WINDOW.PANE.", member),
  tmuxSocket: described("The socket of the tmux server; without it each server of the registry's owner is asked.", member),
});

const owner = v.strictObject({
  argv: described("Whole words of its argv, in this order; a path matches by its last part.", words),
  unit: described("Its systemd unit.", v.pipe(v.string(), v.regex(/^[\w:.@\\-]+$/, "not a unit's name"))),
  lock: described("A lock file: held by flock, or naming a pid that is alive.", path),
  socket: described("A unix socket that only the owner listens at.", path),
});

export const registryConfig = v.strictObject({
  format: v.pipe(v.picklist(formatNames), v.description("The registry's format.")),
  comment: described("For people alone, as JSON has no comments.", v.string()),
  path: described(
    "The registry's file or directory; without it, the format's well-known place. A host lock may be named itself, and so may the only file of a registry that has no `pattern`. ~/ is the home directory.",
    path,
  ),
  url: described(
    "The address of a PostgreSQL database: postgres:///DATABASE?host=/run/postgresql for a socket, postgres://USER@HOST/DATABASE?sslmode=verify-full for another machine. It holds no password: the file that PGPASSFILE names or ~/.pgpass does.",
    v.string(),
  ),
  machine: described(
    "The name under which this machine's rows stand in the column `host` of a PostgreSQL table (default: the host's name). No other row is judged, and none is changed before the table that `sessreap fleet init` makes proves that no other machine has the name.",
    v.pipe(
      v.string(),
      v.nonEmpty("an empty name"),
      v.check((name) => !controls.test(name), "not a machine's name: it holds a control character"),
    ),
  ),
  heartbeatTtl: described(
    "How long a row's heart must not have beaten before another machine releases it, once its own has fallen silent (default: the ttl). A duration.",
    duration,
  ),
  appServers: described(
    "The Codex app servers whose word counts for this registry: ws:// on the loopback address, or unix://.",
    v.array(server),
  ),
  name: described(
    "What screens call this registry, in place of its format's title or its file's name.",
    v.pipe(
      v.string(),
      v.regex(/\S/, "an empty name"),
      v.check((name) => name.length <= 40, "longer than 40 letters"),
      v.check((name) => !controls.test(name), "not a name: it holds a control character"),
    ),
  ),
  owner: described("The signs by which the daemon that rewrites this registry is known to be up.", owner),
  release: described(
    "Run once a ghost while the owner is up, so that the owner itself removes it; {key} and {sessionId} stand for whole arguments. No shell is involved.",
    releaseCommand,
  ),
  entries: described(
    "JSON pointer to the object or array that holds the entries.",
    v.pipe(v.string(), v.regex(/^(?:\/.*)?$/, 'not a JSON pointer such as "/agents"')),
  ),
  pattern: described(
    "Which files below the directory are entries: literals, *, ** for directories, `<pid>`, `<port>`, `<sessionId>`.",
    pattern,
  ),
  fields: described(
    "The members of an entry that carry what sessreap asks for: names, JSON pointers (with a leading slash), `<key>` for the name under which the entry stands, or `<value>` for the entry itself. Of a row they are its columns, and `<key>` is its primary key.",
    fields,
  ),
  text: described(
    "The forms that a claim in plain text can have: literals, *, `<pid>`, `<sessionId>`, `<host>`, `<startTicks>`. The first that fits the whole text counts; line ends at its end do not.",
    v.pipe(v.array(textPattern), v.nonEmpty("an empty list")),
  ),
  table: described(
    "The table of a database, of which each row is an entry.",
    v.pipe(
      v.string(),
      v.nonEmpty("an empty name"),
      v.check((name) => !controls.test(name), "not a table's name: it holds a control character"),
    ),
  ),
  where: described(
    "Which rows of a table claim anything: each of these columns has this value, null or equal. No SQL is taken.",
    v.record(member, v.union([v.string(), v.number(), v.boolean(), v.null()])),
  ),
  keepWhen: described(
    "Members, and the values for which an entry claims nothing and is kept, such as a status that says it was stopped.",
    v.record(member, v.pipe(v.array(v.union([v.string(), v.number(), v.boolean(), v.null()])), v.nonEmpty("an empty list"))),
  ),
  onGhost: described(
    "What becomes of a ghost: reap (the default, but for a table) takes it out, release writes releasedAt and releaseReason into it, report (the default for a table) only says it.",
    v.picklist(["reap", "release", "report"]),
  ),
  ownDirectory: described("The directory of an entry exists for its sake and goes with it, as that of a lock does.", v.boolean()),
  shared: described(
    "false says that no other machine has this registry, though its file system could be shared; true that others have, or containers: an entry that does not say where its pid is counted is then kept.",
    v.boolean(),
  ),
  about: described(
    "What an entry claims: that its process runs (the default where `pattern` has `<pid>`), that a session lives, or that a thread does.",
    v.picklist(["process", "session", "thread"]),
  ),
  holders: described(
    "Names that a holder of an entry can have, as a program, a script or a directory of them. A pid that is alive under another name is a doubt.",
    v.pipe(v.array(holder), v.nonEmpty("an empty list")),
  ),
});

export type RegistryConfig = v.InferOutput<typeof registryConfig>;
