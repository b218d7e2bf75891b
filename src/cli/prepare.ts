import { type JudgingOptions, type Settings, policyFrom, resolveSettings } from "./config/settings.ts";
import { type Registries, resolveRegistries } from "./config/targets.ts";
import { targetsInDirectories } from "./config/working-directories.ts";
import type { Invocation } from "./context.ts";
import { Failure } from "./failure.ts";
import { stuckProblem } from "./record.ts";
import type { Host } from "../host/host.ts";
import { realHost } from "../host/real-host.ts";
import type { LookingHost } from "../host/looking-host.ts";
import { errorCode, formatError } from "../host/observed.ts";
import { type RunLock, RunLockProblem } from "../host/state/run-lock.ts";
import { ForeignPlace } from "../host/state/state-directory.ts";
import { noCallers } from "../sweep/observe/daemon.ts";
import type { ExamineOptions } from "../sweep/examine.ts";

export type Prepared<H> = { readonly host: H; readonly settings: Settings; readonly examine: ExamineOptions } & Pick<
  Registries,
  "collisions"
>;

/** Everything that a judging command starts from. */
export async function prepare({ options, env, version }: Invocation<JudgingOptions>): Promise<Prepared<Host>> {
  const settings = await resolveSettings(options, env);
  const { targets, witnesses, collisions } = resolveRegistries(settings, options, env);
  const inDirectories = targetsInDirectories(settings, options, env);
  const host = await realHost(settings.stateDir.value, version);
  return {
    host,
    settings,
    collisions,
    examine: {
      targets,
      witnesses,
      ...(inDirectories !== undefined && { inDirectories }),
      policy: policyFrom(settings, options),
      lookAnyway: false,
      stop: { signal: undefined },
      callers: noCallers,
    },
  };
}

/** The same for a command that only looks: the type of its host has no writers. */
export function prepareToLook(invocation: Invocation<JudgingOptions>): Promise<Prepared<LookingHost>> {
  return prepare(invocation);
}

/** What is said, once, of a state directory that cannot be read or written. */
export function stateFailure(stateDir: string, error: unknown): Failure {
  if (error instanceof ForeignPlace) return new Failure("usage", error.message);
  if (error instanceof RunLockProblem) return new Failure("state", error.message);
  const isFull = ["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "");
  const cure = `do: ${isFull ? "make room" : "let this user read and write"} there, or set SESSREAP_STATE_DIR`;
  return new Failure("state", `the state directory ${stateDir} cannot be used: ${formatError(error)}`, cure);
}

/** Reads what earlier sweeps have left; ends the run where that may not be read. */
export function readState<T>(stateDir: string, read: (stateDir: string) => T): T {
  try {
    return read(stateDir);
  } catch (error) {
    throw stateFailure(stateDir, error);
  }
}

/** Takes the run lock or ends the run: one sweep at a time, and none without a place for its tombstones. */
export async function lockState(host: Host, { stateDir }: Settings, busy: string): Promise<RunLock> {
  let lock: RunLock | undefined;
  try {
    lock = await host.store.takeRunLock();
  } catch (error) {
    throw stateFailure(stateDir.value, error);
  }
  if (lock === undefined) {
    const stuck = stuckProblem(stateDir.value);
    throw stuck === undefined ? new Failure("busy", busy, "do: try again when it is done") : new Failure("busy", stuck);
  }
  return lock;
}
