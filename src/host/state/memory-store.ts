import { join } from "node:path";
import type { FirstSight } from "../../core/identity/first-sight.ts";
import { emptyMemory, type Memory } from "../../core/memory/memory.ts";
import { restoredByKey, restoredIn, type Restored } from "../../core/memory/restored.ts";
import { syncName } from "./directories.ts";
import { errorCode, formatError } from "../observed.ts";
import { fromBusy, isStoredBusy, toBusy, type StoredBusy } from "./stored-busy.ts";
import { writeStateFile } from "./state-file.ts";
import {
  fromSettling,
  fromSleep,
  isMissingOrNumber,
  isNumber,
  isSettling,
  isSleepRecord,
  isText,
  toSettling,
  toSleep,
  type StoredSettling,
  type StoredSleep,
} from "./stored-clocks.ts";
import { readRegularText } from "../files/files.ts";
import { fromRecord, isStoredRecord, toRecord, type StoredRecord } from "./stored-records.ts";

const schema = 1;

type Stored = {
  schema: number;
  bootId?: string;
  wallMs?: number;
  bootMs?: number;
  awakeMs?: number;
  steppedAtMs?: number;
  roomlessSinceMs?: number;
  traces: Record<string, Record<string, StoredRecord>>;
  firstSights?: Record<string, Record<string, FirstSight>>;
  answeredSinceMs: Record<string, number>;
  provenTokens?: Record<string, string>;
  seenOwners?: Record<string, string>;
  busy?: StoredBusy;
  restored: Restored[];
  sleep?: StoredSleep;
  settling?: StoredSettling;
};

const fileOf = (stateDir: string): string => join(stateDir, "memory.json");

function isTable(value: unknown, isValue: (value: unknown) => boolean): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isValue);
}

function isFirstSight(value: unknown): boolean {
  const { as, machine, bootId, timeNamespace, bootMs } = (value ?? {}) as Record<keyof FirstSight, unknown>;
  return isNumber(bootMs) && (machine === undefined || isText(machine)) && [as, bootId, timeNamespace].every(isText);
}

function isMark(value: unknown): boolean {
  const { registry, key, digest, untilMs } = (value ?? {}) as Record<keyof Restored, unknown>;
  return isText(registry) && isText(key) && isText(digest) && isNumber(untilMs);
}

/** Half a memory is none: a number that is text would be added like text, and what it adds up to condemns. */
function isWhole(stored: Stored): boolean {
  const { wallMs, bootMs, awakeMs, traces: records, answeredSinceMs, provenTokens, busy, restored } = stored;
  const { firstSights, seenOwners, roomlessSinceMs, sleep, settling } = stored;
  return (
    [wallMs, bootMs, awakeMs, roomlessSinceMs].every(isMissingOrNumber) &&
    (firstSights === undefined || isTable(firstSights, (entries) => isTable(entries, isFirstSight))) &&
    isTable(records, (entries) => isTable(entries, isStoredRecord)) &&
    isTable(answeredSinceMs, isNumber) &&
    [provenTokens, seenOwners].every((texts) => texts === undefined || isTable(texts, isText)) &&
    (busy === undefined || isStoredBusy(busy)) &&
    Array.isArray(restored) &&
    restored.every(isMark) &&
    (sleep === undefined || isSleepRecord(sleep)) &&
    (settling === undefined || isSettling(settling))
  );
}

/**
 * What the last sweep left. A memory that is missing or cannot be understood is an empty one: sweeps then start to
 * wait anew, which only keeps. `problem` says so where the operator should hear it.
 */
export function loadMemory(stateDir: string): { readonly memory: Memory; readonly problem: string | undefined } {
  try {
    const stored = (JSON.parse(readRegularText(fileOf(stateDir))) ?? {}) as Stored;
    if (stored.schema !== schema) throw new Error(`it has schema ${stored.schema}, this version reads ${schema}`);
    if (!isWhole(stored)) throw new Error("it is not as a sweep leaves it");
    const records = Object.entries(stored.traces).map(([path, entries]) => {
      return [path, new Map(Object.entries(entries).map(([key, record]) => [key, toRecord(record)]))] as const;
    });
    const { bootId, wallMs, bootMs, awakeMs, steppedAtMs, roomlessSinceMs, restored } = stored;
    return {
      memory: {
        bootId,
        wallMs,
        bootMs,
        awakeMs,
        steppedAtMs,
        roomlessSinceMs,
        records: new Map(records),
        firstSights: new Map(Object.entries(stored.firstSights ?? {}).map(([path, entries]) => [path, new Map(Object.entries(entries))])),
        answeredSinceMs: new Map(Object.entries(stored.answeredSinceMs)),
        provenTokens: new Map(Object.entries(stored.provenTokens ?? {})),
        seenOwners: new Map(Object.entries(stored.seenOwners ?? {})),
        busy: toBusy(stored.busy),
        restored: restoredByKey(restored),
        sleep: toSleep(stored.sleep),
        settling: toSettling(stored.settling),
      },
      problem: undefined,
    };
  } catch (error) {
    const problem = errorCode(error) === "ENOENT" ? undefined : `${fileOf(stateDir)}: ${formatError(error)}; starting with an empty memory`;
    return { memory: emptyMemory, problem };
  }
}

export async function saveMemory(stateDir: string, memory: Memory): Promise<void> {
  const { bootId, wallMs, bootMs, awakeMs, steppedAtMs, roomlessSinceMs } = memory;
  const records = [...memory.records].map(([path, entries]) => {
    return [path, Object.fromEntries([...entries].map(([key, record]) => [key, fromRecord(record)]))] as const;
  });
  const firstSights = [...memory.firstSights].map(([path, entries]) => [path, Object.fromEntries(entries)] as const);
  const stored: Stored = {
    schema,
    ...(bootId !== undefined && { bootId }),
    ...(wallMs !== undefined && { wallMs }),
    ...(bootMs !== undefined && { bootMs }),
    ...(awakeMs !== undefined && { awakeMs }),
    ...(steppedAtMs !== undefined && { steppedAtMs }),
    ...(roomlessSinceMs !== undefined && { roomlessSinceMs }),
    traces: Object.fromEntries(records),
    ...(memory.firstSights.size > 0 && { firstSights: Object.fromEntries(firstSights) }),
    answeredSinceMs: Object.fromEntries(memory.answeredSinceMs),
    ...(memory.provenTokens.size > 0 && { provenTokens: Object.fromEntries(memory.provenTokens) }),
    ...(memory.seenOwners.size > 0 && { seenOwners: Object.fromEntries(memory.seenOwners) }),
    ...fromBusy(memory.busy),
    restored: [...restoredIn(memory.restored)],
    sleep: fromSleep(memory.sleep),
    settling: fromSettling(memory.settling),
  };
  writeStateFile(fileOf(stateDir), `${JSON.stringify(stored)}\n`);
  // What was put back is protected by its mark alone: a power cut must not bring back the memory from before.
  syncName(fileOf(stateDir));
}
