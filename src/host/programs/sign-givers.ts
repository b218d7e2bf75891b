import { listenersAt, listeningAmong } from "../sockets/listeners.ts";
import { lockHolders, mainPids } from "./daemon-signs.ts";

/** Where a sign of an owner stands that shows no argv. */
export type SignPlace = { readonly unit: string } | { readonly lock: string } | { readonly socket: string };

async function giversOf(sign: SignPlace, pids: readonly number[]): Promise<readonly number[]> {
  if ("unit" in sign) return mainPids(sign.unit);
  if ("lock" in sign) {
    const holders = lockHolders(sign.lock);
    return holders.seen ? holders.value : [];
  }
  const place = { kind: "unix", path: sign.socket } as const;
  return listenersAt(place).length === 1 ? listeningAmong(place, pids) : [];
}

/** Whether a sign of an owner is given by these processes, and by no other. One that cannot be told counts as another's. */
export async function isGivenBy(sign: SignPlace, pids: ReadonlySet<number>): Promise<boolean> {
  const givers = await giversOf(sign, [...pids]);
  return givers.length > 0 && givers.every((pid) => pids.has(pid));
}
