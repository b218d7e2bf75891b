import type { Reason } from "./reasons.ts";

/** Where the separator of a cut member stands: behind a member that stays, before one, or there is no other member; a line has none. */
export type CutForm = "after" | "before" | "only" | "line";

/** What is kept of a reaped entry, enough to put it back. */
export type Tombstone = {
  /** `SWEEP/NUMBER`, unique for ever. */
  readonly id: string;
  /** When it was reaped, ISO-8601. */
  readonly at: string;
  readonly registry: string;
  readonly format: string;
  readonly key: string;
  readonly sessionId: string | undefined;
  /** What its agent and its holder are called, where its entry said so: undefined also in tombstones of earlier versions. */
  readonly identity: string | undefined;
  readonly pid: number | undefined;
  readonly reason: Reason;
  readonly detail: string;
  readonly kept: KeptMember | KeptFile | KeptRow;
};

/** A member of a JSON file: the very bytes that were cut, and between which others they stood. */
export type KeptMember = {
  readonly layout: "members";
  /** JSON pointer to its container. */
  readonly entries: string;
  readonly form: CutForm;
  /** The member before it, or what the line before it says; undefined for the first. */
  readonly after: string | undefined;
  /** Of a line, the byte at which it stood. */
  readonly at?: number;
  /** base64 of the bytes that were cut, separator included. */
  readonly cut: string;
  /** How many elements of its array called themselves what it did; undefined for the member of an object. */
  readonly namesakes?: number;
  /** Where in them the member itself begins and ends. */
  readonly member: { readonly start: number; readonly end: number };
  /** base64 of the member that took its place, where it did not go but was changed. */
  readonly replacedBy?: string;
};

/** A one-file entry: its content and what the file system knew of it. */
export type KeptFile = {
  readonly layout: "files";
  /** base64. */
  readonly content: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Its ACL in hexadecimal digits, `""` where it had none; undefined where that does not matter or was not seen. */
  readonly acl?: string;
  /** Epoch ms. */
  readonly modifiedAt: number;
  /** base64 of what took its place, where the entry did not go but was changed. */
  readonly replacedBy?: string;
};

/** A row of a table: every stored value as SQLite writes it in SQL. */
export type KeptRow = {
  readonly layout: "rows";
  readonly table: string;
  /** SQLite's own number of it, where it has one. */
  readonly rowid?: string;
  readonly columns: Readonly<Record<string, string>>;
  /** The columns that were written, where it did not go but was changed. */
  readonly written?: Readonly<Record<string, string>>;
};

/** What the tombstones that follow have in common; `first` is the number of the first, and each line counts. */
export type TombstoneHeader = Pick<Tombstone, "at" | "registry" | "format"> & { readonly sweepId: string; readonly first: number } & Pick<
    Tombstone["kept"],
    "layout"
  >;

/** What one tombstone says beyond its header: 64 MiB are to hold the markers of a whole machine. */
type TombstoneLine = Pick<Tombstone, "key" | "sessionId" | "identity" | "pid" | "reason" | "detail"> &
  Partial<Omit<KeptMember, "layout"> & Omit<KeptFile, "layout"> & Omit<KeptRow, "layout">>;

/** `void` takes tombstones back whose entries were not reaped after all. */
type Line = { readonly plot: TombstoneHeader } | { readonly void: readonly string[] } | TombstoneLine;

const encode = (line: Line): string => `${JSON.stringify(line)}\n`;

export const encodeHeader = (plot: TombstoneHeader): string => encode({ plot });

export function encodeLine({ key, sessionId, identity, pid, reason, detail, kept }: Omit<Tombstone, "id" | keyof TombstoneHeader>): string {
  const { layout: _layout, ...rest } = kept;
  return encode({ key, sessionId, identity: identity === key ? undefined : identity, pid, reason, detail, ...rest });
}

export function tombstoneId(sweepId: string, number: number): string {
  return `${sweepId}/${number}`;
}

/** Returns the id of the sweep that wrote a tombstone. */
export function sweepOf(id: string): string {
  return id.slice(0, id.indexOf("/"));
}

export const encodeVoid = (ids: readonly string[]): string => encode({ void: ids });

const isText = (value: unknown): boolean => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

/** Of a text that was bent, Node would decode what it can. A pattern with a group would not get through a text of megabytes. */
const isBase64 = (value: unknown): boolean => typeof value === "string" && value.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(value);

const isHex = (value: unknown): boolean => typeof value === "string" && /^[\da-f]*$/.test(value);

const isWithin = (value: unknown, most: number): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;

/** The largest time that a date can have, in epoch ms. */
const lastTime = 8.64e15;

/** The name of a file below its registry, which leads nowhere else. */
const isBelow = (key: string): boolean => !key.includes("\0") && key.split("/").every((part) => !["", ".", ".."].includes(part));

const areTexts = (value: unknown): boolean => typeof value === "object" && value !== null && Object.values(value).every(isText);

function isKept(value: unknown): value is Tombstone["kept"] {
  const kept = (value ?? {}) as Record<keyof KeptMember | keyof KeptFile | keyof KeptRow, unknown>;
  const { start, end } = (kept.member ?? {}) as Record<string, unknown>;
  if (kept.layout === "members") return [kept.entries, kept.form].every(isText) && isBase64(kept.cut) && [start, end].every(isNumber);
  if (kept.layout === "rows")
    return isText(kept.table) && isText(kept.rowid ?? "") && areTexts(kept.columns) && areTexts(kept.written ?? {});
  const { content, mode, uid, gid, modifiedAt, acl } = kept;
  const areRights = isWithin(mode, 0o177777) && [uid, gid].every((id) => isWithin(id, 2 ** 32 - 2)) && isHex(acl ?? "");
  return kept.layout === "files" && isBase64(content) && areRights && isNumber(modifiedAt) && Math.abs(Number(modifiedAt)) <= lastTime;
}

function isHeader(value: unknown): value is TombstoneHeader {
  const { sweepId, at, registry, format, layout, first } = (value ?? {}) as Record<keyof TombstoneHeader, unknown>;
  return [sweepId, at, registry, format, layout].every(isText) && isNumber(first);
}

/** A line that cannot be read says nothing: the last one of a sweep that was killed may be torn. */
function objectIn(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

/** The tombstones that stand in the text of a sweep's file. Text that another program wrote there is no tombstone. */
export function decodeTombstones(text: string): readonly Tombstone[] {
  const found: Tombstone[] = [];
  const taken = new Set<unknown>();
  let plot: TombstoneHeader | undefined;
  let number = 0;
  for (const raw of text.split("\n")) {
    const line = objectIn(raw);
    if (raw === "") continue;
    if (isHeader(line["plot"])) {
      plot = line["plot"];
      number = plot.first;
    } else if (Array.isArray(line["void"])) for (const id of line["void"]) taken.add(id);
    else if (plot !== undefined) {
      const { sweepId, at, registry, format, layout } = plot;
      const { key, sessionId, identity: name, pid: holder, reason, detail, ...rest } = line as Partial<TombstoneLine>;
      const [identity, pid] = [isText(name) ? name : undefined, isNumber(holder) ? holder : undefined];
      const kept: unknown = { layout, ...rest };
      if (key !== undefined && isText(key) && isKept(kept) && (layout !== "files" || isBelow(key))) {
        const id = tombstoneId(sweepId, number);
        found.push({ id, at, registry, format, key, sessionId, identity, pid, reason: reason as Reason, detail: detail ?? "", kept });
      }
      number += 1;
    }
  }
  return found.filter(({ id }) => !taken.has(id));
}
