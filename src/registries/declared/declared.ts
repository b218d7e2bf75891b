import type { About } from "../../core/registration.ts";
import type { FieldMap, KeepWhen } from "../fields.ts";
import type { ReleaseMembers } from "../format.ts";
import type { Where } from "../rows/table.ts";

/** What a configuration says of a registry that sessreap does not know by name. */
export type DeclaredShape = {
  /** JSON pointer to the object or array that holds the entries, in a file with many. */
  readonly entries: string;
  /** Which files are entries, in a directory with one file each. */
  readonly pattern: string;
  readonly fields: FieldMap;
  /** The forms that a claim in plain text can have; see `text-pattern.ts`. */
  readonly text?: readonly string[];
  /** Which table, of a database, and which of its rows claim anything. */
  readonly table?: string;
  readonly where?: Where;
  readonly about: About;
  /** What an entry says that claims nothing and is kept. */
  readonly keepWhen?: KeepWhen;
  /** The directory of an entry goes with it. */
  readonly ownDirectory?: boolean;
};

const carries = ({ fields, pattern }: DeclaredShape, field: "sessionId" | "pid"): boolean =>
  fields[field] !== undefined || pattern.includes(`<${field}>`);

/** What of a declared registry's format follows from its fields. Each layout adds its own. */
export function describedBasics(shape: DeclaredShape) {
  const { about, fields } = shape;
  return {
    title: undefined,
    about,
    namesHolders: namesHolders(shape),
    namesTmux: namesTmux(shape),
    identityIsSession: identityIsSession(shape),
    fields,
    declaredFields: JSON.stringify(fields),
    codexThreads: true,
    releases: releasesOf(fields),
  } as const;
}

/** Its entries name sessions with their holders. */
function namesHolders(shape: DeclaredShape): boolean {
  return carries(shape, "sessionId") && carries(shape, "pid");
}

/** Its entries name agents and no sessions: then the name is what an agent carries. */
export function identityIsSession(shape: DeclaredShape): boolean {
  return shape.fields.identity !== undefined && !carries(shape, "sessionId");
}

/** Its entries name a place in tmux. */
function namesTmux({ fields }: DeclaredShape): boolean {
  return fields.tmuxSession !== undefined || fields.tmuxPane !== undefined;
}

/** Where an entry records its release: only a registry of which both members are known is ever written into. */
function releasesOf({ releasedAt, releaseReason, registeredAt }: FieldMap): ReleaseMembers | undefined {
  if (releasedAt === undefined || releaseReason === undefined) return undefined;
  return { at: releasedAt, reason: releaseReason, like: registeredAt };
}
