import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Running } from "../../processes.ts";
import { fields as usualFields } from "../../fields.ts";

/** A registry that is declared wrongly, and what is said of it. */
export type Mistake = {
  readonly what: string;
  /** Below a scratch directory: a file of entries, a list, or one file an entry. */
  readonly place: "agents.json" | "list.json" | "files";
  readonly declared: Readonly<Record<string, unknown>>;
  /** What `config` says; undefined where the configuration is refused, and `swept` says why. */
  readonly checked: string | undefined;
  /** What the sweep says, in its report or on stderr. */
  readonly swept: string;
};

const fields = { ...usualFields, identity: "name", cwd: "cwd" };

/** What an agent that registers right now writes. */
export function entryOf({ pid, startTicks }: Running, name: string, boot: string): Readonly<Record<string, unknown>> {
  const now = new Date();
  return {
    id: randomUUID(),
    name,
    pid,
    start: startTicks,
    boot,
    host: hostname(),
    since: now.toISOString(),
    active: now.toISOString(),
    beat: new Date(now.getTime() - 3_600_000).toISOString(),
    cwd: "/srv/app",
    port: 4_194_299,
    launcherPid: 4_194_298,
    nanoseconds: now.getTime() * 1_000_000,
    minutes: Math.floor(now.getTime() / 60_000),
    local: now.toISOString().slice(0, 19),
    secondsText: String(Math.floor(now.getTime() / 1000)),
    lstart: "Thu Nov 26 13:13:33 2026",
    status: "running",
  };
}

const keyed = (more: Readonly<Record<string, unknown>>, given: object = {}): Readonly<Record<string, unknown>> => ({
  format: "keyed-json",
  entries: "/agents",
  fields: { ...fields, ...given },
  ...more,
});

const mistake = (
  what: string,
  declared: Readonly<Record<string, unknown>>,
  checked: string | undefined,
  swept: string,
  place: Mistake["place"] = "agents.json",
): Mistake => ({ what, place, declared, checked, swept });

const misspelt = (field: keyof typeof fields, member: string, swept: string): Mistake => {
  const meant = fields[field];
  return mistake(
    `${field} misspelt`,
    keyed({}, { [field]: member }),
    `${field} "${member}" in 0 of 2: they have `,
    swept.replace("<meant>", meant),
  );
};

const refused = (what: string, declared: Readonly<Record<string, unknown>>, swept: string): Mistake =>
  mistake(what, declared, undefined, swept);

const time = "registeredAt";
const notTime = (member: string): string => `registeredAt "${member}" in 2 of 2, in none as a time`;

