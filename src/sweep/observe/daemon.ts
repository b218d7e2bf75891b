import { seen, unseen, type Observed } from "../../core/evidence.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { OwnerSigns } from "../../registries/format.ts";
import { ownerKey, type World } from "./observe.ts";
import type { Target } from "../load/target.ts";

/** Is the daemon that rewrites a registry up? `why` says by which sign, or what could not be looked at. */
export type DaemonStatus = { readonly up: boolean; readonly pids: readonly number[]; readonly why: string | undefined };

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
  const observation = await host.probeEndpoint({ kind: "unix", path });
  return observation.kind === "unanswered" ? unseen(observation.why) : seen(observation.kind === "accepted");
}

/** Any sign that says so is enough, and a sign that could not be looked at counts as up. */
export async function findOwner(host: LookingHost, owner: OwnerSigns | undefined, world: World): Promise<DaemonStatus> {
  const byArgv = owner?.argv === undefined ? undefined : processSign(owner.argv, world);
  const signs: DaemonSign[] = byArgv === undefined ? [] : [byArgv];
  if (owner?.unit !== undefined) signs.push({ name: `unit ${owner.unit}`, up: await host.isUnitUp(owner.unit) });
  if (owner?.lock !== undefined) signs.push({ name: `lock ${owner.lock}`, up: host.isLockHeld(owner.lock) });
  if (owner?.socket !== undefined) signs.push({ name: `socket ${owner.socket}`, up: await isListening(host, owner.socket) });
  const pids = byArgv?.pids ?? [];
  const up = signs.find((sign) => sign.up.seen && sign.up.value);
  if (up !== undefined) return { up: true, pids, why: up.name };
  const doubt = signs.find((sign) => !sign.up.seen);
  return doubt === undefined || doubt.up.seen
    ? { up: false, pids, why: undefined }
    : { up: true, pids, why: `${doubt.name}: ${doubt.up.why}` };
}
