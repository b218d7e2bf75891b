import { describe, expect, test } from "vitest";
import { seen, type ProcessTable } from "../../src/core/evidence.ts";
import type { InnerProcess } from "../../src/core/agents/agent-process.ts";
import type { Registered } from "../../src/core/agents/registered-sessions.ts";
import { isGated, isLastResort, judge, trace } from "../../src/core/ladder.ts";
import { appServerThread } from "../../src/core/rungs/app-server-thread.ts";
import {
  agent,
  answered,
  blind,
  carrier,
  configured,
  day,
  earlierBoot,
  gone,
  hour,
  minute,
  now,
  sceneOf,
  second,
  refused,
  server,
  session,
  shows,
  showed,
  there,
  thisBoot,
  tried,
  verdictOf,
  type Described,
  registeredSessions,
} from "./scene.ts";

type Row = readonly [title: string, described: Described, expected: string];

function check(described: Described, expected: string): void {
  expect(verdictOf(sceneOf(described))).toBe(expected);
}

const pid = 4242;
/** This machine was booted forty days ago. */
const beforeBoot = { bootId: earlierBoot, registeredAt: now - 50 * day } as const;
const held = { pid, startTicks: "700" } as const;
const cli = agent(["codex", "resume", session]);
/** The process that showed the session is gone. */
const left = { memory: { holders: [showed] }, pids: { [showed.pid]: gone } } as const;
const lock = [carrier(["codex"]), `/home/u/.codex/thread-writer-locks/${session}.lock`, true] as const;
const noTimes = { registeredAt: undefined, lastActivityAt: undefined } as const;

/** A process of a container that counts the holder's pid as its own. */
const inner = (more: Partial<InnerProcess>): ProcessTable["innerPids"] =>
  seen(new Map([[pid, [{ pid: 77, startTicks: "9", ownTime: true, agent: true, ...more }]]]));

