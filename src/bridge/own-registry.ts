import { checkConfig } from "../cli/config/config-file.ts";
import { policyFrom, resolveSettings, type JudgingOptions, type Settings } from "../cli/config/settings.ts";
import { describedTargets } from "../cli/config/declarations.ts";
import { resolveRegistries } from "../cli/config/targets.ts";
import { Failure } from "../cli/failure.ts";
import { lockState } from "../cli/prepare.ts";
import type { Host } from "../host/host.ts";
import { realHost } from "../host/real-host.ts";
import type { RunLock } from "../host/state/run-lock.ts";
import type { ExamineOptions } from "../sweep/examine.ts";
import { registryId, type Target } from "../sweep/load/target.ts";
import { callersHere } from "../sweep/observe/callers.ts";
import type { Stop } from "../sweep/pass.ts";
import { BusyError, NotOwnerError, RefusedError, StateError, UsageError } from "./errors.ts";
import type { BridgeOptions } from "./types.ts";

declare const SESSREAP_VERSION: string;

export const version = SESSREAP_VERSION;

/** The caller's registry, and all that a pass over it is told. */
export type Own = {
  readonly host: Host;
  readonly settings: Settings;
  readonly question: Omit<ExamineOptions, "stop">;
  readonly target: Target;
};

/** What the tool ends a run with, as the library throws it. */
function libraryError(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  if (error.code === "busy") return new BusyError(error.message);
  if (error.code === "refused") return new RefusedError(error.message);
  return error.code === "state" ? new StateError(error.message) : new UsageError(error.message);
}

async function asLibrary<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw libraryError(error);
  }
}

function onlyOne(targets: readonly Target[], what: string): Target {
  const [target, ...others] = targets;
  if (target === undefined || others.length > 0)
    throw new UsageError(`registry: ${what} is ${targets.length} registries; a bridge has one`);
  return target;
}

/**
 * The registry as the configuration describes it, where it does: what its operator has said of it counts for its owner, too.
 * The signs that the caller gives of itself stand beside those by which it is known there, and excuse no other owner.
 */
async function ownTarget(settings: Settings, { registry }: BridgeOptions): Promise<Target> {
  const { env } = process;
  if (typeof registry === "string") return onlyOne(resolveRegistries(settings, { registry: [registry] }, env).targets, registry);
  const { registries = [] } = await checkConfig({ registries: [registry] }, "registry");
  const [given, ...none] = registries.map(({ owner, ...described }) => ({ owner, described }));
  if (given === undefined || none.length > 0) throw new UsageError("registry: is missing");
  const from = (value: NonNullable<typeof registries>): readonly Target[] =>
    describedTargets({ registries: { value, from: "the caller" }, dropIns: [] }, env);
  const target = onlyOne(from([given.described]), given.described.format);
  const configured = describedTargets(settings, env);
  const known = configured.find((one) => registryId(one) === registryId(target)) ?? target;
  const also = given.owner === undefined ? undefined : from([{ ...given.described, owner: given.owner }])[0]?.owner;
  return also === undefined ? known : { ...known, alsoOwner: also };
}

function judgingOptions({ config, grace, ttl }: BridgeOptions): JudgingOptions {
  return { ...(config !== undefined && { config }), ...(grace !== undefined && { grace }), ...(ttl !== undefined && { ttl }) };
}

/** Reads the configuration, and writes nothing. */
export function findOwn(options: BridgeOptions): Promise<Own> {
  return asLibrary(async () => {
    const said = judgingOptions(options);
    const settings = await resolveSettings(said, process.env);
    const target = await ownTarget(settings, options);
    const host = await realHost(settings.stateDir.value, version, "guest");
    const policy = policyFrom(settings, said);
    const callers = callersHere(host, policy.programs);
    const { witnesses } = resolveRegistries(settings, {}, process.env);
    const question = { targets: [target], witnesses, policy, lookAnyway: false, callers };
    return { host, settings, question, target };
  });
}

/** What a sweep is told that only the owner may do. It always looks: who the owner is shows in the processes alone. */
export const asOwner = {
  lookAnyway: true,
  accept: (path: string, notOwner: string | undefined): void => {
    if (notOwner !== undefined) throw new NotOwnerError(`${path}: ${notOwner}; nothing was touched`);
  },
} as const;

const pollMs = 25;
const defaultWaitMs = 30_000;

/** Takes the run lock as soon as other sweeps let it go. */
async function lockOwn({ host, settings }: Own, waitMs: number, stop: Stop): Promise<RunLock> {
  for (let waited = 0; ; waited += pollMs) {
    try {
      return await lockState(host, settings, `another sweep has been running for ${waitMs} ms`);
    } catch (error) {
      const isBusy = error instanceof Failure && error.code === "busy";
      if (!isBusy || waited >= waitMs || stop.signal !== undefined) throw error;
    }
    await host.sleep(pollMs);
  }
}

/** Does something while no other sweep of this state directory runs. */
export function whileLocked<T>(own: Own, { waitMs = defaultWaitMs }: BridgeOptions, stop: Stop, act: () => Promise<T>): Promise<T> {
  return asLibrary(async () => {
    const lock = await lockOwn(own, waitMs, stop);
    try {
      return await act();
    } finally {
      lock.release();
    }
  });
}
