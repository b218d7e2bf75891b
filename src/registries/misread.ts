import { isRecord, keyItself, valueAt, valueItself, type FieldMap, type KeepWhen } from "./fields.ts";

/** The fields by which an entry claims anything. */
const claimFields = ["sessionId", "pid", "identity"] as const;

type ClaimField = (typeof claimFields)[number];

/** What writers call them, in small letters alone. A parent's pid is not the holder's. */
const usualNames = {
  sessionId: /^(?:id|sid|uuid|guid)$|(?:session|thread|conversation)(?:id|uuid|key)?$/,
  pid: /^(?!.*parent)(?:.*[^p])?pid$|^process(?:id)?$/,
  identity: /^(?:name|who|handle)$|(?:agent|identity|session)(?:name|id)?$/,
} as const satisfies Record<ClaimField, RegExp>;

const lettersOf = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "");

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Of these a UUID is no session's. */
const otherId = /boot|machine|host|user|account|project|org/;

/** The name of a mapped member without the way to it. */
const ownName = (member: string): string => lettersOf(member.slice(member.lastIndexOf("/") + 1));

function isNear(field: ClaimField, member: string, name: string): boolean {
  const [mapped, given] = [ownName(member), lettersOf(name)];
  return (
    usualNames[field].test(given) || (Math.min(given.length, mapped.length) > 2 && (mapped.startsWith(given) || given.startsWith(mapped)))
  );
}

type Member = { readonly name: string; readonly values: readonly unknown[] };

/** Below it are the kernel's threads, and most counters and versions. */
const firstLikelyPid = 300;

const isLikelyPid = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= firstLikelyPid;

function looksLike(field: ClaimField, member: string, { name, values }: Member, isLive: (pid: number) => boolean): boolean {
  if (isNear(field, member, name)) return true;
  if (field === "pid") return !/port/i.test(name) && values.every(isLikelyPid) && values.some(isLive);
  return field === "sessionId" && !otherId.test(lettersOf(name)) && values.every((value) => typeof value === "string" && uuid.test(value));
}

type Shape = { readonly fields: FieldMap; readonly inNames: readonly string[] };

/** Which of the members that are mapped some entry has. It stops where all have been seen. */
function seenAmong<Field extends keyof FieldMap>(
  fields: FieldMap,
  wanted: readonly Field[],
  values: Iterable<unknown>,
): ReadonlySet<Field> {
  const left = new Set(wanted.filter((field) => fields[field] !== undefined));
  const found = new Set<Field>();
  for (const value of values) {
    for (const field of left) {
      if (valueAt(value, fields[field] as string) === undefined) continue;
      found.add(field);
      left.delete(field);
    }
    if (left.size === 0) break;
  }
  return found;
}

/** So many entries tell what a registry's members are called. */
const sampleSize = 100;

