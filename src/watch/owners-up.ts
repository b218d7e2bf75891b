import type { LookingHost } from "../host/looking-host.ts";
import { awakeOf } from "./awake.ts";
import { idOf, type Known } from "./holdings.ts";

/** Since when each look has found an owner up, and as which processes. */
type OwnerUp = { readonly pids: string; readonly sinceMs: number };

/** For how long the owners of registries have been up without a break. */
export type OwnersUp = {
  /** Takes in how a reading found the owner of a registry. */
  readonly note: (known: Known) => void;
  /** For how long the owner of a registry has been up, in ms of awake time; undefined where it is not. */
  readonly upMs: (registry: string) => number | undefined;
};

export function newOwnersUp(host: LookingHost): OwnersUp {
  const owners = new Map<string, OwnerUp>();
  return {
    note: (known) => {
      const [id, pids, nowMs] = [idOf(known), known.owner.pids.join(" "), awakeOf(host)];
      if (!known.owner.up || nowMs === undefined) owners.delete(id);
      else if (owners.get(id)?.pids !== pids) owners.set(id, { pids, sinceMs: nowMs });
    },
    upMs: (registry) => {
      const [since, nowMs] = [owners.get(registry), awakeOf(host)];
      return since === undefined || nowMs === undefined ? undefined : nowMs - since.sinceMs;
    },
  };
}
