import { expect, test } from "vitest";
import { seen } from "../../../../src/core/evidence.ts";
import { blind, earlierBoot, gone, minute, now, sceneOf, there, thisBoot, verdictOf, type Described } from "../../scene.ts";

const pid = 4242;
const held = { pid, startTicks: "700" } as const;
const [mine, other] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
const container = { pidNamespace: seen({ inode: "4026530001", initial: false }) } as const;
const [left, alive] = [{ [pid]: gone }, { [pid]: there() }];
const on = (host: string, more: Partial<Described> = {}): Described => ({ claim: { ...held, host }, pids: left, ...more });
const foreign = "undecided attached-process foreign-host";
const [certain, absent] = ["ghost attached-process pid-gone certain", "ghost attached-process pid-gone"];

const names: readonly (readonly [string, Described, string])[] = [
  ["this host", on("venus"), certain],
  ["this host in capitals", on("VENUS"), certain],
  ["this host with a dot at its end", on("venus."), certain],
  ["this host with a domain", on("venus.example.org"), absent],
  ["this host with a domain, and its holder is alive", on("Venus.Example.Org.", { pids: alive }), "live attached-process pid-alive"],
  ["this host without its domain", on("venus", { here: { hostname: "venus.example.org" } }), absent],
  [
    "this host without its domain, in an earlier boot",
    { claim: { ...held, host: "venus.example.org", bootId: earlierBoot, registeredAt: now - 50 * 24 * 60 * minute }, pids: left },
    "ghost attached-process previous-boot",
  ],
  [
    "this host with a domain, while its heart beats",
    { claim: { ...held, host: "venus.example.org", lastHeartbeatAt: now - minute }, pids: left },
    "undecided attached-process heartbeat-fresh",
  ],
  ["a host of this name in another domain", on("venus.b.org", { here: { hostname: "venus.a.org" } }), foreign],
  ["localhost, which is no host's name", on("localhost"), certain],
  ["LocalHost.LocalDomain, which is none either", on("LocalHost.LocalDomain"), certain],
  ["another host, and we are called localhost", on("venus", { here: { hostname: "localhost" } }), foreign],
  ["localhost, as we are called", on("localhost", { here: { hostname: "localhost" } }), certain],
];

const firstDecided: readonly (readonly [string, Described, string])[] = [
  [
    "this machine by its id, under a host name that it has no more",
    { claim: { ...held, host: "oldname", machineId: mine.toUpperCase() }, here: { machineId: seen(mine) }, pids: left },
    certain,
  ],
  [
    "another machine of this very name",
    { claim: { ...held, host: "venus", machineId: other }, here: { machineId: seen(mine) }, pids: left },
    foreign,
  ],
  ["this name, and a machine's id while ours cannot be read", on("venus", { claim: { ...held, host: "venus", machineId: mine } }), foreign],
  ["this boot, under a container's host name", on("3f2a9c", { claim: { ...held, host: "3f2a9c", bootId: thisBoot } }), certain],
  [
    "this boot in another spelling, and another machine's id, which an image brought along",
    {
      claim: { ...held, machineId: other, bootId: thisBoot.replaceAll("-", "").toUpperCase() },
      here: { machineId: seen(mine) },
      pids: left,
    },
    certain,
  ],
  [
    "this boot, under another host name, seen from a container",
    { claim: { ...held, host: "3f2a9c", bootId: thisBoot }, here: container, policy: { ownPidNamespace: true }, pids: left },
    foreign,
  ],
  [
    "this boot and this pid namespace, in a container that was given another name",
    {
      claim: { ...held, host: "3f2a9c", bootId: thisBoot, pidNamespace: "4026530001" },
      here: container,
      policy: { ownPidNamespace: true },
      pids: left,
    },
    certain,
  ],
  [
    "another boot and another host name: an earlier boot of another machine",
    { claim: { ...held, host: "saturn", bootId: earlierBoot }, pids: left },
    foreign,
  ],
];

