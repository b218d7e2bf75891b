import { canonicalSession, type Registration } from "../../registration.ts";

/** Session ids that are looked for in every process, found by the longest run of letters, digits, `-` and `_` in them. */
export type Sought = {
  /** Ids that are one such run, in their one spelling. */
  readonly plain: ReadonlySet<string>;
  /** How long their spellings are: a run of another length is none of them. */
  readonly lengths: ReadonlySet<number>;
  /** Ids that hold other characters, by their longest run, with where it stands in the id. */
  readonly mixed: ReadonlyMap<string, readonly { readonly id: string; readonly offset: number }[]>;
  /** How they begin, where all of them are UUIDs, so that a text that holds none is told at once. */
  readonly heads: ReadonlySet<string> | undefined;
  /** Texts behind which an agent states its name. */
  readonly statements: readonly string[];
};

export const nothingSought: Sought = { plain: new Set(), lengths: new Set(), mixed: new Map(), heads: new Set(), statements: [] };

const shortestId = 8;
/** Digits before the first hyphen of a UUID. */
export const headLength = 8;
/** Of a UUID, with hyphens and without them. */
const uuidLengths = [36, 32] as const;
const canonical = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const oneRun = /^[\p{L}\p{N}_-]+$/u;
export const anyRun = /[\p{L}\p{N}_-]+/gu;

/** The one spelling by which ids are looked for; undefined for one that is too short, or a number, to mean anything. */
export function soughtId(id: string): string | undefined {
  if (canonical.test(id)) return id;
  const plain = canonicalSession(id.trim().replace(/^\{(.*)\}$/, "$1")).toLowerCase();
  return plain.length < shortestId || /^\d+$/.test(plain) ? undefined : plain;
}

export const noIds: readonly string[] = [];

/** The ids of an entry that are looked for in processes, in the spelling of `soughtId`. */
export function idsOf(
  { sessionId, identity }: Pick<Registration, "sessionId" | "identity">,
  { identityIsSession }: { readonly identityIsSession: boolean },
): readonly string[] {
  const id = sessionId === undefined ? undefined : soughtId(sessionId);
  const other = !identityIsSession || identity === undefined ? undefined : soughtId(identity);
  if (other === undefined) return id === undefined ? noIds : [id];
  return id === undefined ? [other] : [id, other];
}

/** The ids of all claims together, so that each process is looked at once. They are in the spelling of `soughtId`. */
export function soughtAmong(ids: Iterable<string>, statements: Iterable<string> = []): Sought {
  const plain = new Set<string>();
  const lengths = new Set<number>(uuidLengths);
  const mixed = new Map<string, { readonly id: string; readonly offset: number }[]>();
  const heads = new Set<string>();
  let areUuids = true;
  for (const id of ids) {
    const isUuid = canonical.test(id);
    if (isUuid) heads.add(id.slice(0, headLength));
    else areUuids = false;
    if (isUuid || oneRun.test(id)) {
      plain.add(id);
      lengths.add(id.length);
      continue;
    }
    const longest = [...id.matchAll(anyRun)].toSorted((a, b) => b[0].length - a[0].length)[0];
    if (longest !== undefined) mixed.set(longest[0], [...(mixed.get(longest[0]) ?? []), { id, offset: longest.index }]);
  }
  return { plain, lengths, mixed, heads: areUuids ? heads : undefined, statements: [...new Set(statements)] };
}
