import { expect, test } from "vitest";
import { seen, unseen, type Observed } from "../../../src/core/evidence.ts";
import type { UnitState } from "../../../src/host/programs/daemon-signs.ts";
import type { OwnerSigns } from "../../../src/registries/format.ts";
import { llmmsgBridge } from "../../../src/registries/formats/llmmsg-bridge.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { findOwner, noCallers, type Callers } from "../../../src/sweep/observe/daemon.ts";
import { lookAtWorld, noMentions } from "../../../src/sweep/observe/observe.ts";
import { newScene } from "../scene.ts";

const argv = ["a-bridge-that-runs-nowhere.mjs", "watch"];
const unit = "bridge.service";

const targetOf = (owner: OwnerSigns): Target => ({
  format: llmmsgBridge,
  path: "/r.json",
  named: true,
  appServers: [],
  owner,
  release: undefined,
});

type Shown = { readonly unit?: Observed<UnitState>; readonly lock?: Observed<boolean> };

const down = { up: false, unknownUnit: undefined };
const up = { up: true, unknownUnit: undefined };

const rows: readonly (readonly [string, OwnerSigns, Shown, object])[] = [
  ["whose unit is up", { unit }, { unit: seen("up") }, up],
  ["whose unit is down", { unit }, { unit: seen("down") }, down],
  ["whose unit no manager knows", { unit }, { unit: seen("unknown") }, { up: true, unknownUnit: unit }],
  ["whose unit no manager knows, and whose lock is free", { unit, lock: "/l" }, { unit: seen("unknown"), lock: seen(false) }, down],
  ["whose unit no manager knows, and which runs nowhere", { unit, argv }, { unit: seen("unknown") }, down],
  ["whose unit no manager knows, and whose lock is held", { unit, lock: "/l" }, { unit: seen("unknown"), lock: seen(true) }, up],
  [
    "whose unit no manager knows, and whose lock could not be looked at",
    { unit, lock: "/l" },
    { unit: seen("unknown"), lock: unseen("EACCES") },
    up,
  ],
  [
    "whose unit no manager knows, which runs nowhere, and whose lock could not be looked at",
    { unit, argv, lock: "/l" },
    { unit: seen("unknown"), lock: unseen("EACCES") },
    up,
  ],
  ["whose manager gives no answer, and whose lock is free", { unit, lock: "/l" }, { unit: unseen("timed out"), lock: seen(false) }, up],
];

test.each(rows)("an owner %s", async (_, owner, shown, expected) => {
  const { host } = await newScene();
  const world = await lookAtWorld(host, { pids: new Set(), owners: owner.argv === undefined ? [] : [owner.argv], ...noMentions });
  const seeing = {
    ...host,
    unitState: () => Promise.resolve(shown.unit ?? unseen("nobody asked")),
    isLockHeld: () => shown.lock ?? unseen("nobody asked"),
  };
  expect(await findOwner(seeing, targetOf(owner), world, noCallers)).toMatchObject(expected);
});

/** The caller is process 4100001 of this test's own counting; no other process of the machine runs what it is called. */
const callers: Callers = new Map([[4_100_001, ["node", "a-bridge-that-runs-nowhere.mjs", "watch"]]]);

const callerRows: readonly (readonly [string, OwnerSigns, Shown & { readonly given?: boolean }, object])[] = [
  ["whose argv the caller has", { argv }, {}, { up: false, isCaller: true }],
  ["whose argv is another", { argv: ["another-that-runs-nowhere.mjs"] }, {}, { up: false, isCaller: false }],
  ["whose unit the caller is", { unit }, { unit: seen("up"), given: true }, { up: false, isCaller: true }],
  ["whose unit is up without the caller", { unit }, { unit: seen("up"), given: false }, { up: true, isCaller: false }],
  ["whose lock the caller holds", { lock: "/l" }, { lock: seen(true), given: true }, { up: false, isCaller: true }],
  ["whose lock is free", { lock: "/l" }, { lock: seen(false), given: true }, { up: false, isCaller: false }],
  [
    "whose argv the caller has, and whose lock another holds",
    { argv, lock: "/l" },
    { lock: seen(true), given: false },
    { up: true, isCaller: true },
  ],
  [
    "whose argv the caller has, and whose lock could not be looked at",
    { argv, lock: "/l" },
    { lock: unseen("EACCES"), given: true },
    { up: true },
  ],
  ["whose unit no manager knows, and whose argv the caller has", { argv, unit }, { unit: seen("unknown") }, { up: false, isCaller: true }],
];

test.each(callerRows)("for a caller, an owner %s", async (_, owner, shown, expected) => {
  const { host } = await newScene();
  const world = await lookAtWorld(host, { pids: new Set(), owners: owner.argv === undefined ? [] : [owner.argv], ...noMentions });
  const seeing = {
    ...host,
    unitState: () => Promise.resolve(shown.unit ?? unseen("nobody asked")),
    isLockHeld: () => shown.lock ?? unseen("nobody asked"),
    isGivenBy: (_sign: unknown, pids: ReadonlySet<number>) => Promise.resolve(shown.given === true && pids.has(4_100_001)),
  };
  expect(await findOwner(seeing, targetOf(owner), world, callers)).toMatchObject(expected);
});

test("signs that a caller gives of itself excuse no other owner", async () => {
  const { host } = await newScene();
  const mine = ["mine-that-runs-nowhere.mjs"];
  const target = { ...targetOf({ lock: "/l" }), alsoOwner: { argv: mine } };
  const world = await lookAtWorld(host, { pids: new Set(), owners: [mine], ...noMentions });
  const of = (lock: boolean) =>
    findOwner(
      { ...host, isLockHeld: () => seen(lock), isGivenBy: () => Promise.resolve(false) },
      target,
      world,
      new Map([[4_100_001, ["node", ...mine]]]),
    );
  expect(await of(true)).toMatchObject({ up: true, why: "lock /l" });
  expect(await of(false)).toMatchObject({ up: false, isCaller: true });
});
