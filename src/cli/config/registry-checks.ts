import type { LookingHost } from "../../host/looking-host.ts";
import type { FieldCoverage } from "../../registries/coverage.ts";
import { absentMembers, coverageIn, misreadReason } from "../../sweep/judge/misread.ts";
import { loadRegistry } from "../../sweep/load/load.ts";
import type { Loaded } from "../../sweep/load/loaded.ts";
import type { Target } from "../../sweep/load/target.ts";
import { findOwner, noCallers, ownerQuestions } from "../../sweep/observe/daemon.ts";
import { lookAtWorld, noMentions, type World } from "../../sweep/observe/observe.ts";
import { didYouMean } from "../suggest.ts";

/** What the real files say of one registry of the configuration. */
export type RegistryCheck = {
  readonly state: Loaded["state"] | null;
  readonly problem: string | null;
  readonly entries: number | null;
  /** Why its entries cannot mean what its fields say, so that it is not swept. */
  readonly misread: string | null;
  readonly absentFields: readonly string[];
  readonly fields: readonly FieldCoverage[];
  readonly ownerNow: { readonly up: boolean; readonly why: string | null; readonly unknownUnit: string | null } | null;
};

const unchecked = { state: null, problem: null, entries: null, misread: null, absentFields: [], fields: [] } as const;

function checkEntries(host: LookingHost, loaded: Loaded): Omit<RegistryCheck, "ownerNow"> {
  if (loaded.state !== "read") return { ...unchecked, state: loaded.state, problem: loaded.problem };
  return {
    state: "read",
    problem: loaded.kind === "files" ? (loaded.problems[0] ?? null) : null,
    entries: loaded.entries.length,
    misread: misreadReason(host, loaded) ?? null,
    absentFields: absentMembers(loaded),
    fields: coverageIn(loaded),
  };
}

async function ownerNow(host: LookingHost, target: Target, world: World | undefined): Promise<RegistryCheck["ownerNow"]> {
  if (!target.named || target.owner === undefined || world === undefined) return null;
  const { up, why, unknownUnit } = await findOwner(host, target, world, noCallers);
  return { up, why: why ?? null, unknownUnit: unknownUnit ?? null };
}

async function check(host: LookingHost, target: Target, world: World | undefined): Promise<RegistryCheck> {
  const isNamed = target.named || target.format.declaredFields !== undefined;
  const entries = isNamed ? checkEntries(host, await loadRegistry(host, target)) : unchecked;
  return { ...entries, ownerNow: await ownerNow(host, target, world) };
}

/** Holds each registry that was named against its real files and its real owner. Writes nothing. */
export async function checkRegistries(
  host: LookingHost,
  targets: readonly Target[],
): Promise<readonly (RegistryCheck & { readonly target: Target })[]> {
  const owned = targets.filter(({ named, owner }) => named && owner !== undefined);
  const questions = { pids: new Set<number>(), owners: ownerQuestions(owned), ...noMentions };
  const world = owned.length === 0 ? undefined : await lookAtWorld(host, questions);
  return Promise.all(targets.map(async (target) => ({ target, ...(await check(host, target, world)) })));
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

/** How many names are printed; `--json` has more of them. */
const shownNames = 12;

function nameLine({ member, names }: FieldCoverage, taken: ReadonlySet<string>): string {
  if (names.length === 0) return ": no entry has what its pointer leads into";
  const own = member.slice(member.lastIndexOf("/") + 1);
  const free = names.filter((name) => !taken.has(name));
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : "";
  return `: they have ${quoted(names.slice(0, shownNames))}${more}${didYouMean(own, free)}`;
}

/** What a field asks for, where its values can be in a form that says nothing. */
const asked: Readonly<Partial<Record<FieldCoverage["field"], string>>> = {
  registeredAt: "a time: ISO-8601 with a zone, or epoch s, ms or µs",
  lastActivityAt: "a time: ISO-8601 with a zone, or epoch s, ms or µs",
  lastHeartbeatAt: "a time: ISO-8601 with a zone, or epoch s, ms or µs",
  startTicks: "a start token: ticks since boot, alone or as BOOTID:TICKS",
  bootId: "a boot id: a UUID",
  pid: "a pid",
};

function fieldLine(one: FieldCoverage, entries: number, taken: ReadonlySet<string>): string {
  const { field, member, found, understood } = one;
  const line = `${field} "${member}" in ${found} of ${entries}`;
  if (found === 0) return `${line}${nameLine(one, taken)}`;
  if (field === "releasedAt" && understood === entries) return `${line}, so every entry counts as released, and none is judged`;
  return understood === 0 && asked[field] !== undefined ? `${line}, in none as ${asked[field]}` : line;
}

function ownerLine({ up, why, unknownUnit }: NonNullable<RegistryCheck["ownerNow"]>): string {
  if (unknownUnit !== null)
    return `owner: no service manager knows ${unknownUnit}, so it counts as up and every ghost is withheld; correct "unit"`;
  return up ? `owner: up (${why})` : "owner: not up now, by none of its signs";
}

/** The same for a person, a line each. */
export function checkLines({ state, problem, entries, misread, fields, ownerNow: owner }: RegistryCheck): readonly string[] {
  const taken = new Set(fields.filter(({ found }) => found > 0).map(({ member }) => member.replace(/^\//, "")));
  return [
    ...(problem === null ? [] : [state === "read" || state === "missing" ? problem : `is ${state}: ${problem}`]),
    ...(misread === null ? [] : [`is not swept: ${misread}`]),
    ...(entries === null
      ? []
      : [entries === 0 ? "no entries, so its fields cannot be checked" : `${entries} ${entries === 1 ? "entry" : "entries"}`]),
    ...fields.map((one) => fieldLine(one, entries ?? 0, taken)),
    ...(owner === null ? [] : [ownerLine(owner)]),
  ];
}
