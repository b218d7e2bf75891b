import type { Reason } from "../../core/reasons.ts";
import { command, type Part } from "../screen/wrap.ts";
import { visible } from "../visible.ts";
import type { Explained } from "./explained.ts";
import { lineWith, typed } from "../listing/typed.ts";

/** How times are told to the person. */
export type ExplainTimes = {
  /** `today 08:22`, `Nov 24 18:02`. */
  readonly moment: (epochMs: number) => string;
  readonly time: (epochMs: number) => string;
  readonly day: (epochMs: number) => string;
};

const doctor = ["until that can be seen: ", command("sessreap doctor")] as const satisfies readonly Part[];

/** For how long an entry is kept for a reason; null for a reason of which more is known, or that keeps nothing. */
const keptFor = {
  "within-grace": null,
  "age-unknown": ["until its age can be told"],
  "clock-stepped": null,
  "pid-alive": null,
  "own-ancestor": null,
  "attached-cli": ["while that agent runs"],
  "open-file": ["while that agent has it open"],
  "lock-held": ["while its file is locked"],
  mentioned: ["while that process has its id"],
  "registered-alive": ["while that process runs"],
  "homes-unseen": doctor,
  "inner-pid-alive": ["while that process runs"],
  "pid-gone": null,
  "stale-heartbeat": null,
  "pid-reused": null,
  "pid-zombie": null,
  "previous-boot": null,
  "host-gone": null,
  "holder-gone": null,
  "heartbeat-fresh": ["while it beats"],
  "endpoint-closed": null,
  "endpoint-open": ["while its port answers"],
  "endpoint-unanswered": doctor,
  "process-table-blind": doctor,
  "pid-unseen": doctor,
  "pid-unproven": null,
  "start-token-unproven": null,
  "foreign-host": null,
  "renamed-host": null,
  "superseded-by-new-start": null,
  "foreign-pid-namespace": ["until a sweep in its container judges it"],
  "thread-loaded": ["while an app server has its thread loaded"],
  "thread-not-loaded": null,
  "app-server-down": null,
  "app-server-unreachable": ["until the app server answers: ", command("sessreap doctor")],
  "app-server-too-young": ["until the app server has been up for longer"],
  "tmux-alive": ["while tmux has it"],
  "tmux-gone": null,
  "tmux-unseen": doctor,
  "foreign-network": doctor,
  "ttl-expired": null,
  "within-ttl": null,
  "malformed-entry": ["until what wrote it, or a person, mends it"],
  "no-claim": ["until what wrote it takes it out"],
  "duplicate-key": ["until a person takes one of the two out"],
  restored: null,
} as const satisfies Readonly<Record<Reason, readonly Part[] | null>>;

/** Doubts that one process raises; a person may know better. */
const doubtsOfProcess: ReadonlySet<Reason> = new Set(["mentioned", "pid-unproven", "start-token-unproven"]);

/** The process of which our own sentence speaks. */
function pidIn({ entry }: Explained): string {
  return /\bpid (\d+)\b/.exec(entry.detail)?.[1] ?? entry.pid?.toString() ?? "PID";
}

/** A thread need not wait for its silence to grow: an app server can tell of it today. */
function soonerLines({ isThread, triedServers, name }: Explained): readonly (readonly Part[])[] {
  if (triedServers.length > 0) {
    const servers = triedServers.map((url) => `--app-server ${typed(url)}`).join(" ");
    return [["judged today with ", command(`sessreap explain ${servers} ${typed(name)}`), ", and so by a sweep with that option"]];
  }
  return isThread ? [["judged today by the app server that had its thread: ", command("--app-server ws://127.0.0.1:PORT")]] : [];
}

function keptLines(one: Explained, { moment, day, time }: ExplainTimes): readonly (readonly Part[])[] {
  const { entry, name, host, isOnServer, judgedFrom, ghostFrom, protectedUntil } = one;
  const { reason } = entry;
  if (reason === "restored") {
    const until = protectedUntil === undefined ? "left alone" : `left alone until ${day(protectedUntil)}`;
    return [[`${until}; sooner: `, command(lineWith("reap --now", name))]];
  }
  if (judgedFrom !== undefined) return [[`judged from ${time(judgedFrom)} on`]];
  if (ghostFrom !== undefined) return [[`a ghost from ${moment(ghostFrom)} on, unless it gives a sign`], ...soonerLines(one)];
  if (reason === "foreign-host" && host !== undefined) {
    if (isOnServer) return [[`kept until a sweep on ${visible(host)} judges it, or its server calls both of them silent`]];
    const gone = command(`sessreap --host-gone ${typed(host)}`);
    return [[`kept until a sweep on ${visible(host)} judges it; if that machine does not come back: `, gone]];
  }
  const known = keptFor[reason];
  if (known !== null) {
    const kept: readonly Part[] = ["kept ", ...known];
    if (reason !== "mentioned") return [kept];
    return [kept, ["if it does not run it: ", command(lineWith(`reap --despite ${pidIn(one)}`, name))]];
  }
  if (doubtsOfProcess.has(reason))
    return [[`kept while pid ${pidIn(one)} runs`], ["if it is not its own: ", command(lineWith(`reap --despite ${pidIn(one)}`, name))]];
  if (entry.pid !== null && entry.verdict === "live") return [[`kept while pid ${entry.pid} runs`]];
  return [["kept while that cannot be told"]];
}

/** Why a ghost is held back, and what would let it go. */
function heldLines({ owner, reportOnly, title, name }: Explained): readonly (readonly Part[])[] {
  if (!owner.up) return [[`held back: ${visible(reportOnly ?? "its registry may not be changed", 1000)}`]];
  const argv = owner.argv === undefined ? [] : [`"${visible(owner.argv.join(" "))}"`];
  const pids = owner.pids.length === 0 ? [] : [`pid ${owner.pids.join(", ")}`];
  const seen = [...pids, ...argv].join(", ");
  const stop: readonly Part[] =
    owner.unit === undefined
      ? ["stop it, then ", command(lineWith("reap", name))]
      : [command(`systemctl stop ${typed(owner.unit)}`), ", then ", command(lineWith("reap", name))];
  return [
    [`held back while ${visible(title.title)} runs${seen === "" ? "" : ` (${seen})`}`],
    ["to let it go: ", ...stop, '; or set "release": ', command("man sessreap-config")],
  ];
}

/**
 * What comes next for an entry: when it is looked at again, what keeps it, and what would let it go. What is to be typed names this
 * entry alone: a choice such as `--only` takes a name for a pattern, and an entry may be called `*`.
 */
export function explainNext(one: Explained, times: ExplainTimes): readonly (readonly Part[])[] {
  const { entry, name, isTimerOn } = one;
  const { action, nextLookAt } = entry;
  if (action === "would-heal") return [["the next sweep takes it over under this machine's name"]];
  if (action === "would-release") return [["the next sweep writes into it that it was released"]];
  if (action === "withheld") return heldLines(one);
  if (action === "pending") {
    const looks =
      nextLookAt === null ? "a sweep, and one 4 minutes after it, reap it" : `a sweep from ${times.time(nextLookAt)} on reaps it`;
    return [[`${looks}; at once: `, command(lineWith("reap --now", name))]];
  }
  if (action !== "would-reap") return keptLines(one, times);
  return [[`the next sweep reaps it${isTimerOn ? ", within 5 minutes" : ""}; at once: `, command(lineWith("reap", name))]];
}
