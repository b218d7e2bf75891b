import { argvHas } from "../../core/agents/argv.ts";
import { seen, unseen, type Observed } from "../../core/evidence.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { OwnerSigns } from "../../registries/format.ts";
import { ownerKey, type World } from "./observe.ts";
import type { Target } from "../load/target.ts";

/** Is the daemon that rewrites a registry up? `why` says by which sign, or what could not be looked at. */
export type DaemonStatus = {
  readonly up: boolean;
  /** One of its signs is there: that it is up is no doubt. */
  readonly isSeen: boolean;
  readonly pids: readonly number[];
  readonly why: string | undefined;
  /** The unit for which alone it counts as up, although no manager knows it. */
  readonly unknownUnit: string | undefined;
  /** One of its signs is given by the caller itself. */
  readonly isCaller: boolean;
};

/** The processes that call as the owner, with their argv. What they show says nothing of another owner. */
export type Callers = ReadonlyMap<number, readonly string[]>;

/** All signs of a registry's owner: those that are configured or built in, and those that the caller gives of itself. */
export function signsOf({ owner, alsoOwner }: Target): readonly OwnerSigns[] {
  return [owner, alsoOwner].filter((one) => one !== undefined);
}

/** The owners that are known by their argv, once each. */
export function ownerQuestions(targets: readonly Target[]): readonly (readonly string[])[] {
  const questions = targets.flatMap((target) =>
    signsOf(target).flatMap(({ argv }) => (argv === undefined ? [] : [[ownerKey(argv), argv] as const])),
  );
  return [...new Map(questions).values()];
}

/** One sign. Where it is the caller's own it says nothing of another owner. */
type DaemonSign = { readonly name: string; readonly up: Observed<boolean>; readonly isCaller: boolean };

function processSign(
  argv: readonly string[],
  { ownerPids, processes }: World,
  callers: Callers,
): DaemonSign & { readonly pids: readonly number[] } {
  const name = `process ${argv.join(" ")}`;
  const isCaller = [...callers.values()].some((own) => argvHas(own, argv));
  if (!ownerPids.seen || !processes.seen) return { name, isCaller, pids: [], up: ownerPids.seen ? unseen("nobody looked") : ownerPids };
  const pids = (ownerPids.value.get(ownerKey(argv)) ?? []).filter((pid) => !callers.has(pid));
  const { complete } = processes.value;
  return { name, isCaller, pids, up: pids.length > 0 || complete.seen ? { seen: true, value: pids.length > 0 } : complete };
}

async function isListening(host: LookingHost, path: string): Promise<Observed<boolean>> {
  const observation = await host.probeEndpoint({ kind: "unix", path }, undefined);
  return observation.kind === "unanswered" ? unseen(observation.why) : seen(observation.kind === "accepted");
}

/** A unit that no manager knows may be misspelt, so it could not be looked at. */
async function unitSign(host: LookingHost, unit: string): Promise<Omit<DaemonSign, "isCaller"> & { readonly unknown: boolean }> {
  const state = await host.unitState(unit);
  const unknown = state.seen && state.value === "unknown";
  const up = !state.seen ? state : unknown ? unseen("no service manager knows it") : seen(state.value === "up");
  return { name: `unit ${unit}`, up, unknown };
}

/** The same sign, or, where these very processes give it, one that says that nothing else is up. */
async function unlessCallers(
  host: LookingHost,
  sign: Omit<DaemonSign, "isCaller">,
  what: Parameters<LookingHost["isGivenBy"]>[0],
  callers: Callers,
): Promise<DaemonSign> {
  const isUp = sign.up.seen && sign.up.value;
  const isCaller = isUp && callers.size > 0 && (await host.isGivenBy(what, new Set(callers.keys())));
  return isCaller ? { ...sign, up: seen(false), isCaller } : { ...sign, isCaller };
}

/**
 * Any sign that says so is enough, and a sign that could not be looked at counts as up. Of a unit that no manager knows
 * that holds only while no other sign says that the daemon is down.
 */
async function findByOne(host: LookingHost, owner: OwnerSigns, world: World, callers: Callers): Promise<DaemonStatus> {
  const { argv, unit, lock, socket } = owner;
  const byArgv = argv === undefined ? undefined : processSign(argv, world, callers);
  const ofUnit = unit === undefined ? undefined : await unitSign(host, unit);
  const signs: DaemonSign[] = byArgv === undefined ? [] : [byArgv];
  const add = async (sign: Omit<DaemonSign, "isCaller">, what: Parameters<LookingHost["isGivenBy"]>[0]): Promise<void> => {
    signs.push(await unlessCallers(host, sign, what, callers));
  };
  if (unit !== undefined && ofUnit !== undefined) await add(ofUnit, { unit });
  if (lock !== undefined) await add({ name: `lock ${lock}`, up: host.isLockHeld(lock) }, { lock });
  if (socket !== undefined) await add({ name: `socket ${socket}`, up: await isListening(host, socket) }, { socket });
  const isCaller = signs.some((sign) => sign.isCaller);
  const isUp = signs.find((sign) => sign.up.seen && sign.up.value);
  const pids = byArgv?.pids ?? [];
  const status = (up: boolean, why?: string, unknownUnit?: string): DaemonStatus => ({
    up,
    isSeen: isCaller || isUp !== undefined,
    pids,
    why,
    unknownUnit,
    isCaller,
  });
  if (isUp !== undefined) return status(true, isUp.name);
  const isUnknown = ofUnit?.unknown === true;
  const doubts = signs.flatMap(({ name, up }) => (up.seen ? [] : [`${name}: ${up.why}`]));
  const isDown = signs.some((sign) => sign.up.seen);
  if (doubts.length === 0 || (isUnknown && isDown && doubts.length === 1)) return status(false);
  return status(true, doubts.join("; "), isUnknown && doubts.length === 1 ? unit : undefined);
}

export const noOwner: DaemonStatus = { up: false, isSeen: false, pids: [], why: undefined, unknownUnit: undefined, isCaller: false };
export const noCallers: Callers = new Map();

/**
 * Is another owner than the caller up? Where it is known by several sets of signs, each of them counts; where it is known by
 * none, a caller that says that it is the owner is taken for it.
 */
export async function findOwner(host: LookingHost, target: Target, world: World, callers: Callers): Promise<DaemonStatus> {
  let found = { ...noOwner, isCaller: callers.size > 0 && signsOf(target).length === 0 };
  for (const signs of signsOf(target)) {
    const one = await findByOne(host, signs, world, callers);
    const isCaller = one.isCaller || found.isCaller;
    found = { ...(found.up ? found : one), isSeen: one.isSeen || found.isSeen, isCaller };
  }
  return found;
}

/** The signs by which a registry's owner is known, as text; undefined where it has none. */
export function ownerSignsText({ owner }: Target): string | undefined {
  return owner && JSON.stringify(owner);
}
