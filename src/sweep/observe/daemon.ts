import { seen, unseen, type Observed } from "../../core/evidence.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { OwnerSigns } from "../../registries/format.ts";
import { ownerKey, type World } from "./observe.ts";
import type { Target } from "../load/target.ts";

/** Is the daemon that rewrites a registry up? `why` says by which sign, or what could not be looked at. */
export type DaemonStatus = {
  readonly up: boolean;
  readonly pids: readonly number[];
  readonly why: string | undefined;
  /** The unit for which alone it counts as up, although no manager knows it. */
  readonly unknownUnit: string | undefined;
};

/** The owners that are known by their argv, once each. */
export function ownerQuestions(targets: readonly Target[]): readonly (readonly string[])[] {
  const questions = targets.flatMap(({ owner }) => (owner?.argv === undefined ? [] : [[ownerKey(owner.argv), owner.argv] as const]));
  return [...new Map(questions).values()];
}

type DaemonSign = { readonly name: string; readonly up: Observed<boolean> };

function processSign(argv: readonly string[], { ownerPids, processes }: World): DaemonSign & { readonly pids: readonly number[] } {
  const name = `process ${argv.join(" ")}`;
  if (!ownerPids.seen || !processes.seen) return { name, pids: [], up: ownerPids.seen ? unseen("nobody looked") : ownerPids };
  const pids = ownerPids.value.get(ownerKey(argv)) ?? [];
  const { complete } = processes.value;
  return { name, pids, up: pids.length > 0 || complete.seen ? { seen: true, value: pids.length > 0 } : complete };
}

async function isListening(host: LookingHost, path: string): Promise<Observed<boolean>> {
  const observation = await host.probeEndpoint({ kind: "unix", path }, undefined);
  return observation.kind === "unanswered" ? unseen(observation.why) : seen(observation.kind === "accepted");
}

/** A unit that no manager knows may be misspelt, so it could not be looked at. */
async function unitSign(host: LookingHost, unit: string): Promise<DaemonSign & { readonly unknown: boolean }> {
  const state = await host.unitState(unit);
  const unknown = state.seen && state.value === "unknown";
  const up = !state.seen ? state : unknown ? unseen("no service manager knows it") : seen(state.value === "up");
  return { name: `unit ${unit}`, up, unknown };
}

/**
 * Any sign that says so is enough, and a sign that could not be looked at counts as up. Of a unit that no manager knows
 * that holds only while no other sign says that the daemon is down.
 */
export async function findOwner(host: LookingHost, owner: OwnerSigns | undefined, world: World): Promise<DaemonStatus> {
  const byArgv = owner?.argv === undefined ? undefined : processSign(owner.argv, world);
  const byUnit = owner?.unit === undefined ? undefined : await unitSign(host, owner.unit);
  const signs: DaemonSign[] = [byArgv, byUnit].filter((sign) => sign !== undefined);
  if (owner?.lock !== undefined) signs.push({ name: `lock ${owner.lock}`, up: host.isLockHeld(owner.lock) });
  if (owner?.socket !== undefined) signs.push({ name: `socket ${owner.socket}`, up: await isListening(host, owner.socket) });
  const pids = byArgv?.pids ?? [];
  const status = (up: boolean, why?: string, unknownUnit?: string): DaemonStatus => ({ up, pids, why, unknownUnit });
  const isUp = signs.find((sign) => sign.up.seen && sign.up.value);
  if (isUp !== undefined) return status(true, isUp.name);
  const isUnknown = byUnit?.unknown === true;
  const doubts = signs.flatMap(({ name, up }) => (up.seen ? [] : [`${name}: ${up.why}`]));
  const isDown = signs.some((sign) => sign.up.seen);
  if (doubts.length === 0 || (isUnknown && isDown && doubts.length === 1)) return status(false);
  return status(true, doubts.join("; "), isUnknown && doubts.length === 1 ? owner?.unit : undefined);
}
