import { formatDuration } from "./duration.ts";
import type { Policy } from "./policy.ts";

/** What a person is told of a reason: words for a table, at most 24 characters, and one sentence of at most 60. */
type Words = { readonly short: string; readonly long: string };

/**
 * Why an entry was kept or condemned. The names are part of the JSON output. `{grace}` and `{ttl}` in a sentence stand for the
 * durations in force.
 */
const words = {
  "within-grace": { short: "too young", long: "It is younger than {grace}, too young to be judged." },
  "age-unknown": { short: "age unknown", long: "Its age cannot be told, so it counts as young." },
  "clock-stepped": { short: "clock was set", long: "The clock was set since, so its age counts anew." },
  "pid-alive": { short: "process runs", long: "The process that it records is running." },
  "own-ancestor": { short: "runs this command", long: "This command was started by its process." },
  "attached-cli": { short: "agent runs it", long: "A running agent was started with its session or its name." },
  "open-file": { short: "agent has it open", long: "A running agent holds one of its files open." },
  "lock-held": { short: "its file is locked", long: "A process holds a lock on its own file." },
  mentioned: { short: "another program has it", long: "A process carries or showed it; whether it runs it is open." },
  "registered-alive": { short: "runs, says another", long: "Another registration of its session has a process that runs." },
  "homes-unseen": { short: "records not visible", long: "A place where agents say what they run could not be read." },
  "inner-pid-alive": { short: "runs in a container", long: "The process that it records runs in a container." },
  "pid-gone": { short: "process gone", long: "The process that it records has ended." },
  "pid-reused": { short: "pid reused", long: "Its process has ended, and another one has the pid now." },
  "pid-zombie": { short: "process ended", long: "Its process has ended; the parent did not collect it yet." },
  "previous-boot": { short: "before the reboot", long: "It was started before this machine was booted." },
  "host-gone": { short: "machine gone", long: "You have said that its machine will not come back." },
  "holder-gone": { short: "its agents ended", long: "Each process that was seen to run it has ended." },
  "heartbeat-fresh": { short: "heart still beats", long: "Its last heartbeat was a short while ago." },
  "endpoint-closed": { short: "port closed", long: "Nothing listens any more where it said that it listens." },
  "endpoint-open": { short: "port still answers", long: "Its process has another name, but its port answers." },
  "endpoint-unanswered": { short: "port gives no answer", long: "Whether anything listens at its port could not be told." },
  "process-table-blind": { short: "processes not visible", long: "Not every process can be seen from here." },
  "pid-unseen": { short: "process not visible", long: "The process that it records could not be looked at." },
  "pid-unproven": { short: "process not certain", long: "A process has its pid, and may be its own or another one." },
  "start-token-unproven": { short: "start not comparable", long: "Its start differs, but no start here has proved right yet." },
  "stale-heartbeat": { short: "machine silent", long: "Its machine and its own heart fell silent, says the server." },
  "foreign-host": { short: "another machine's", long: "Another machine wrote it, and only that one can judge it." },
  "renamed-host": { short: "old machine name", long: "It names this machine by a name that it had before." },
  "superseded-by-new-start": { short: "replaced by newer", long: "The same process has registered a newer session since." },
  "foreign-pid-namespace": { short: "another container's", long: "Its pid may be counted in another container." },
  "thread-loaded": { short: "thread loaded", long: "An app server has its thread loaded." },
  "thread-not-loaded": { short: "thread not loaded", long: "Every app server answered, and none has its thread." },
  "app-server-down": { short: "app server down", long: "The app server of its thread is not running." },
  "app-server-unreachable": { short: "app server silent", long: "An app server gave no answer that can be used." },
  "app-server-too-young": { short: "app server just began", long: "An app server has not been up for {grace} yet." },
  "tmux-alive": { short: "tmux has it", long: "The tmux session or pane that it names is there." },
  "tmux-gone": { short: "tmux session gone", long: "The tmux session or pane that it names is there no more." },
  "tmux-unseen": { short: "tmux not visible", long: "Whether its tmux session or pane is there could not be told." },
  "foreign-network": { short: "another network", long: "Its address may be one of another network than ours." },
  "ttl-expired": { short: "silent too long", long: "It was silent for over {ttl}, and nothing else can tell." },
  "within-ttl": { short: "cannot tell yet", long: "Nothing can tell yet; after {ttl} of silence it is a ghost." },
  "malformed-entry": { short: "not understood", long: "It is not as the entries of this registry should be." },
  "no-claim": { short: "claims nothing", long: "It was released or stopped; it claims no session." },
  "duplicate-key": { short: "name occurs twice", long: "Its name occurs twice in its file, so it is never cut." },
  restored: { short: "put back by you", long: "You have put it back, so it is left alone for 7 days." },
} as const satisfies Readonly<Record<string, Words>>;

export type Reason = keyof typeof words;

export const reasons = Object.keys(words) as readonly Reason[];

/** The sentence of a reason, with the durations in force. */
export function reasonSentence(reason: Reason, { graceMs, ttlMs }: Pick<Policy, "graceMs" | "ttlMs">): string {
  return words[reason].long.replace("{grace}", formatDuration(graceMs)).replace("{ttl}", formatDuration(ttlMs));
}

/** The few words of a reason, for a table. */
export function reasonShort(reason: Reason): string {
  return words[reason].short;
}
