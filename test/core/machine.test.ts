import { expect, test } from "vitest";
import { seen } from "../../src/core/evidence.ts";
import { judge } from "../../src/core/ladder.ts";
import { blind, sceneOf, type Described } from "./scene.ts";

const [mine, other] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
const gone: Described = { claim: { pid: 77, machineId: mine }, pids: { 77: seen({ kind: "gone" }) } };

test.each<[string, Described, string]>([
  ["this machine", { ...gone, here: { machineId: seen(mine) } }, "ghost pid-gone"],
  ["another machine of the same name", { ...gone, here: { machineId: seen(other) } }, "undecided foreign-host"],
  ["a machine, and ours could not be read", { ...gone, here: { machineId: blind } }, "undecided foreign-host"],
  ["a machine, and nobody looked for ours", gone, "undecided foreign-host"],
  [
    "a machine that an operator has declared gone",
    { ...gone, here: { machineId: seen(other) }, policy: { hostsGone: [mine] } },
    "ghost host-gone",
  ],
  [
    "a machine in a server's table by its name, whatever an operator says of that",
    {
      ...gone,
      claim: { ...gone.claim, machineId: "pod-7", host: "pod-7" },
      here: { machineId: seen(other) },
      policy: { hostsGone: ["pod-*"] },
    },
    "undecided foreign-host",
  ],
  ["no machine", { claim: { pid: 77 }, pids: gone.pids ?? {}, here: { machineId: blind } }, "ghost pid-gone"],
])("an entry whose pid is gone, and that names %s", (_, described, expected) => {
  const { verdict, reason } = judge(sceneOf(described));
  expect(`${verdict} ${reason}`).toBe(expected);
});
