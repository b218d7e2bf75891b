import { expect, test } from "vitest";
import { seen } from "../../../../src/core/evidence.ts";
import { blind, day, earlierBoot, gone, minute, now, sceneOf, sighted, there, thisBoot, verdictOf, type Described } from "../../scene.ts";

const pid = 4242;
const held = { pid, startTicks: "700" } as const;
const [left, alive] = [{ [pid]: gone }, { [pid]: there() }];
/** This machine was booted forty days ago. */
const [before, since] = [now - 50 * day, now - 30 * day];
const ofOther = { ...held, bootId: earlierBoot } as const;
const timeless = { registeredAt: undefined } as const;
const sightedBefore = {
  memory: { firstSight: { ...sighted, machine: "venus\0ab12", bootId: earlierBoot } },
  here: { machineId: seen("ab12") },
} as const;
const container = { pidNamespace: seen({ inode: "4026530001", initial: false }) } as const;
const own = { policy: { ownPidNamespace: true } } as const;
const certain = "ghost attached-process pid-gone certain";
const previousBoot = "ghost attached-process previous-boot certain";
const [kernel, namespace] = ["undecided attached-process foreign-host", "undecided attached-process foreign-pid-namespace"];

const boots: readonly (readonly [string, Described, string])[] = [
  ["registered before this one", { claim: { ...ofOther, registeredAt: before }, pids: alive }, previousBoot],
  [
    "registered before this one by a clock that was stepped since",
    { claim: { ...ofOther, registeredAt: before }, memory: { clockStepped: true, seenForMs: day }, pids: left },
    kernel,
  ],
  [
    "registered by a clock that was stepped since, that a sweep saw in an earlier boot",
    {
      ...sightedBefore,
      claim: { ...ofOther, registeredAt: since },
      memory: { ...sightedBefore.memory, clockStepped: true, seenForMs: day },
      pids: left,
    },
    previousBoot,
  ],
  [
    "registered before this one, and active in it",
    { claim: { ...ofOther, registeredAt: before, lastActivityAt: since }, pids: left },
    kernel,
  ],
  [
    "registered before this one, with a beat in it",
    { claim: { ...ofOther, registeredAt: before, lastHeartbeatAt: since }, pids: left },
    kernel,
  ],
  ["registered in this one", { claim: { ...ofOther, registeredAt: since }, pids: left }, kernel],
  ["registered in this one, and its pid and tick are taken here", { claim: { ...ofOther, registeredAt: since }, pids: alive }, kernel],
  ["registered in this one, without a pid", { claim: { bootId: earlierBoot, registeredAt: since } }, kernel],
  [
    "registered in this one, on a machine of our id",
    { claim: { ...ofOther, registeredAt: since, machineId: "ab12" }, here: { machineId: seen("ab12") }, pids: left },
    kernel,
  ],
  [
    "without hyphens and in capitals, registered in this one",
    { claim: { ...held, bootId: earlierBoot.replaceAll("-", "").toUpperCase(), registeredAt: since }, pids: left },
    kernel,
  ],
  ["of no form that a boot id has", { claim: { ...held, bootId: "1763650000", registeredAt: since }, pids: left }, certain],
  [
    "of zeros, as a writer leaves that could not read it",
    { claim: { ...held, bootId: "0".repeat(32), registeredAt: since }, pids: left },
    certain,
  ],
  [
    "registered before this one, in a file of its own that was written in it",
    { claim: { ...ofOther, registeredAt: before }, registry: { oneFile: true, modifiedAt: seen(since) }, pids: left },
    kernel,
  ],
  [
    "registered before this one, in a file of its own that was written before it",
    { claim: { ...ofOther, registeredAt: before }, registry: { oneFile: true, modifiedAt: seen(before) }, pids: left },
    previousBoot,
  ],
  [
    "registered before this one, in a file that others share and write",
    { claim: { ...ofOther, registeredAt: before }, registry: { modifiedAt: seen(now - minute) }, pids: left },
    previousBoot,
  ],
  [
    "registered at no time that can be told, in a file that others share and wrote since",
    { claim: { ...ofOther, ...timeless }, registry: { modifiedAt: seen(since) }, pids: left },
    kernel,
  ],
  [
    "registered at no time that can be told, in a file that others share and wrote before",
    { claim: { ...ofOther, ...timeless }, registry: { modifiedAt: seen(before) }, pids: left },
    previousBoot,
  ],
  [
    "registered at no time that can be told, that a sweep saw in an earlier boot",
    { ...sightedBefore, claim: { ...ofOther, ...timeless }, registry: { modifiedAt: seen(since) }, pids: left },
    previousBoot,
  ],
  [
    "registered in this one by a clock that was wrong, for a sweep saw it in an earlier boot",
    { ...sightedBefore, claim: { ...ofOther, registeredAt: since }, pids: left },
    previousBoot,
  ],
  [
    "registered in this one, that a sweep of another machine saw in its own boot",
    { ...sightedBefore, here: { hostname: "mars", machineId: seen("ab12") }, claim: { ...ofOther, registeredAt: since }, pids: left },
    kernel,
  ],
  [
    "and for how long this machine has been up could not be told",
    { claim: { ...ofOther, registeredAt: before }, clock: { bootMs: blind }, pids: left },
    kernel,
  ],
  [
    "registered in this one, and ours could not be read",
    { claim: { ...ofOther, registeredAt: since }, here: { bootId: blind }, pids: left },
    kernel,
  ],
  [
    "registered in this one, on a host that an operator has declared gone",
    { claim: { ...ofOther, registeredAt: since, host: "vm-1" }, policy: { hostsGone: ["vm-*"] }, pids: left },
    "ghost attached-process host-gone",
  ],
];