function membersOf(values: Iterable<unknown>): readonly Member[] {
  const members = new Map<string, unknown[]>();
  let count = 0;
  for (const value of values) {
    if (!isRecord(value)) continue;
    for (const [name, own] of Object.entries(value)) members.set(name, [...(members.get(name) ?? []), own]);
    count += 1;
    if (count === sampleSize) break;
  }
  return [...members].map(([name, own]) => ({ name, values: own }));
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

function saidOf(members: readonly Member[]): string {
  const names = members.map(({ name }) => name);
  const shown = names.slice(0, 12);
  return `${quoted(shown)}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ""}`;
}

/** A member that can be nothing but the holder's pid. */
const plainPid = /^(?:pid|processid)$/;

/** A pid of another process than the holder, by what it is called: of what started it, serves it or ran before it. */
const otherPid = /parent|launch|wrap|shell|superv|daemon|server|bridge|broker|spawn|creat|start|watch|old|last|prev/;

/** Whether nothing in a member's name speaks against its being the holder's pid. */
const isPidByName = (member: string): boolean => {
  const name = ownName(member);
  return plainPid.test(name) || (usualNames.pid.test(name) && !otherPid.test(name));
};

/**
 * Why a member that is mapped as the pid is another number: in some entry it names no process that runs, and a member that
 * is called a pid and nothing else, beside it or at the top of the entry, does.
 */
function otherNumber(pid: string, values: Iterable<unknown>, isLive: (pid: number) => boolean): string | undefined {
  const way = pid.startsWith("/") ? pid.slice(0, pid.lastIndexOf("/")) : "";
  const runs = (value: unknown): boolean => Number.isInteger(Number(value)) && Number(value) > 1 && isLive(Number(value));
  for (const value of values) {
    if (runs(valueAt(value, pid))) continue;
    for (const above of new Set([way, ""])) {
      const beside = above === "" ? value : valueAt(value, above);
      const meant = isRecord(beside)
        ? Object.entries(beside).find(([name, own]) => plainPid.test(lettersOf(name)) && runs(own))
        : undefined;
      if (meant !== undefined)
        return `"${pid}" (pid) names no process that runs, and "${above === "" ? "" : `${above}/`}${meant[0]}" is called one and does`;
    }
  }
  return undefined;
}

/** Whether entries were read and none of them is an object, although the fields name members. */
function areBare({ fields }: Shape, values: Iterable<unknown>): boolean {
  if (Object.values(fields).some((member) => member === keyItself || member === valueItself)) return false;
  let some = false;
  for (const value of values) {
    if (typeof value === "object" && value !== null) return false;
    some ||= value !== undefined;
  }
  return some;
}

/**
 * Why the entries of a registry cannot mean what its fields say; undefined where they may: none of them claims anything, or
 * a member that is mapped is in none while another one looks like it. `values` gives the entries anew each time.
 */
export function misreadOf(shape: Shape, values: () => Iterable<unknown>, isLive: (pid: number) => boolean): string | undefined {
  const { fields, inNames } = shape;
  const mapped = claimFields.filter((field) => fields[field] !== undefined);
  const found = seenAmong(fields, claimFields, values());
  const absent = mapped.filter((field) => !found.has(field));
  if (absent.length === 0 && mapped.length > 0) {
    const isPlain = fields.pid === undefined || isPidByName(fields.pid) || inNames.includes("pid");
    return isPlain ? undefined : otherNumber(fields.pid, values(), isLive);
  }
  const members = membersOf(values());
  if (members.length === 0) {
    const isOneTooDeep = mapped.length > 0 && inNames.length === 0 && areBare(shape, values());
    return isOneTooDeep ? "no entry is an object; the pointer to the entries may lead one step too far" : undefined;
  }
  const isNamed = claimFields.some((field) => inNames.includes(field));
  if (found.size === 0 && !isNamed) {
    const wanted = mapped.map((field) => `"${fields[field]}" (${field})`).join(" or ");
    return `no entry has ${wanted === "" ? "a sessionId, pid or identity that its fields name" : wanted}; the members there are ${saidOf(members)}`;
  }
  const taken = new Set(Object.values(fields));
  for (const field of absent) {
    if (inNames.includes(field)) continue;
    const member = fields[field] as string;
    const like = members.find((one) => !taken.has(one.name) && !taken.has(`/${one.name}`) && looksLike(field, member, one, isLive));
    if (like !== undefined)
      return `no entry has "${member}" (${field}), and "${like.name}" looks like it; the members there are ${saidOf(members)}`;
  }
  return undefined;
}

/** The fields whose members are in no entry, and the members of `keepWhen` that are in none. */
export function absentFields(fields: FieldMap, keepWhen: KeepWhen, values: Iterable<unknown>): readonly string[] {
  const absent = new Map<string, string>(Object.entries(fields).map(([field, member]) => [`"${member}" (${field})`, member]));
  for (const member of Object.keys(keepWhen)) absent.set(`"${member}" (keepWhen)`, member);
  for (const value of values) {
    for (const [words, member] of absent) if (valueAt(value, member) !== undefined) absent.delete(words);
    if (absent.size === 0) break;
  }
  return [...absent.keys()];
}
