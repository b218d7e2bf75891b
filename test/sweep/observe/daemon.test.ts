import { expect, test } from "vitest";
import { seen, unseen, type Observed } from "../../../src/core/evidence.ts";
import type { UnitState } from "../../../src/host/programs/daemon-signs.ts";
import type { OwnerSigns } from "../../../src/registries/format.ts";
import { llmmsgBridge } from "../../../src/registries/formats/llmmsg-bridge.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { findOwner, noCallers } from "../../../src/sweep/observe/daemon.ts";
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
