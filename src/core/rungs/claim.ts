import { registeredOf } from "../agents/registered.ts";
import type { Scene } from "../scene.ts";
import { holderOf } from "./signs/recorded-holder.ts";

/** Another row of the same registry claims the session, and its process is proven to run it. */
function isReplaced(scene: Scene): boolean {
  const registered = registeredOf(scene);
  if (!registered.seen || !registered.value.some(({ registry, isProven }) => isProven && registry === scene.registry.id)) return false;
  const holder = holderOf(scene);
  return holder.kind === "dead" && holder.certain;
}

/** It claims that its process runs something. An entry that records no process claims no more than its session. */
function claimsProcess({ registry, claim }: Scene): boolean {
  return registry.about === "process" && (claim.pid !== undefined || claim.endpoint !== undefined);
}

/**
 * Whether signs of the session say anything of an entry. They say nothing of one that claims a process, nor of a row whose
 * process is proven gone beside a row of the same session that is proven live.
 */
export function asksForSession(scene: Scene): boolean {
  return !claimsProcess(scene) && !isReplaced(scene);
}
