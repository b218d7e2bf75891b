import { expect, test } from "vitest";
import { seen } from "../../../src/core/evidence.ts";
import { nothingClaimed } from "../../../src/core/registration.ts";
import { mayBeElsewhere } from "../../../src/sweep/load/pids.ts";
import { blind, earlierBoot, thisBoot } from "../../core/scene.ts";

const here = { hostname: "venus", bootId: seen(thisBoot), pidNamespace: seen({ inode: "4026531836", initial: true }) } as const;

test.each([
  ["of this boot", { pid: 7, bootId: thisBoot.toUpperCase() }, here, false],
  ["of another boot, which a kernel beside ours may have written", { pid: 7, bootId: earlierBoot }, here, true],
  ["of a boot, where ours cannot be read", { pid: 7, bootId: thisBoot }, { ...here, bootId: blind }, true],
  ["that states no boot", { pid: 7 }, here, false],
  ["that states a pid namespace", { pid: 7, pidNamespace: "4026531836" }, here, true],
  ["of another host", { pid: 7, host: "saturn" }, here, true],
  ["of another boot without a pid", { bootId: earlierBoot }, here, false],
])("whether the pid of a claim %s may be counted elsewhere", (_, claim, machine, expected) => {
  expect(mayBeElsewhere({ ...nothingClaimed, ...claim }, machine)).toBe(expected);
});
