import type { Host } from "../host/host.ts";
import { sayError } from "../host/observed.ts";
import type { RunLock } from "../host/state/run-lock.ts";
import { Failure } from "./failure.ts";
import type { Settings } from "./config/settings.ts";

/** Takes the run lock or ends the run: one sweep at a time, and none without a place for its tombstones. */
export async function lockState(host: Host, { stateDir }: Settings, busy: string): Promise<RunLock> {
  let lock: RunLock | undefined;
  try {
    lock = await host.store.takeRunLock();
  } catch (error) {
    const cure = "let this user write there, or set SESSREAP_STATE_DIR";
    throw new Failure("state", `the state directory ${stateDir.value} cannot be used: ${sayError(error)}; ${cure}`);
  }
  if (lock === undefined) throw new Failure("busy", `${busy}; try again when it is done`);
  return lock;
}
