import type { BusyMemory, BusyRecord, UserProcess } from "../../core/plan/busy.ts";

export type StoredBusy = { files: Record<string, Record<string, BusyRecord>>; onceFree: string[] };

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isRecord(value: unknown): boolean {
  const { sinceMs, why, usedBy, sinceFirst } = (value ?? {}) as Record<keyof BusyRecord, unknown>;
  const { pid, startTicks } = (usedBy ?? { pid: 1, startTicks: "" }) as Record<keyof UserProcess, unknown>;
  return (
    Number.isFinite(sinceMs) &&
    typeof why === "string" &&
    Number.isFinite(pid) &&
    typeof startTicks === "string" &&
    typeof sinceFirst === "boolean"
  );
}

export function isStoredBusy(value: unknown): boolean {
  const { files, onceFree } = (value ?? {}) as Record<keyof StoredBusy, unknown>;
  if (!isTable(files) || !Array.isArray(onceFree) || !onceFree.every((id) => typeof id === "string")) return false;
  return Object.values(files).every((records) => isTable(records) && Object.values(records).every(isRecord));
}

export function toBusy(stored: StoredBusy | undefined): BusyMemory {
  const files = Object.entries(stored?.files ?? {}).map(([id, records]) => [id, new Map(Object.entries(records))] as const);
  return { files: new Map(files), onceFree: new Set(stored?.onceFree) };
}

/** Where nothing is remembered, nothing is stored. */
export function fromBusy({ files, onceFree }: BusyMemory): { readonly busy?: StoredBusy } {
  if (files.size + onceFree.size === 0) return {};
  return {
    busy: { files: Object.fromEntries([...files].map(([id, records]) => [id, Object.fromEntries(records)])), onceFree: [...onceFree] },
  };
}