export const mistakes: readonly Mistake[] = [
  misspelt("sessionId", "idd", 'no entry has "idd" (sessionId), and "<meant>" looks like it'),
  misspelt("identity", "nmae", 'no entry has "nmae" (identity), and "<meant>" looks like it'),
  misspelt("pid", "pdi", 'no entry has "pdi" (pid), and "<meant>" looks like it'),
  misspelt("startTicks", "strat", 'no entry has "strat" (startTicks)'),
  misspelt("bootId", "bot", 'no entry has "bot" (bootId)'),
  misspelt("host", "hots", 'no entry has "hots" (host)'),
  misspelt("registeredAt", "sinc", 'no entry has "sinc" (registeredAt)'),
  misspelt("lastActivityAt", "activ", 'no entry has "activ" (lastActivityAt)'),
  misspelt("lastHeartbeatAt", "beats", 'no entry has "beats" (lastHeartbeatAt)'),
  misspelt("cwd", "cdw", 'no entry has "cdw" (cwd)'),
  mistake(
    "a pointer to where no pid is",
    keyed({}, { pid: "/meta/pid" }),
    "no entry has what its pointer leads into",
    '"pid" looks like it',
  ),
  mistake(
    "a key misspelt",
    keyed({}, { sessionId: "<kye>" }),
    'sessionId "<kye>" in 0 of 2',
    'no entry has "<kye>" (sessionId), and "id" looks like it',
  ),
  mistake(
    "the entry itself, which is no number",
    keyed({}, { pid: "<value>" }),
    'pid "<value>" in 0 of 2',
    'no entry has "<value>" (pid), and "pid" looks like it',
  ),
  mistake("a port for a pid", keyed({}, { pid: "port" }), 'is not swept: "port" (pid)', '"pid" is called one'),
  mistake("its launcher's pid", keyed({}, { pid: "launcherPid" }), 'is not swept: "launcherPid" (pid)', '"pid" is called one'),
  mistake(
    "no pid, no session, no name",
    keyed({ fields: { cwd: "cwd" } }),
    "no entry has a sessionId, pid or identity",
    "no entry has a sessionId, pid or identity",
  ),
  mistake("the pointer forgotten", keyed({ entries: "" }), "no entry has", "no entry has"),
  mistake("the pointer misspelt", keyed({ entries: "/agent" }), 'there is no "/agent" in it', 'there is no "/agent" in it'),
  mistake(
    "the pointer too deep",
    keyed({ entries: "/agents/alive" }),
    "is not swept: no entry is an object; the pointer to the entries may lead one step too far",
    "no entry is an object",
  ),
  mistake("a list for an object", keyed({ format: "json-array" }), "it holds an object, not an array", "it holds an object, not an array"),
  mistake(
    "an object for a list",
    keyed({ entries: "" }),
    "it holds an array, not an object",
    "it holds an array, not an object",
    "list.json",
  ),
  mistake("a directory for a file", { format: "keyed-json", fields }, "is a directory", "is a directory", "files"),
  mistake("a file for a directory", { format: "json-file", pattern: "*.json", fields }, "is no directory", "is no directory"),
  mistake(
    "a pattern that fits nothing",
    { format: "json-file", pattern: "*.jsn", fields },
    "no entries: no file there fits",
    "0 registrations",
    "files",
  ),
  mistake(
    "another number for a pid in the name",
    { format: "json-file", pattern: "a<pid>.json", fields },
    "sessionId",
    "its name says pid",
    "files",
  ),
  mistake("nanoseconds", keyed({}, { [time]: "nanoseconds" }), notTime("nanoseconds"), "live"),
  mistake("minutes", keyed({}, { [time]: "minutes" }), notTime("minutes"), "live"),
  mistake("a time without a zone", keyed({}, { [time]: "local" }), notTime("local"), "live"),
  mistake("seconds as text", keyed({}, { [time]: "secondsText" }), notTime("secondsText"), "live"),
  mistake("a time for ticks", keyed({}, { startTicks: "minutes" }), "no start token has proved right yet", "start-token-unproven"),
  mistake("a date for ticks", keyed({}, { startTicks: "lstart" }), 'startTicks "lstart" in 2 of 2, in none as a start token', "live"),
  mistake("a port for ticks", keyed({}, { startTicks: "port" }), "no start token has proved right yet", "start-token-unproven"),
  mistake("a session for a boot", keyed({}, { bootId: "id" }), "bootId", "foreign"),
  mistake("a name for a boot", keyed({}, { bootId: "name" }), 'bootId "name" in 2 of 2, in none as a boot id', "live"),
  mistake("a name for a host", keyed({}, { host: "name", bootId: undefined }), "host", "foreign-host"),
  mistake("a port for a pid namespace", keyed({}, { pidNamespace: "port" }), "pidNamespace", "foreign-pid-namespace"),
  mistake("a start for a release", keyed({}, { releasedAt: "since" }), "every entry counts as released", "no-claim"),
  mistake("another holder", keyed({ holders: [`h${randomUUID().slice(0, 8)}`] }, { startTicks: undefined }), "2 entries", "pid-unproven"),
  mistake(
    "a unit misspelt",
    keyed({ owner: { unit: `brigde-${randomUUID()}.service` } }),
    "no service manager knows brigde-",
    "no service manager knows it",
  ),
  mistake("a thread for a process", keyed({ about: "thread" }), "is not swept: its entries are about threads", 'correct "about"'),
  refused("a field's name misspelt", keyed({ fields: { sessionID: "id" } }), 'fields.sessionID: unknown key; did you mean "sessionId"?'),
  refused("a key misspelt", keyed({ feilds: fields }), 'feilds: unknown key; did you mean "fields"?'),
  refused("a pointer without its slash", keyed({ entries: "agents" }), '"agents" is not a JSON pointer'),
  refused(
    "a pattern for a file of entries",
    keyed({ pattern: "*.json" }),
    "pattern: keyed-json has a shape of its own and does not take it",
  ),
  refused("a format misspelt", keyed({ format: "keyd-json" }), 'did you mean "keyed-json"?'),
  refused("fields forgotten", { format: "keyed-json" }, "fields: is missing"),
  refused("a release that cannot be written", keyed({ onGhost: "release" }), '"release" needs fields.releasedAt'),
  refused("an owner that is a text", keyed({ owner: { argv: "bridge.mjs" } }), 'owner.argv: "bridge.mjs" is not a list'),
];

/** The path of a mistake's registry. */
export const placeIn = (dir: string, place: Mistake["place"]): string => join(dir, place);
