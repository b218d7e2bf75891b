/** A process by which a file is used, and when it started. */
export type UserProcess = { readonly pid: number; readonly startTicks: string };

/** What is remembered of a file that sweeps have found busy again and again. */
export type BusyRecord = {
  /** Awake time of the first of the unbroken sweeps of this boot that found it busy. */
  readonly sinceMs: number;
  readonly why: string;
  readonly usedBy: UserProcess | undefined;
  /** Its user has had it open since a sweep first tried to change it: of a registry it counts as the owner. */
  readonly sinceFirst: boolean;
};

/** What sweeps of this boot remember of busy files. */
export type BusyMemory = {
  /** By registry, then by the entry's key. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, BusyRecord>>;
  /** Registries whose one file a sweep could change: a process that has it open now came later. */
  readonly onceFree: ReadonlySet<string>;
};

export const nothingBusy: BusyMemory = { files: new Map(), onceFree: new Set() };

/** The key under which the one file of a registry with many entries is remembered. */
export const wholeFile = "";

/** A ghost that is busy for so long, in ms of awake time, is said. */
export const longBusyMs = 60 * 60_000;

/** For how long, in ms, the file of this registry that has been busy for longest has been so, and why. */
export function longestBusy(
  records: ReadonlyMap<string, BusyRecord> | undefined,
  awakeMs: number | undefined,
): { readonly forMs: number; readonly why: string } | undefined {
  if (records === undefined || awakeMs === undefined) return undefined;
  const first = [...records.values()].toSorted((a, b) => a.sinceMs - b.sinceMs)[0];
  return first && { forMs: Math.max(0, awakeMs - first.sinceMs), why: first.why };
}

/** The process that counts as the owner of a registry, because it has had its file open for as long as sweeps have tried. */
export function rememberedUser({ files }: BusyMemory, registry: string): UserProcess | undefined {
  const record = files.get(registry)?.get(wholeFile);
  return record?.sinceFirst === true ? record.usedBy : undefined;
}