const graceRows: readonly Row[] = [
  [
    "registered five minutes before a night's sleep that ended a minute ago",
    {
      claim: { ...held, registeredAt: now - 8 * hour },
      pids: { [pid]: gone },
      time: { sleeps: seen([{ fromMs: now - 8 * hour + 5 * minute, untilMs: now - minute, ms: 8 * hour - 6 * minute }]) },
    },
    "undecided grace within-grace",
  ],
  [
    "registered an hour ago, and the machine slept an hour somewhere in the last day",
    {
      claim: { ...held, registeredAt: now - hour },
      pids: { [pid]: gone },
      time: { sleeps: seen([{ fromMs: now - day, untilMs: now, ms: hour }]) },
    },
    "ghost attached-process pid-gone certain",
  ],
  [
    "gone, but registered within the grace period",
    { claim: { ...held, registeredAt: now - 9 * minute }, pids: { [pid]: gone } },
    "undecided grace within-grace",
  ],
  [
    "gone, and registered a grace period ago to the millisecond",
    { claim: { ...held, registeredAt: now - 10 * minute }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "registered long ago, but active within the grace period",
    { claim: { ...held, lastActivityAt: now - minute }, pids: { [pid]: gone } },
    "undecided grace within-grace",
  ],
  ["alive, and young", { claim: { ...held, registeredAt: now - minute }, pids: { [pid]: there() } }, "undecided grace within-grace"],
  [
    "a heartbeat is not activity",
    { claim: { ...held, lastHeartbeatAt: now - second }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "registered in the future, and its file was written just now",
    { claim: { ...held, registeredAt: now + day }, registry: { modifiedAt: seen(now - second) }, pids: { [pid]: gone } },
    "undecided grace within-grace",
  ],
  [
    "registered in the future, and its file has not changed for an hour",
    { claim: { ...held, registeredAt: now + day }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "without a time, in a file that was written just now, though seen for an hour",
    { claim: { ...held, ...noTimes }, registry: { modifiedAt: seen(now) }, memory: { seenForMs: hour }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "without a time, in a file from the future",
    { claim: { ...held, ...noTimes }, registry: { modifiedAt: seen(now + day) }, pids: { [pid]: gone } },
    "undecided grace age-unknown",
  ],
  [
    "without a time, in a file from the future, seen for an hour",
    { claim: { ...held, ...noTimes }, registry: { modifiedAt: seen(now + day) }, memory: { seenForMs: hour }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "one file an entry, written within the grace period",
    { claim: held, registry: { oneFile: true, modifiedAt: seen(now - minute) }, pids: { [pid]: gone } },
    "undecided grace within-grace",
  ],
  [
    "one file with many entries, written within the grace period",
    { claim: held, registry: { modifiedAt: seen(now - minute) }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  ["the clock could not be read", { claim: held, clock: { wallMs: blind }, pids: { [pid]: gone } }, "undecided grace age-unknown"],
  [
    "its file's time could not be read",
    { claim: held, registry: { modifiedAt: blind }, pids: { [pid]: gone } },
    "undecided grace age-unknown",
  ],
  [
    "old by a clock that was stepped, and first seen just now",
    { claim: held, memory: { clockStepped: true }, pids: { [pid]: gone } },
    "undecided grace clock-stepped",
  ],
  [
    "old by a clock that was stepped, and seen for a grace period",
    { claim: held, memory: { clockStepped: true, seenForMs: 10 * minute }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "no grace period, and registered this very moment",
    { claim: { ...held, registeredAt: now }, policy: { graceMs: 0 }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
];

const named = { holderNames: ["codex"], about: "session" } as const;

const recordedHolderRows: readonly Row[] = [
  ["alive since the recorded tick", { claim: held, pids: { [pid]: there("700") } }, "live attached-process pid-alive"],
  ["gone", { claim: held, pids: { [pid]: gone } }, "ghost attached-process pid-gone certain"],
  ["gone, and no start token was recorded", { claim: { pid }, pids: { [pid]: gone } }, "ghost attached-process pid-gone certain"],
  [
    "gone, and an agent of its process group that shows no session is alive",
    { claim: held, pids: { [pid]: gone }, table: { agents: [{ ...agent(["codex"]), processGroup: pid }] } },
    "undecided attached-process mentioned",
  ],
  [
    "a zombie, and an agent of its kernel session that shows no session is alive",
    { claim: held, pids: { [pid]: there("700", ["codex"], "Z") }, table: { agents: [{ ...agent(["claude"]), kernelSession: pid }] } },
    "undecided attached-process mentioned",
  ],
  [
    "gone, and an agent of its process group runs another session",
    {
      claim: held,
      pids: { [pid]: gone },
      table: { agents: [{ ...agent(["codex", "resume", "019d0000-2222-7000-8000-00000000000b"]), processGroup: pid }] },
    },
    "ghost attached-process pid-gone certain",
  ],
  [
    "gone, and an agent of its process group does not run it, as an operator says",
    {
      claim: held,
      policy: { despite: { pid: 500, startTicks: "600" } },
      pids: { [pid]: gone },
      table: { agents: [{ ...agent(["codex"]), processGroup: pid }] },
    },
    "ghost attached-process pid-gone certain",
  ],
  [
    "gone, and an agent of its process group is alive, but it claimed no more than its process",
    { claim: held, registry: { about: "process" }, pids: { [pid]: gone }, table: { agents: [{ ...agent(["codex"]), processGroup: pid }] } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "its pid was reused, and an agent is of the group of the newcomer",
    { claim: held, pids: { [pid]: there("701") }, table: { agents: [{ ...agent(["codex"]), processGroup: pid }] } },
    "ghost attached-process pid-reused certain",
  ],
  [
    "its pid was reused: another start tick in the same boot",
    { claim: held, pids: { [pid]: there("701") } },
    "ghost attached-process pid-reused certain",
  ],
  [
    "a zombie, though its start tick is the recorded one",
    { claim: held, pids: { [pid]: there("700", ["codex"], "Z") } },
    "ghost attached-process pid-zombie certain",
  ],
  [
    "dead, as the kernel says with X",
    { claim: held, pids: { [pid]: there("700", ["codex"], "X") } },
    "ghost attached-process pid-zombie certain",
  ],
  ["stopped is alive", { claim: held, pids: { [pid]: there("700", ["codex"], "T") } }, "live attached-process pid-alive"],
  [
    "somebody else's process (EPERM), of which nothing can be read",
    { claim: held, pids: { [pid]: shows({ state: blind, startTicks: blind, ownTime: false, names: blind }) } },
    "live attached-process pid-alive",
  ],
  [
    "alive, and the start tick could not be read",
    { claim: held, pids: { [pid]: shows({ startTicks: blind, names: seen(["sh"]) }) } },
    "live attached-process pid-alive",
  ],
  [
    "alive without a start token, under a name that the format names",
    { claim: { pid }, registry: named, pids: { [pid]: there("1", ["node", "codex"]) } },
    "live attached-process pid-alive",
  ],
  [
    "alive without a start token, under no name that the format names",
    { claim: { pid }, registry: named, pids: { [pid]: there("1", ["sh"]) } },
    "undecided attached-process pid-unproven",
  ],
  [
    "alive without a start token, as an executable that only its directory names",
    { claim: { pid }, registry: named, pids: { [pid]: there("1", ["0.171.0", "/home/dev/.codex/bin/0.171.0"]) } },
    "live attached-process pid-alive",
  ],
  [
    "the pid of a thread of the kernel, which holds nothing",
    { claim: { pid }, pids: { [pid]: shows({ kernelThread: true, names: seen(["kworker/0:1"]) }) } },
    "ghost attached-process pid-reused certain",
  ],
  [
    "another start tick, in a registry that has never shown to record ticks",
    { claim: held, registry: { startTokensProven: false }, pids: { [pid]: there("701") } },
    "undecided attached-process start-token-unproven",
  ],
  [
    "the recorded start tick, in a registry that has never shown to record ticks",
    { claim: held, registry: { startTokensProven: false }, pids: { [pid]: there("700") } },
    "live attached-process pid-alive",
  ],
  [
    "gone, in a registry that has never shown to record ticks",
    { claim: held, registry: { startTokensProven: false }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "another start tick, counted by the clock of another time namespace",
    { claim: held, pids: { [pid]: shows({ startTicks: seen("701"), ownTime: false }) } },
    "live attached-process pid-alive",
  ],
  [
    "another start tick, counted by another clock, of a program that is no holder",
    { claim: held, registry: named, pids: { [pid]: shows({ startTicks: seen("701"), ownTime: false, names: seen(["sh"]) }) } },
    "undecided attached-process pid-unproven",
  ],
  [
    "of this boot in another spelling",
    { claim: { ...held, bootId: thisBoot.replaceAll("-", "").toUpperCase() }, pids: { [pid]: there("700") } },
    "live attached-process pid-alive",
  ],
  [
    "of this boot, which this machine spells in another way",
    { claim: { ...held, bootId: thisBoot }, here: { bootId: seen(thisBoot.replaceAll("-", "")) }, pids: { [pid]: there("700") } },
    "live attached-process pid-alive",
  ],
  [
    "of a boot whose id is none",
    { claim: { ...held, bootId: "1763650000" }, pids: { [pid]: there("700") } },
    "live attached-process pid-alive",
  ],
  [
    "of an earlier boot, but a container has its pid, and may have a boot id of its own",
    { claim: { pid, ...beforeBoot }, table: { innerPids: inner({ agent: false }) }, pids: { [pid]: gone } },
    "undecided attached-process pid-unproven",
  ],
  [
    "of an earlier boot, and the pids of containers could not be read",
    { claim: { ...held, ...beforeBoot }, table: { innerPids: blind }, pids: { [pid]: gone } },
    "undecided attached-process pid-unseen",
  ],
  [
    "alive without a start token, in a format that names nobody",
    { claim: { pid }, pids: { [pid]: there("1", ["sh"]) } },
    "live attached-process pid-alive",
  ],
  [
    "alive without a start token, and its names could not be read",
    { claim: { pid }, registry: named, pids: { [pid]: shows({ startTicks: seen("1"), names: blind }) } },
    "live attached-process pid-alive",
  ],
  [
    "the start tick fits though no name does",
    { claim: held, registry: named, pids: { [pid]: there("700", ["sh"]) } },
    "live attached-process pid-alive",
  ],
  [
    "of an earlier boot, though the pid and the tick are taken again",
    { claim: { ...held, ...beforeBoot }, pids: { [pid]: there("700") } },
    "ghost attached-process previous-boot certain",
  ],
  [
    "of an earlier boot, and nobody looked at its pid",
    { claim: { ...held, ...beforeBoot } },
    "ghost attached-process previous-boot certain",
  ],
  ["of this boot", { claim: { ...held, bootId: thisBoot }, pids: { [pid]: there("700") } }, "live attached-process pid-alive"],
  [
    "of an unknown boot, for ours cannot be seen",
    { claim: { ...held, ...beforeBoot }, here: { bootId: blind }, pids: { [pid]: there("700") } },
    "live attached-process pid-alive",
  ],
  ["its pid could not be looked at", { claim: held, pids: { [pid]: blind } }, "undecided attached-process pid-unseen"],
  ["nobody asked for its pid", { claim: held }, "undecided attached-process pid-unseen"],
  ["the process table could not be seen", { claim: held, processes: blind }, "undecided attached-process process-table-blind"],
  [
    "it names nothing but a pid, and the process table could not be seen",
    { claim: { pid, sessionId: undefined }, processes: blind },
    "undecided attached-process process-table-blind",
  ],
  [
    "gone, and the table is incomplete",
    { claim: held, table: { complete: blind }, pids: { [pid]: gone } },
    "undecided attached-process process-table-blind",
  ],
  [
    "an ancestor of this sweep, of which its start tick says that it is another process",
    { claim: { pid: 900, startTicks: "5" }, pids: { 900: there("6") } },
    "ghost attached-process pid-reused certain",
  ],
  [
    "an ancestor of this sweep, whose start tick proves nothing yet",
    { claim: { pid: 900, startTicks: "5" }, registry: { startTokensProven: false }, pids: { 900: there("6") } },
    "live attached-process own-ancestor",
  ],
  [
    "an ancestor of this sweep, without a start tick, of a program that is no holder",
    { claim: { pid: 900 }, registry: named, pids: { 900: there("6", ["quill"]) } },
    "live attached-process own-ancestor",
  ],
  [
    "an ancestor of this sweep, though its pid is said to be gone",
    { claim: { pid: 901 }, pids: { 901: gone } },
    "live attached-process own-ancestor",
  ],
  [
    "of a boot before this one, under the pid that an ancestor of this sweep has now",
    { claim: { pid: 900, ...beforeBoot }, pids: { 900: there("6") } },
    "ghost attached-process previous-boot certain",
  ],
];

const holderElsewhereRows: readonly Row[] = [
  ["on another host", { claim: { ...held, host: "saturn" }, pids: { [pid]: gone } }, "undecided attached-process foreign-host"],
  ["on another host, without a pid", { claim: { host: "saturn" } }, "undecided attached-process foreign-host"],
  [
    "on another host that an operator has declared gone",
    { claim: { ...held, host: "saturn" }, policy: { hostsGone: ["saturn"] }, pids: { [pid]: there() } },
    "ghost attached-process host-gone",
  ],
  [
    "of a machine that its server has found silent",
    { claim: { ...held, host: "saturn", silence: "saturn has not swept for 2h" }, pids: { [pid]: there() } },
    "ghost attached-process stale-heartbeat certain",
  ],
  [
    "of a machine that its server has found silent, though by this clock it was registered a moment ago",
    { claim: { host: "saturn", silence: "saturn has not swept for 2h", registeredAt: now - minute } },
    "ghost attached-process stale-heartbeat certain",
  ],
  [
    "on another host, when yet another is declared gone",
    { claim: { ...held, host: "saturn" }, policy: { hostsGone: ["pluto"] }, pids: { [pid]: gone } },
    "undecided attached-process foreign-host",
  ],
  [
    "on a host declared gone, but an agent CLI here names the session",
    { claim: { host: "saturn" }, policy: { hostsGone: ["saturn"] }, table: { agents: [cli] } },
    "live attached-process attached-cli",
  ],
  ["on this host by its name", { claim: { ...held, host: "venus" }, pids: { [pid]: gone } }, "ghost attached-process pid-gone certain"],
  [
    "in another pid namespace",
    { claim: { ...held, pidNamespace: "4026539999" }, pids: { [pid]: gone } },
    "undecided attached-process foreign-pid-namespace",
  ],
  [
    "in this pid namespace by its inode",
    { claim: { ...held, pidNamespace: "4026531836" }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "our own pid namespace could not be seen",
    { claim: held, here: { pidNamespace: blind }, pids: { [pid]: gone } },
    "undecided attached-process foreign-pid-namespace",
  ],
  [
    "seen from a container, and it records no namespace",
    { claim: held, here: { pidNamespace: seen({ inode: "4026530001", initial: false }) }, pids: { [pid]: gone } },
    "undecided attached-process foreign-pid-namespace",
  ],
  [
    "seen from a container whose pids are declared to be all there are",
    {
      claim: held,
      here: { pidNamespace: seen({ inode: "4026530001", initial: false }) },
      policy: { ownPidNamespace: true },
      pids: { [pid]: gone },
    },
    "ghost attached-process pid-gone certain",
  ],
  [
    "seen from a container, of that very namespace",
    {
      claim: { ...held, pidNamespace: "4026530001" },
      here: { pidNamespace: seen({ inode: "4026530001", initial: false }) },
      pids: { [pid]: there() },
    },
    "live attached-process pid-alive",
  ],
  [
    "gone here, but alive as a container's pid with its start tick",
    {
      claim: held,
      table: { innerPids: seen(new Map([[pid, [{ pid: 77, startTicks: "700", ownTime: true, agent: false }]]])) },
      pids: { [pid]: gone },
    },
    "live attached-process inner-pid-alive",
  ],
  [
    "gone here, and a container's pid has another start tick",
    {
      claim: held,
      table: { innerPids: seen(new Map([[pid, [{ pid: 77, startTicks: "701", ownTime: true, agent: true }]]])) },
      pids: { [pid]: gone },
    },
    "ghost attached-process pid-gone certain",
  ],
  [
    "reused here, without a start token, and a container's agent has this pid",
    {
      claim: { pid },
      registry: named,
      table: { innerPids: seen(new Map([[pid, [{ pid: 77, startTicks: "9", ownTime: true, agent: true }]]])) },
      pids: { [pid]: there("1", ["sh"]) },
    },
    "live attached-process inner-pid-alive",
  ],
  [
    "gone here, without a start token, and a container's pid is no agent",
    { claim: { pid }, table: { innerPids: inner({ agent: false }) }, pids: { [pid]: gone } },
    "undecided attached-process pid-unproven",
  ],
  [
    "gone here, and a container's pid has another start tick, counted by a clock of its own",
    { claim: held, table: { innerPids: inner({ ownTime: false }) }, pids: { [pid]: gone } },
    "undecided attached-process pid-unproven",
  ],
  [
    "of an unknown program here, and a container's pid has its start tick",
    {
      claim: held,
      registry: { ...named, startTokensProven: false },
      table: { innerPids: inner({ startTicks: "700" }) },
      pids: { [pid]: there("1", ["sh"]) },
    },
    "live attached-process inner-pid-alive",
  ],
  [
    "gone here, and the containers' pids could not be read",
    { claim: held, table: { innerPids: blind }, pids: { [pid]: gone } },
    "undecided attached-process pid-unseen",
  ],
  [
    "gone in a namespace that it records, so nobody looks into containers",
    { claim: { ...held, pidNamespace: "4026531836" }, table: { innerPids: blind }, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
];

const attachedAgentRows: readonly Row[] = [
  ["a codex that names the session", { table: { agents: [cli] } }, "live attached-process attached-cli"],
  [
    "a codex that names the session without hyphens",
    { table: { agents: [agent(["codex", "resume", session.replaceAll("-", "").toUpperCase()])] } },
    "live attached-process attached-cli",
  ],
  [
    "a claude that names the session behind an equals sign",
    { table: { agents: [agent(["claude", `--session-id=${session}`])] } },
    "live attached-process attached-cli",
  ],
  [
    "a prompt that speaks of the session may be another's",
    { table: { agents: [agent(["codex", `what became of ${session}?`])] } },
    "undecided attached-process mentioned",
  ],
  [
    "an agent that was told a session too short to be looked for anywhere else",
    { claim: { sessionId: "abc1234" }, table: { agents: [agent(["codex", "resume", "abc1234"])] } },
    "live attached-process attached-cli",
  ],
  [
    "an agent that was told a session that is a number",
    { claim: { sessionId: "12345678901" }, table: { agents: [agent(["codex", "--session-id=12345678901"])] } },
    "live attached-process attached-cli",
  ],
  [
    "an agent whose prompt holds a session too short to be looked for",
    { claim: { sessionId: "abc1234" }, table: { agents: [agent(["codex", "what became of abc1234?"])] } },
    "undecided ttl within-ttl",
  ],
  ["an unknown program that is called by the session", { table: { agents: [agent([session])] } }, "undecided attached-process mentioned"],
  [
    "an agent that states the name",
    { claim: { identity: "mars" }, table: { agents: [agent(["codex", "Your agent name is mars. Go on."])] } },
    "live attached-process attached-cli",
  ],
  [
    "an agent that states another name",
    { claim: { identity: "mars" }, table: { agents: [agent(["codex", "Your agent name is mars2."])] } },
    "ghost ttl ttl-expired",
  ],
  [
    "the holder is gone, but another process runs the session",
    { claim: held, pids: { [pid]: gone }, table: { agents: [cli] } },
    "live attached-process attached-cli",
  ],
  [
    "named by an agent in a table that is not complete",
    { table: { agents: [cli], complete: blind } },
    "live attached-process attached-cli",
  ],
  ["no agent, in a table that is not complete", { table: { complete: blind } }, "undecided attached-process process-table-blind"],
  [
    "no agent, seen from a container",
    { here: { pidNamespace: seen({ inode: "1", initial: false }) } },
    "undecided attached-process process-table-blind",
  ],
  ["no agent, and our namespace could not be seen", { here: { pidNamespace: blind } }, "undecided attached-process process-table-blind"],
  ["a codex holds its writer lock open", { open: [lock] }, "live attached-process open-file"],
  [
    "the holder is gone, but a codex holds its writer lock open",
    { claim: held, pids: { [pid]: gone }, open: [lock] },
    "live attached-process open-file",
  ],
  [
    "a codex holds another thread's writer lock open",
    { claim: held, pids: { [pid]: gone }, open: [[carrier(["codex"]), "/home/u/.codex/thread-writer-locks/other.lock", true]] },
    "ghost attached-process pid-gone certain",
  ],
  [
    "gone, and what processes carry could not be looked at",
    { claim: held, pids: { [pid]: gone }, mentions: blind },
    "undecided attached-process process-table-blind",
  ],
  [
    "gone without a session, so no process can carry it",
    { claim: { ...held, sessionId: undefined }, pids: { [pid]: gone }, mentions: blind },
    "ghost attached-process pid-gone certain",
  ],
  [
    "the process that registered a thread is gone, which says nothing of the thread",
    { claim: held, pids: { [pid]: gone }, registry: { about: "thread" } },
    "ghost ttl ttl-expired",
  ],
  [
    "the process that registered a thread is alive, which says as little",
    { claim: held, pids: { [pid]: there() }, registry: { about: "thread" } },
    "ghost ttl ttl-expired",
  ],
  [
    "a process claim, whose process is gone while its session runs in another one",
    { claim: held, pids: { [pid]: gone }, table: { agents: [cli] }, registry: { about: "process" } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "a process claim, whose process is gone while a Codex holds the lock of its thread",
    { claim: held, pids: { [pid]: gone }, open: [lock], registry: { about: "process" } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "a process claim, whose process is gone while an app server has its thread loaded",
    {
      claim: held,
      pids: { [pid]: gone },
      registry: { about: "process", appServers: configured },
      appServers: { [server]: answered([session]) },
    },
    "ghost attached-process pid-gone certain",
  ],
  [
    "a process claim that records no process, and claims no more than its session",
    { registry: { about: "process" }, table: { agents: [cli] } },
    "live attached-process attached-cli",
  ],
  [
    "a thread on a host declared gone",
    { claim: { ...held, host: "saturn" }, policy: { hostsGone: ["saturn"] }, registry: { about: "thread" } },
    "ghost attached-process host-gone",
  ],
];

const port = { kind: "tcp", port: 7000 } as const;
const at = "127.0.0.1:7000";

const endpointRows: readonly Row[] = [
  [
    "it refuses, and no holder was recorded",
    { claim: { endpoint: port }, endpoints: { [at]: refused } },
    "ghost attached-process endpoint-closed",
  ],
  [
    "it refuses, but the recorded holder is alive",
    { claim: { ...held, endpoint: port }, pids: { [pid]: there() }, endpoints: { [at]: refused } },
    "live attached-process pid-alive",
  ],
  [
    "it refuses, and the recorded holder is gone",
    { claim: { ...held, endpoint: port }, pids: { [pid]: gone }, endpoints: { [at]: refused } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "it refuses, and the recorded holder could not be looked at",
    { claim: { ...held, endpoint: port }, pids: { [pid]: blind }, endpoints: { [at]: refused } },
    "undecided attached-process pid-unseen",
  ],
  [
    "it accepts, so what claimed it may run",
    { claim: { endpoint: port }, endpoints: { [at]: { kind: "accepted" } } },
    "undecided attached-process endpoint-open",
  ],
  [
    "it refuses, though a process listens there",
    { claim: { endpoint: port }, endpoints: { [at]: { ...refused, listens: seen(true) } } },
    "undecided attached-process endpoint-unanswered",
  ],
  [
    "it refuses, and who listens there could not be seen",
    { claim: { endpoint: port }, endpoints: { [at]: { ...refused, listens: blind } } },
    "undecided attached-process endpoint-unanswered",
  ],
  [
    "it refuses, in a network that may not be the machine's",
    { claim: { endpoint: port }, endpoints: { [at]: { ...refused, network: blind } } },
    "undecided attached-process foreign-network",
  ],
  [
    "it refuses, and not every process can be seen that may listen at its port",
    { claim: { sessionId: undefined, endpoint: port }, table: { complete: blind }, endpoints: { [at]: refused } },
    "undecided attached-process process-table-blind",
  ],
  [
    "its socket refuses, whose path is the same wherever it is seen from",
    { claim: { sessionId: undefined, endpoint: { kind: "unix", path: "/s" } }, table: { complete: blind }, endpoints: { "/s": refused } },
    "ghost attached-process endpoint-closed",
  ],
  [
    "it accepts, and the holder is gone",
    { claim: { ...held, endpoint: port }, pids: { [pid]: gone }, endpoints: { [at]: { kind: "accepted" } } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "it says nothing in time",
    { claim: { endpoint: port }, endpoints: { [at]: { kind: "unanswered", why: "no answer" } } },
    "undecided attached-process endpoint-unanswered",
  ],
  [
    "it says nothing in time, and the holder is gone",
    { claim: { ...held, endpoint: port }, pids: { [pid]: gone }, endpoints: { [at]: { kind: "unanswered", why: "no answer" } } },
    "ghost attached-process pid-gone certain",
  ],
  ["nobody asked it", { claim: { endpoint: { kind: "unix", path: "/s" } } }, "undecided attached-process endpoint-unanswered"],
];

const serving = { pid: 60, startTicks: "1", argv: ["codex", "app-server", "--listen", "ws://localhost:8788/"] };
const twoServers = { appServers: [...configured, { url: "unix://", configured: true }] } as const;

const appServerRows: readonly Row[] = [
  [
    "it has the thread loaded",
    { registry: { appServers: configured }, appServers: { [server]: answered([session.toUpperCase()]) } },
    "live app-server-thread thread-loaded",
  ],
  [
    "it has the thread loaded, though the recorded holder is gone",
    { claim: held, pids: { [pid]: gone }, registry: { appServers: configured }, appServers: { [server]: answered([session]) } },
    "live app-server-thread thread-loaded",
  ],
  [
    "one that nobody configured has the thread loaded",
    { registry: { appServers: tried }, appServers: { [server]: answered([session]) } },
    "live app-server-thread thread-loaded",
  ],
  [
    "it does not have the thread, and says so when asked by its id",
    { registry: { appServers: configured }, appServers: { [server]: answered() } },
    "ghost app-server-thread thread-not-loaded",
  ],
  [
    "it lists no such thread, but was not asked by its id",
    { registry: { appServers: configured }, appServers: { [server]: answered([], { reads: new Map() }) } },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "it lists no such thread, but knows something of it",
    {
      registry: { appServers: configured },
      appServers: { [server]: answered([], { reads: new Map([[session, { kind: "other", what: "active" }]]) }) },
    },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "it does not have the thread, and is as old as the grace period",
    { registry: { appServers: configured }, appServers: { [server]: answered([], { upMs: seen(10 * minute) }) } },
    "undecided app-server-thread app-server-too-young",
  ],
  [
    "it does not have the thread, and is older than the grace period",
    { registry: { appServers: configured }, appServers: { [server]: answered([], { upMs: seen(10 * minute + 1) }) } },
    "ghost app-server-thread thread-not-loaded",
  ],
  [
    "it does not have the thread, and nobody knows since when it is up",
    { registry: { appServers: configured }, appServers: { [server]: answered([], { upMs: blind }) } },
    "undecided app-server-thread app-server-too-young",
  ],
  [
    "one that nobody configured does not have the thread",
    { registry: { appServers: tried }, appServers: { [server]: answered() } },
    "ghost ttl ttl-expired",
  ],
  ["one that nobody configured refuses", { registry: { appServers: tried }, appServers: { [server]: refused } }, "ghost ttl ttl-expired"],
  [
    "one that nobody configured does not answer",
    { registry: { appServers: tried }, appServers: { [server]: { kind: "unanswered", why: "401" } } },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "it refuses, and no process is to serve it",
    { registry: { appServers: configured }, appServers: { [server]: refused } },
    "ghost app-server-thread app-server-down",
  ],
  [
    "it refuses, though a process is to serve it",
    { registry: { appServers: configured }, table: { appServers: [serving] }, appServers: { [server]: refused } },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "it refuses, though a process is to serve every address",
    {
      registry: { appServers: configured },
      table: { appServers: [{ ...serving, argv: ["codex", "app-server", "--listen", "ws://0.0.0.0:8788"] }] },
      appServers: { [server]: refused },
    },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "it refuses, though a process listens there",
    { registry: { appServers: configured }, appServers: { [server]: { ...refused, listens: seen(true) } } },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "it refuses, and who listens there could not be seen",
    { registry: { appServers: configured }, appServers: { [server]: { ...refused, listens: blind } } },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "it refuses, in a network that may not be the machine's",
    { registry: { appServers: configured }, appServers: { [server]: { ...refused, network: blind } } },
    "undecided app-server-thread foreign-network",
  ],
  [
    "it refuses, and the app server that runs serves another address",
    {
      registry: { appServers: configured },
      table: { appServers: [{ ...serving, argv: ["codex", "app-server", "--listen", "ws://127.0.0.1:9"] }] },
      appServers: { [server]: refused },
    },
    "ghost app-server-thread app-server-down",
  ],
  [
    "it refuses, and the processes could not be seen",
    {
      claim: { sessionId: session },
      registry: { appServers: configured },
      processes: blind,
      appServers: { [server]: refused },
    },
    "undecided attached-process process-table-blind",
  ],
  [
    "it does not answer in time",
    { registry: { appServers: configured }, appServers: { [server]: { kind: "unanswered", why: "no answer" } } },
    "undecided app-server-thread app-server-unreachable",
  ],
  ["nobody asked it", { registry: { appServers: configured } }, "undecided app-server-thread app-server-unreachable"],
  [
    "gone by its pid, and the server does not answer",
    {
      claim: held,
      pids: { [pid]: gone },
      registry: { appServers: configured },
      appServers: { [server]: { kind: "unanswered", why: "no answer" } },
    },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "not on the first of two servers, and on the second",
    { registry: twoServers, appServers: { [server]: answered(), "unix://": answered([session]) } },
    "live app-server-thread thread-loaded",
  ],
  [
    "not on the first of two servers, and the second does not answer",
    { registry: twoServers, appServers: { [server]: answered(), "unix://": { kind: "unanswered", why: "" } } },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "on neither of two servers",
    { registry: twoServers, appServers: { [server]: answered(), "unix://": refused } },
    "ghost app-server-thread app-server-down",
  ],
  [
    "it names no thread",
    { claim: { sessionId: undefined }, registry: { appServers: configured }, appServers: { [server]: answered() } },
    "ghost ttl ttl-expired",
  ],
];

const asleep = (ms: number, fromMs = now - 60 * day, untilMs = now - minute): Partial<Described> => ({
  time: { sleeps: seen([{ fromMs, untilMs, ms }]) },
});
const other = "019d0000-1111-7000-8000-00000000000b";
const record = (holder: number): Registered => {
  return { registry: "/claudes", key: `${holder}.json`, where: "/claudes", pid: holder, isProven: true, said: "" };
};
const quill = carrier(["quill", session], { pid: 603, startTicks: "900" });
const word = (holder: number, startTicks: string): Partial<Described> => ({ policy: { despite: { pid: holder, startTicks } } });
const untried = { time: { settled: blind } } as const;

const wordRows: readonly Row[] = [
  ["a process that carries its id", { carriers: [quill] }, "undecided attached-process mentioned"],
  ["the same, and it does not run it", { carriers: [quill], ...word(603, "900") }, "ghost ttl ttl-expired"],
  [
    "the same, and an earlier process of its pid did not",
    { carriers: [quill], ...word(603, "899") },
    "undecided attached-process mentioned",
  ],
  [
    "two carry it, and one of them does not run it",
    { carriers: [quill, { ...quill, pid: 604 }], ...word(603, "900") },
    "undecided attached-process mentioned",
  ],
  [
    "an agent that runs it, whatever is said of it",
    { table: { agents: [cli] }, ...word(500, "600") },
    "live attached-process attached-cli",
  ],
  [
    "its pid is called by no known name, and does not run it",
    { claim: { pid }, registry: { holderNames: ["codex"] }, pids: { [pid]: there("700", ["quill"]) }, ...word(pid, "700") },
    "ghost attached-process pid-reused certain",
  ],
  [
    "its pid has the recorded start, whatever is said of it",
    { claim: held, registry: { holderNames: ["codex"] }, pids: { [pid]: there("700", ["quill"]) }, ...word(pid, "700") },
    "live attached-process pid-alive",
  ],
  [
    "its pid has a holder's name, whatever is said of it",
    { claim: { pid }, registry: { holderNames: ["codex"] }, pids: { [pid]: there("700") }, ...word(pid, "700") },
    "live attached-process pid-alive",
  ],
  [
    "its start token is not proven, and it does not run it",
    { claim: held, registry: { startTokensProven: false }, pids: { [pid]: there("9") }, ...word(pid, "9") },
    "ghost attached-process pid-reused certain",
  ],
  [
    "what showed it shows it no more, and does not run it",
    { memory: { holders: [showed] }, pids: { [showed.pid]: there(showed.startTicks) }, ...word(showed.pid, showed.startTicks) },
    "ghost attached-process holder-gone",
  ],
  [
    "an idle agent runs since before, and does not run it",
    { table: { agents: [agent(["codex"])] }, ...word(500, "600") },
    "ghost ttl ttl-expired",
  ],
  [
    "its heart still beats",
    { claim: { lastHeartbeatAt: now - minute }, carriers: [quill], ...word(603, "900") },
    "undecided attached-process heartbeat-fresh",
  ],
  ["it is young", { claim: { registeredAt: now - minute }, carriers: [quill], ...word(603, "900") }, "undecided grace within-grace"],
];

const ttlRows: readonly Row[] = [
  ["silent for a month, of which the machine slept three weeks", { ...asleep(23 * day) }, "undecided ttl within-ttl"],
  ["silent for a month, of which the machine slept two weeks", { ...asleep(14 * day) }, "ghost ttl ttl-expired"],
  [
    "silent for a month, and the machine slept before that",
    { ...asleep(23 * day, now - 60 * day, now - 31 * day) },
    "ghost ttl ttl-expired",
  ],
  ["how long the machine slept is not known", { time: { sleeps: blind } }, "undecided grace age-unknown"],
  ["silent for a month by a clock that has not been tried", untried, "undecided ttl within-ttl"],
  ["the same, and the user does not wait for a second look", { ...untried, policy: { now: true } }, "undecided ttl within-ttl"],
  ["the same, with a TTL of nothing", { ...untried, policy: { ttlMs: 0 } }, "undecided ttl within-ttl"],
  [
    "seen for longer than the TTL after a step of the clock, which has not been tried since a boot",
    { ...untried, memory: { clockStepped: true, seenForMs: 8 * day } },
    "undecided ttl within-ttl",
  ],
  ["an agent runs since before, and shows nothing", { table: { agents: [agent(["codex"])] } }, "undecided ttl within-ttl"],
  [
    "the same, and a proof",
    { claim: held, pids: { [pid]: gone }, table: { agents: [agent(["codex"])] } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "the same, and an agent of the process group that it led has a record of another session",
    {
      claim: held,
      pids: { [pid]: gone },
      table: { agents: [{ ...agent(["claude"]), processGroup: pid }] },
      registered: registeredSessions(new Map([[other, [record(500)]]])),
    },
    "ghost attached-process pid-gone certain",
  ],
  ["the same, and it shows another session", { table: { agents: [agent(["codex", "resume", other])] } }, "ghost ttl ttl-expired"],
  [
    "the same, and its own record names another session",
    { table: { agents: [agent(["claude"])] }, registered: registeredSessions(new Map([[other, [record(500)]]])) },
    "ghost ttl ttl-expired",
  ],
  [
    "the same, and the record of another agent names a session",
    { table: { agents: [agent(["claude"])] }, registered: registeredSessions(new Map([[other, [record(501)]]])) },
    "undecided ttl within-ttl",
  ],
  [
    "the same, and another user can have written it",
    { registry: { writer: undefined }, table: { agents: [agent(["codex"])] } },
    "undecided ttl within-ttl",
  ],
  [
    "the same, and only another user can have written it",
    { registry: { writer: 0 }, table: { agents: [agent(["codex"])] } },
    "ghost ttl ttl-expired",
  ],
  [
    "an agent that started a week ago, when the entry was silent already",
    { table: { agents: [{ ...agent(["codex"]), startTicks: String((33 * day) / 10) }] } },
    "ghost ttl ttl-expired",
  ],
  [
    "an agent that started with the entry, to the minute",
    { table: { agents: [{ ...agent(["codex"]), startTicks: String((10 * day + minute) / 10) }] } },
    "undecided ttl within-ttl",
  ],
  [
    "since when an agent runs cannot be told",
    { clock: { bootMs: blind }, table: { agents: [{ ...agent(["codex"]), startTicks: String((33 * day) / 10) }] } },
    "undecided ttl within-ttl",
  ],
  [
    "not every process is visible",
    { registry: { about: "thread" }, table: { complete: blind } },
    "undecided attached-process process-table-blind",
  ],
  [
    "a clock that has not been tried takes nothing from a proof",
    { ...untried, claim: held, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "a heartbeat of last night, and the machine slept since",
    { claim: { lastHeartbeatAt: now - 9 * hour }, ...asleep(9 * hour) },
    "undecided attached-process heartbeat-fresh",
  ],
  [
    "a heartbeat of two nights ago, and the machine slept one",
    { claim: { lastHeartbeatAt: now - 33 * hour }, ...asleep(9 * hour) },
    "undecided ttl within-ttl",
  ],
  [
    "its heartbeat states another century, and was seen to beat a minute ago",
    { claim: { lastHeartbeatAt: now - 30 * 365 * day }, memory: { stillForMs: minute } },
    "undecided attached-process heartbeat-fresh",
  ],
  [
    "its heartbeat is in the future, and was seen to beat a minute ago",
    { claim: { lastHeartbeatAt: now + day }, memory: { stillForMs: minute } },
    "undecided attached-process heartbeat-fresh",
  ],
  [
    "seen to beat a minute ago, in a registry that has been seen since long before the clock was stepped",
    { claim: { lastHeartbeatAt: now - minute }, memory: { clockStepped: true, seenForMs: 30 * day, stillForMs: minute } },
    "undecided attached-process heartbeat-fresh",
  ],
  [
    "seen to beat last an hour ago, and seen for longer than the TTL",
    { claim: { lastHeartbeatAt: now - minute }, memory: { clockStepped: true, seenForMs: 30 * day, stillForMs: hour } },
    "ghost ttl ttl-expired",
  ],
  ["silent for longer than the TTL, and nothing could ever be seen", {}, "ghost ttl ttl-expired"],
  ["silent for the TTL to the millisecond", { claim: { registeredAt: now - 7 * day } }, "undecided ttl within-ttl"],
  ["silent for a millisecond longer", { claim: { registeredAt: now - 7 * day - 1 } }, "ghost ttl ttl-expired"],
  ["registered long ago, active yesterday", { claim: { lastActivityAt: now - day } }, "undecided ttl within-ttl"],
  ["a heartbeat is fresh", { claim: { lastHeartbeatAt: now - minute } }, "undecided attached-process heartbeat-fresh"],
  ["a heartbeat is no fresher than ten minutes", { claim: { lastHeartbeatAt: now - 10 * minute } }, "undecided ttl within-ttl"],
  [
    "a heartbeat is late, but not for one that beats every quarter of an hour",
    { claim: { lastHeartbeatAt: now - 40 * minute }, memory: { longestGapMs: 15 * minute } },
    "undecided attached-process heartbeat-fresh",
  ],
  ["its last heartbeat is a day old", { claim: { lastHeartbeatAt: now - day } }, "undecided ttl within-ttl"],
  ["its last heartbeat is older than the TTL", { claim: { lastHeartbeatAt: now - 8 * day } }, "ghost ttl ttl-expired"],
  [
    "its heartbeat is in the future, as the time of a zone that is taken for UTC, and was first seen an hour ago",
    { claim: { lastHeartbeatAt: now + 8 * hour }, memory: { seenForMs: hour } },
    "undecided ttl within-ttl",
  ],
  [
    "its heartbeat is in the future, and has been seen so for longer than the TTL",
    { claim: { lastHeartbeatAt: now + day }, memory: { seenForMs: 8 * day } },
    "ghost ttl ttl-expired",
  ],
  [
    "one of its times is written in a way that is no time, and was first seen an hour ago",
    { claim: { hasUnreadTime: true }, memory: { seenForMs: hour } },
    "undecided ttl within-ttl",
  ],
  [
    "one of its times is written in a way that is no time, and has been seen so for longer than the TTL",
    { claim: { hasUnreadTime: true }, memory: { seenForMs: 8 * day } },
    "ghost ttl ttl-expired",
  ],
  [
    "one of its times is written in a way that is no time, and its own file is older than the TTL",
    { claim: { hasUnreadTime: true }, registry: { oneFile: true, modifiedAt: seen(now - 8 * day) } },
    "ghost ttl ttl-expired",
  ],
  [
    "its heart beat a minute ago by a clock that was stepped, and sweeps have seen it for an hour",
    { claim: { lastHeartbeatAt: now - minute }, memory: { clockStepped: true, seenForMs: hour } },
    "undecided ttl clock-stepped",
  ],
  ["its file was written yesterday", { registry: { oneFile: true, modifiedAt: seen(now - day) } }, "undecided ttl within-ttl"],
  ["without a time, and first seen an hour ago", { claim: noTimes, memory: { seenForMs: hour } }, "undecided ttl within-ttl"],
  ["without a time, and seen for longer than the TTL", { claim: noTimes, memory: { seenForMs: 8 * day } }, "ghost ttl ttl-expired"],
  [
    "registered in the future, and first seen an hour ago",
    { claim: { registeredAt: now + day }, memory: { seenForMs: hour } },
    "undecided ttl within-ttl",
  ],
  ["old by a clock that was stepped", { memory: { clockStepped: true, seenForMs: hour } }, "undecided ttl clock-stepped"],
  ["seen for longer than the TTL, whatever the clock did", { memory: { clockStepped: true, seenForMs: 8 * day } }, "ghost ttl ttl-expired"],
  [
    "alive, and silent for a year",
    { claim: { ...held, registeredAt: now - 365 * day }, pids: { [pid]: there() } },
    "live attached-process pid-alive",
  ],
  [
    "not seen, and silent for a year",
    { claim: { ...held, registeredAt: now - 365 * day }, pids: { [pid]: blind } },
    "undecided attached-process pid-unseen",
  ],
];

const orderOfRungsRows: readonly Row[] = [
  ["young goes before life", { claim: { registeredAt: now - second }, table: { agents: [cli] } }, "undecided grace within-grace"],
  [
    "life on the second rung goes before doubt on the third",
    { table: { agents: [cli] }, registry: { appServers: configured }, appServers: { [server]: { kind: "unanswered", why: "" } } },
    "live attached-process attached-cli",
  ],
  [
    "life on the third rung goes before doubt on the second",
    { processes: blind, registry: { appServers: configured }, appServers: { [server]: answered([session]) } },
    "live app-server-thread thread-loaded",
  ],
  [
    "life on the third rung goes before death on the second",
    { ...left, registry: { appServers: configured }, appServers: { [server]: answered([session]) } },
    "live app-server-thread thread-loaded",
  ],
  [
    "doubt on the second rung goes before death on the third",
    { table: { complete: blind }, registry: { appServers: configured }, appServers: { [server]: answered() } },
    "undecided attached-process process-table-blind",
  ],
  [
    "doubt on the third rung goes before death on the second",
    { ...left, registry: { appServers: configured }, appServers: { [server]: { kind: "unanswered", why: "" } } },
    "undecided app-server-thread app-server-unreachable",
  ],
  [
    "doubt on both is told by the earlier",
    { table: { complete: blind }, registry: { appServers: configured } },
    "undecided attached-process process-table-blind",
  ],
  [
    "death on both is told by the earlier",
    { ...left, registry: { appServers: configured }, appServers: { [server]: answered() } },
    "ghost attached-process holder-gone",
  ],
  [
    "death on the third rung goes before a TTL that has not passed",
    { claim: { registeredAt: now - hour }, registry: { appServers: configured }, appServers: { [server]: answered() } },
    "ghost app-server-thread thread-not-loaded",
  ],
  ["put back by an operator, and gone", { claim: held, pids: { [pid]: gone }, memory: { restored: true } }, "undecided no-rung restored"],
  ["put back by an operator goes before young", { claim: { registeredAt: now }, memory: { restored: true } }, "undecided no-rung restored"],
];

describe.each([
  ["grace", graceRows],
  ["a recorded holder", recordedHolderRows],
  ["a holder elsewhere", holderElsewhereRows],
  ["an attached agent", attachedAgentRows],
  ["an endpoint", endpointRows],
  ["an app server", appServerRows],
  ["ttl", ttlRows],
  ["an operator's word", wordRows],
  ["the order of the rungs", orderOfRungsRows],
] as const)("%s", (_, rows) => {
  test.each(rows)("%s", (__, described, expected) => check(described, expected));
});

test("a server that refuses is not down where not every process was seen", () => {
  const scene = sceneOf({
    registry: { appServers: configured },
    table: { complete: blind },
    appServers: { [server]: refused },
  });
  expect(appServerThread.ask(scene)).toMatchObject({ kind: "unknown", reason: "process-table-blind" });
});

test("every rung's answer is shown in the order in which they are asked", () => {
  const shown = trace(
    sceneOf({ claim: held, pids: { [pid]: gone }, registry: { appServers: configured }, appServers: { [server]: answered() } }),
  );
  expect(shown.map(({ rung, answer }) => `${rung.name}: ${answer.kind}`)).toEqual([
    "grace: not-applicable",
    "attached-process: dead",
    "app-server-thread: dead",
    "ttl: dead",
  ]);
});

test.each<[string, Described, string]>([
  ["a gate", { claim: { registeredAt: now - second } }, "a gate"],
  ["evidence", { claim: held, pids: { [pid]: gone } }, "neither"],
  ["silence", {}, "silence"],
  ["an operator's word", { memory: { restored: true } }, "neither"],
])("a judgement tells that %s alone has settled it", (_, described, expected) => {
  const judgement = judge(sceneOf(described));
  expect(isGated(judgement) ? "a gate" : isLastResort(judgement) ? "silence" : "neither").toBe(expected);
});
