import type { Memory } from "../../core/memory/memory.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { FieldCoverage } from "../../registries/coverage.ts";
import { absentMembers, coverageIn, misreadReason } from "../../sweep/judge/misread.ts";
import { loadRegistry } from "../../sweep/load/load.ts";
import type { Loaded, ReadRegistry } from "../../sweep/load/loaded.ts";
import { registryId, type Target } from "../../sweep/load/target.ts";
import { findOwner, noCallers, ownerQuestions, ownerSignsText } from "../../sweep/observe/daemon.ts";
import { lookAtWorld, noMentions, type World } from "../../sweep/observe/observe.ts";
import { didYouMean } from "../suggest.ts";

/** What the real files say of one registry of the configuration. */
export type RegistryCheck = {
  readonly state: Loaded["state"] | null;
  readonly problem: string | null;
  readonly entries: number | null;
  /** Why its entries cannot mean what its fields say, so that it is not swept. */
  readonly misread: string | null;
  /** How many of its entries cannot be understood, and what is said of the first; null where all can be. */
  readonly malformed: { readonly count: number; readonly first: string } | null;
  /** Names of files that are there although none is an entry; of many, some. */
  readonly besides: readonly string[];
  readonly absentFields: readonly string[];
  readonly fields: readonly FieldCoverage[];
  readonly ownerNow: {
    readonly up: boolean;
    readonly why: string | null;
    readonly unknownUnit: string | null;
    readonly everSeen: boolean | null;
  } | null;
};

const unchecked = {
  state: null,
  problem: null,
  entries: null,
  misread: null,
  malformed: null,
  besides: [],
  absentFields: [],
  fields: [],
} as const;

function malformedIn({ entries }: ReadRegistry): RegistryCheck["malformed"] {
  let [count, first] = [0, ""];
  for (const { key, claim } of entries) {
    if (claim.ok) continue;
    if (count === 0) first = `${key} ${claim.problem}`;
    count += 1;
  }
  return count === 0 ? null : { count, first };
}

/** So many names show what a directory holds. */
const namesShown = 5;

/** The files of a directory in which a pattern finds none. */
function besides(host: LookingHost, loaded: ReadRegistry): readonly string[] {
  if (loaded.kind !== "files" || loaded.entries.length > 0) return [];
  for (const pattern of ["*", "*/*"]) {
    const listing = host.listDirectory(loaded.realPath, [pattern]);
    const files = listing.kind === "listed" ? listing.files : undefined;
    const keys = Array.from({ length: Math.min(namesShown, files?.length ?? 0) }, (_, index) => files?.at(index)?.key ?? "");
    if (keys.length > 0) return keys;
  }
  return [];
}

function checkEntries(host: LookingHost, loaded: Loaded): Omit<RegistryCheck, "ownerNow"> {
  if (loaded.state !== "read") return { ...unchecked, state: loaded.state, problem: loaded.problem };
  return {
    state: "read",
    problem: loaded.kind === "files" ? (loaded.problems[0] ?? null) : null,
    entries: loaded.entries.length,
    misread: misreadReason(host, loaded) ?? null,
    malformed: malformedIn(loaded),
    besides: besides(host, loaded),
    absentFields: absentMembers(loaded),
    fields: coverageIn(loaded),
  };
}

async function ownerNow(
  host: LookingHost,
  target: Target,
  world: World | undefined,
  { seenOwners, wallMs }: Memory,
): Promise<RegistryCheck["ownerNow"]> {
  if (!target.named || target.owner === undefined || world === undefined) return null;
  const { up, isSeen, why, unknownUnit } = await findOwner(host, target, world, noCallers);
  const wasSeen = seenOwners.get(registryId(target)) === ownerSignsText(target);
  const everSeen = isSeen || wasSeen || (wallMs === undefined ? null : false);
  return { up, why: why ?? null, unknownUnit: unknownUnit ?? null, everSeen };
}

async function check(host: LookingHost, target: Target, world: World | undefined, memory: Memory): Promise<RegistryCheck> {
  const isNamed = target.named || target.format.declaredFields !== undefined;
  const entries = isNamed ? checkEntries(host, await loadRegistry(host, target)) : unchecked;
  return { ...entries, ownerNow: await ownerNow(host, target, world, memory) };
}

/** Holds each registry that was named against its real files and its real owner. Writes nothing. */
export async function checkRegistries(
  host: LookingHost,
  targets: readonly Target[],
  memory: Memory,
): Promise<readonly (RegistryCheck & { readonly target: Target })[]> {
  const owned = targets.filter(({ named, owner }) => named && owner !== undefined);
  const questions = { pids: new Set<number>(), owners: ownerQuestions(owned), ...noMentions };
  const world = owned.length === 0 ? undefined : await lookAtWorld(host, questions);
  return Promise.all(targets.map(async (target) => ({ target, ...(await check(host, target, world, memory)) })));
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

function ownerLine({ up, why, unknownUnit, everSeen }: NonNullable<RegistryCheck["ownerNow"]>): string {
  if (unknownUnit !== null)
    return `owner: no service manager knows ${unknownUnit}, so it counts as up and every ghost is withheld; correct "unit"`;
  if (up) return `owner: up (${why})`;
  return everSeen === false
    ? "owner: not up now, and no sweep that looked for it has ever seen it up; hold its signs against the daemon itself"
    : "owner: not up now, by none of its signs";
}

type LinesOf = RegistryCheck & { readonly patterns: readonly string[] };

function countLine(
  entries: number,
  { patterns, besides: names }: Pick<RegistryCheck, "besides"> & { readonly patterns: readonly string[] },
): string {
  if (entries > 0) return `${entries} ${entries === 1 ? "entry" : "entries"}`;
  if (names.length === 0) return "no entries, so its fields cannot be checked";
  return `no entries: no file there fits ${quoted(patterns)}; it has ${quoted(names)}`;
}

/** The same for a person, a line each. */
export function checkLines({ state, problem, entries, misread, malformed, fields, ownerNow: owner, ...place }: LinesOf): readonly string[] {
  const taken = new Set(fields.filter(({ found }) => found > 0).map(({ member }) => member.replace(/^\//, "")));
  return [
    ...(problem === null ? [] : [state === "read" || state === "missing" ? problem : `is ${state}: ${problem}`]),
    ...(misread === null ? [] : [`is not swept: ${misread}`]),
    ...(entries === null ? [] : [countLine(entries, place)]),
    ...(malformed === null ? [] : [`${malformed.count} of them cannot be understood, and stay: ${malformed.first}`]),
    ...fields.map((one) => fieldLine(one, entries ?? 0, taken)),
    ...(owner === null ? [] : [ownerLine(owner)]),
  ];
}