test.each(boots)("an entry of another boot: %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

const beside = { registry: { besideForeign: true } } as const;

const neighbours: readonly (readonly [string, Described, string])[] = [
  ["says nothing, and its pid is gone", { ...beside, claim: held, pids: left }, namespace],
  ["says nothing, and its pid is taken by another process", { ...beside, claim: held, pids: { [pid]: there("701") } }, namespace],
  ["says nothing, and a process of its name has its pid", { ...beside, claim: { pid }, pids: alive }, namespace],
  ["says nothing, and its start token is that of its process", { ...beside, claim: held, pids: alive }, "live attached-process pid-alive"],
  ["names localhost, which tells nothing", { ...beside, claim: { ...held, host: "localhost" }, pids: left }, namespace],
  ["names this host", { ...beside, claim: { ...held, host: "venus" }, pids: left }, certain],
  ["names this boot", { ...beside, claim: { ...held, bootId: thisBoot }, pids: left }, certain],
  ["names this pid namespace", { ...beside, claim: { ...held, pidNamespace: "4026531836" }, pids: left }, certain],
  ["names an earlier boot", { ...beside, claim: { ...ofOther, registeredAt: before }, pids: left }, previousBoot],
  ["records no pid, and the TTL is over", { ...beside, claim: { registeredAt: since } }, "ghost ttl ttl-expired"],
];

test.each(neighbours)("an entry of which others of its registry are foreign: %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

const [init, agent] = [{ 1: there("1", ["systemd"]) }, { 1: there("1", ["codex"]) }];
const innerOne = (isAgent: boolean) => seen(new Map([[1, [{ pid: 77, startTicks: "9", ownTime: true, agent: isAgent }]]]));
const malformed = "undecided attached-process malformed-entry";

const firstPids: readonly (readonly [string, Described, string])[] = [
  ["in the initial pid namespace, where it is init", { claim: { pid: 1 }, pids: init }, malformed],
  ["in the initial pid namespace, with a token that is not init's", { claim: { pid: 1, startTicks: "700" }, pids: init }, malformed],
  ["in the initial pid namespace, with init's own token", { claim: { pid: 1, startTicks: "1" }, pids: init }, malformed],
  [
    "in the initial pid namespace, and an agent of a container has it there",
    { claim: { pid: 1 }, table: { innerPids: innerOne(true) }, pids: init },
    "live attached-process inner-pid-alive",
  ],
  [
    "in the initial pid namespace, and a container's first process has this token",
    { claim: { pid: 1, startTicks: "9" }, table: { innerPids: innerOne(false) }, pids: init },
    "live attached-process inner-pid-alive",
  ],
  ["in a container that is all there is", { claim: { pid: 1 }, here: container, ...own, pids: agent }, "live attached-process pid-alive"],
  [
    "in a container that is all there is, with the token of an earlier one",
    { claim: { pid: 1, startTicks: "700" }, here: container, ...own, pids: agent },
    "ghost attached-process pid-reused certain",
  ],
  ["in a container, and nothing says that it is all there is", { claim: { pid: 1 }, here: container, pids: agent }, namespace],
  [
    "in a container whose namespace the entry names",
    { claim: { pid: 1, startTicks: "700", pidNamespace: "4026530001" }, here: container, ...own, pids: agent },
    "ghost attached-process pid-reused certain",
  ],
];

test.each(firstPids)("pid 1 %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});
