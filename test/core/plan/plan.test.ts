import { expect, test } from "vitest";
import type { Judgement } from "../../../src/core/ladder.ts";
import { nothingRemembered } from "../../../src/core/memory/memory.ts";
import type { Intent } from "../../../src/core/plan/actions.ts";
import { intentFor, type Change, type RegistryPolicy } from "../../../src/core/plan/plan.ts";
import { defaultPolicy } from "../../../src/core/policy.ts";
import { minute } from "../scene.ts";

type Planned = {
  readonly verdict?: Judgement["verdict"];
  readonly certain?: boolean;
  readonly absentForMs?: number;
  readonly now?: boolean;
  readonly change?: Change;
  /** This run saw its thread close; its looks have found the owner up for so many ms. */
  readonly closedUnderMs?: number;
  readonly reason?: Judgement["reason"];
} & Partial<RegistryPolicy>;

function check(described: Planned, expected: Intent): void {
  const { verdict = "ghost", certain = false, absentForMs, now = false, change, closedUnderMs } = described;
  const { reason = closedUnderMs === undefined ? "ttl-expired" : "thread-not-loaded" } = described;
  const judgement: Judgement = { verdict, certain, rung: "ttl", reason, detail: "", ageMs: undefined };
  const registryPolicy: RegistryPolicy = {
    ownerUp: described.ownerUp ?? false,
    ownerCalls: described.ownerCalls ?? false,
    releasable: described.releasable ?? false,
    reportOnly: described.reportOnly,
  };
  const ending = closedUnderMs === undefined ? undefined : { exit: undefined, closedOn: ["ws://127.0.0.1:1"], ownerUpMs: closedUnderMs };
  const memory = { ...nothingRemembered, absentForMs, ending };
  expect(intentFor(judgement, memory, registryPolicy, { ...defaultPolicy, now }, change)).toBe(expected);
}

const rows: readonly (readonly [string, Planned, Intent])[] = [
  ["a live entry is kept", { verdict: "live", certain: true, now: true }, "keep"],
  ["an undecided entry is kept", { verdict: "undecided", certain: true, now: true }, "keep"],
  ["a holder provably gone is reaped at once", { certain: true }, "reap"],
  ["an absence seen for the first time waits", {}, "wait"],
  ["an absence seen less than four minutes ago waits", { absentForMs: 4 * minute - 1 }, "wait"],
  ["an absence seen four minutes ago is reaped", { absentForMs: 4 * minute }, "reap"],
  ["--now does not wait", { now: true }, "reap"],
  ["while its owner is up a ghost is withheld", { certain: true, ownerUp: true }, "withhold"],
  ["while its owner is up --now changes nothing", { certain: true, ownerUp: true, now: true }, "withhold"],
  ["an owner that releases is asked to", { certain: true, ownerUp: true, releasable: true }, "release"],
  ["an owner that releases is not asked before the second look", { ownerUp: true, releasable: true }, "wait"],
  ["a thread that this run saw close is released at once", { closedUnderMs: minute, ownerUp: true, releasable: true }, "release"],
  [
    "its owner has been up for less than a minute: that is a first look",
    { closedUnderMs: minute - 1, ownerUp: true, releasable: true },
    "wait",
  ],
  ["another server of it is down: that is a first look", { closedUnderMs: minute, reason: "app-server-down", ownerCalls: true }, "wait"],
  ["its owner watches itself: it is reaped", { closedUnderMs: minute, ownerCalls: true }, "reap"],
  ["its owner is down, and may be about to start: that is a first look", { closedUnderMs: minute }, "wait"],
  ["an owner that is down is not asked", { certain: true, releasable: true }, "reap"],
  ["a report-only registry withholds its ghosts", { certain: true, reportOnly: "everybody can write to it" }, "withhold"],
  [
    "a report-only registry withholds them from --now, too",
    { certain: true, now: true, reportOnly: "everybody can write to it" },
    "withhold",
  ],
  ["a row that another has superseded is stamped at once", { certain: true, change: "stamp" }, "stamp"],
  ["a lock of this host's older name is taken over at once", { certain: true, change: "take-over" }, "take-over"],
  ["a live row is not stamped", { verdict: "live", certain: true, change: "stamp" }, "keep"],
  ["a report-only registry withholds a stamp", { certain: true, reportOnly: "hard links", change: "stamp" }, "withhold"],
  [
    "an owner that releases does not stamp, so the row is withheld while it is up",
    { certain: true, ownerUp: true, releasable: true, change: "stamp" },
    "withhold",
  ],
  [
    "a report-only registry without a way to release withholds while its owner is up",
    { certain: true, ownerUp: true, reportOnly: "hard links" },
    "withhold",
  ],
];

test.each(rows)("%s", (_, described, expected) => check(described, expected));
