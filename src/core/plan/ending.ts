import type { Observed } from "../evidence.ts";
import { asksForSession } from "../rungs/claim.ts";
import type { Scene } from "../scene.ts";

/** The end of a process that this very run saw alive as the holder of an entry, and then saw gone. */
export type SeenExit = {
  readonly pid: number;
  readonly startTicks: string;
  /** Pids of what it had started and what lives on, by a look after its end. */
  readonly outliving: Observed<readonly number[]>;
};

/** What a run that stays up has seen happen to one entry. */
export type Ending = {
  readonly exit: SeenExit | undefined;
  /** App servers on which it saw the thread loaded, and which said on the same connection that they closed it. */
  readonly closedOn: readonly string[];
  /** For how long, in ms of awake time, each of its looks has found the registry's owner up; undefined where the last did not. */
  readonly ownerUpMs: number | undefined;
};

/** Owner and server have to be up for so long, in ms, before the closing of a thread is a proof: a bridge that restarts loads its threads again. */
export const steadyMs = 60_000;

/** The holder ended, and nothing that it had started can go on with the session. */
function isExitWhole({ registry, memory: { ending } }: Scene): boolean {
  const exit = ending?.exit;
  if (exit === undefined || registry.about === "thread") return false;
  return registry.about === "process" || (exit.outliving.seen && exit.outliving.value.length === 0);
}

/** Whether this very run saw a server close the thread that the entry names. Of a session with a recorded process the process counts. */
export function sawItClose({ registry, claim, memory: { ending } }: Scene, url: string): boolean {
  if (claim.sessionId === undefined || (registry.about !== "thread" && claim.pid !== undefined)) return false;
  return ending?.closedOn.includes(url) === true;
}

/** Whether a configured server refuses connections. It may be about to start, and has said nothing of any thread. */
export function isServerDown({ registry, evidence }: Scene): boolean {
  return registry.appServers.some(({ url, configured }) => configured && evidence.appServers.get(url)?.kind === "refused");
}

/** Grace shelters what may not show yet. It is no matter of an entry whose end this run saw. */
export function sawItEnd(scene: Scene): boolean {
  if (isExitWhole(scene)) return true;
  // Where the session is not asked for, no server's word can keep the entry, so none counts against it either.
  if (!asksForSession(scene) || isServerDown(scene)) return false;
  return scene.registry.appServers.some(({ url, configured }) => configured && sawItClose(scene, url));
}
