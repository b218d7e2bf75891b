import { expect, test } from "vitest";
import { defaultPolicy } from "../../src/core/policy.ts";
import type { Host, Store } from "../../src/host/host.ts";
import type { LookingHost, LookingStore } from "../../src/host/looking-host.ts";
import { lookAtOwners } from "../../src/ownership/owners.ts";
import { agentsOf } from "./contract/stage.ts";
import { hostWith, keysIn, sweepWith, withGhosts } from "./described.ts";

const refuse = (): never => {
  throw new Error("a look has written");
};

/** All that `Host` has and `LookingHost` has not: the compiler asks for each of them, and for no other. */
const writers = {
  runRelease: refuse,
  aclsOf: refuse,
  captureEntries: refuse,
  recoverQuarantined: refuse,
  dropDirectory: refuse,
  leftDirectory: refuse,
  restoreEntryFiles: refuse,
  takeOver: refuse,
  syncDirectories: refuse,
  replaceJudged: refuse,
  changeRows: refuse,
  changeServerRows: refuse,
  recordHost: refuse,
  initFleet: refuse,
  restoreServerRows: refuse,
  isServerRowThere: refuse,
  removeLeftovers: refuse,
  signalExactly: refuse,
  takeSessionLock: refuse,
  runCommand: refuse,
} satisfies Record<Exclude<keyof Host, keyof LookingHost>, () => never>;

const storeWriters = {
  saveMemory: refuse,
  tombstoneRoom: refuse,
  writeTombstones: refuse,
  voidTombstones: refuse,
  appendHistory: refuse,
  takeRunLock: refuse,
} satisfies Record<Exclude<keyof Store, keyof LookingStore>, () => never>;

const looking = { ...writers, store: storeWriters };

test("a dry run over ghosts, and a look at owners, call nothing that writes", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  const { summary } = await sweepWith(stage, [agentsOf(stage)], looking, { dryRun: true });
  expect(summary).toMatchObject({ ghost: 2 });
  const question = { targets: [agentsOf(stage)], witnesses: [], policy: defaultPolicy };
  expect(await lookAtOwners(hostWith(stage, looking), question, undefined)).toMatchObject({ seen: true });
  expect(keysIn(stage, path)).toEqual(["a", "b", "live"]);
});

test("a sweep that may write calls one of them at once", async () => {
  const { stage } = await withGhosts(["a"]);
  await expect(sweepWith(stage, [agentsOf(stage)], looking)).rejects.toThrow("a look has written");
});
