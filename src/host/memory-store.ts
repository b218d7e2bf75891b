import { readFileSync } from "node:fs";
import { join } from "node:path";
import { emptyMemory, type Memory, type Restored, type Trace } from "../core/memory.ts";
import { errorCode, sayError } from "./observed.ts";
import { writeStateFile } from "./state-file.ts";

const schema = 1;

type StoredTrace = { digest: string; seenForMs: number; clockStepped?: boolean; absentSinceMs?: number };

type Stored = {
  schema: number;
  bootId?: string;
  wallMs?: number;
  bootMs?: number;
  awakeMs?: number;
  traces: Record<string, Record<string, StoredTrace>>;
  answeredSinceMs: Record<string, number>;
  restored: Restored[];
};

const fileOf = (stateDir: string): string => join(stateDir, "memory.json");

function toTrace({ digest, seenForMs, clockStepped, absentSinceMs }: StoredTrace): Trace {
  return { digest, seenForMs, clockStepped: clockStepped ?? false, absentSinceMs };
}

function fromTrace({ digest, seenForMs, clockStepped, absentSinceMs }: Trace): StoredTrace {
  return { digest, seenForMs, ...(clockStepped && { clockStepped }), ...(absentSinceMs !== undefined && { absentSinceMs }) };
}

/**
 * What the last sweep left. A memory that is missing or cannot be understood is an empty one: sweeps then start to
 * wait anew, which only keeps. `problem` says so where somebody should hear it.
 */
export function loadMemory(stateDir: string): { readonly memory: Memory; readonly problem: string | undefined } {
  try {
    const stored = JSON.parse(readFileSync(fileOf(stateDir), "utf8")) as Stored;
    if (stored.schema !== schema) throw new Error(`it has schema ${stored.schema}, this version reads ${schema}`);
    const traces = Object.entries(stored.traces).map(([path, entries]) => {
      return [path, new Map(Object.entries(entries).map(([key, trace]) => [key, toTrace(trace)]))] as const;
    });
    const { bootId, wallMs, bootMs, awakeMs, restored } = stored;
    return {
      memory: {
        bootId,
        wallMs,
        bootMs,
        awakeMs,
        traces: new Map(traces),
        answeredSinceMs: new Map(Object.entries(stored.answeredSinceMs)),
        restored,
      },
      problem: undefined,
    };
  } catch (error) {
    const problem = errorCode(error) === "ENOENT" ? undefined : `${fileOf(stateDir)}: ${sayError(error)}; starting with an empty memory`;
    return { memory: emptyMemory, problem };
  }
}

export function saveMemory(stateDir: string, memory: Memory): void {
  const { bootId, wallMs, bootMs, awakeMs } = memory;
  const traces = [...memory.traces].map(([path, entries]) => {
    return [path, Object.fromEntries([...entries].map(([key, trace]) => [key, fromTrace(trace)]))] as const;
  });
  const stored: Stored = {
    schema,
    ...(bootId !== undefined && { bootId }),
    ...(wallMs !== undefined && { wallMs }),
    ...(bootMs !== undefined && { bootMs }),
    ...(awakeMs !== undefined && { awakeMs }),
    traces: Object.fromEntries(traces),
    answeredSinceMs: Object.fromEntries(memory.answeredSinceMs),
    restored: [...memory.restored],
  };
  writeStateFile(fileOf(stateDir), `${JSON.stringify(stored)}\n`);
}