const word = (...hostsGone: readonly string[]): Pick<Described, "policy"> => ({ policy: { hostsGone } });
const hostGone = "ghost attached-process host-gone";

const declaredGone: readonly (readonly [string, Described, string])[] = [
  ["by its name", on("saturn", word("saturn")), hostGone],
  ["by a pattern, in capitals", on("POD-7", word("pod-*")), hostGone],
  ["by a pattern, without a pid", { claim: { host: "pod-7" }, ...word("pod-*") }, hostGone],
  ["by another name", on("saturn", word("pluto", "pod-*")), foreign],
  [
    "by a pattern, and its heart beats",
    { claim: { ...held, host: "pod-7", lastHeartbeatAt: now - minute }, ...word("pod-*") },
    "undecided attached-process heartbeat-fresh",
  ],
  [
    "by a pattern, and its lock's file is its heartbeat",
    on("pod-7", { registry: { oneFile: true, modifiedAt: seen(now - minute) }, policy: { hostsGone: ["pod-*"], graceMs: 0 } }),
    "undecided attached-process heartbeat-fresh",
  ],
  [
    "by a pattern, and its lock's file is old",
    on("pod-7", { registry: { oneFile: true, modifiedAt: seen(now - 60 * minute) }, ...word("pod-*") }),
    hostGone,
  ],
  [
    "by a pattern, and its lock's file was written ten minutes ago",
    on("pod-7", { registry: { oneFile: true, modifiedAt: seen(now - 10 * minute) }, policy: { hostsGone: ["pod-*"], graceMs: 0 } }),
    hostGone,
  ],
  [
    "by a pattern, and its lock's file was written less than ten minutes ago",
    on("pod-7", { registry: { oneFile: true, modifiedAt: seen(now - 10 * minute + 1) }, policy: { hostsGone: ["pod-*"], graceMs: 0 } }),
    "undecided attached-process heartbeat-fresh",
  ],
  ["by a pattern for any host", on("saturn", word("*")), hostGone],
  ["this one by a pattern for any host", on("venus", { ...word("*"), pids: alive }), "live attached-process pid-alive"],
  [
    "this one by its own name with a domain",
    on("venus.example.org", { ...word("venus*"), pids: alive }),
    "live attached-process pid-alive",
  ],
  ["another by this one's short name", on("venus.b.org", { here: { hostname: "venus.a.org" }, ...word("venus") }), foreign],
  [
    "a machine by its id",
    { claim: { ...held, host: "venus", machineId: other }, here: { machineId: seen(mine) }, ...word(other) },
    hostGone,
  ],
  [
    "a machine of our name by that name",
    { claim: { ...held, host: "venus", machineId: other }, here: { machineId: seen(mine) }, ...word("venus") },
    foreign,
  ],
  [
    "another machine by its host's name",
    { claim: { ...held, host: "pod-7", machineId: other }, here: { machineId: seen(mine) }, ...word("pod-*") },
    hostGone,
  ],
  [
    "a machine, and ours could not be read",
    { claim: { ...held, host: "pod-7", machineId: other }, here: { machineId: blind }, ...word("*") },
    foreign,
  ],
  [
    "by its name, and whether its boot is ours could not be read",
    { claim: { ...held, host: "pod-7", bootId: thisBoot }, here: { bootId: blind }, ...word("pod-*") },
    foreign,
  ],
  [
    "the pod before this one, on the same node",
    {
      claim: { ...held, host: "pod-7", bootId: thisBoot },
      here: { ...container, hostname: "pod-8" },
      policy: { hostsGone: ["pod-*"], ownPidNamespace: true },
    },
    hostGone,
  ],
];

test.each(names)("an entry whose holder is gone names %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

test.each(firstDecided)("an entry whose holder is gone names %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

test.each(declaredGone)("a host is declared gone: %s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});
