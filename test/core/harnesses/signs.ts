import { baseName, launchedTarget } from "../../../src/core/agents/agents.ts";
import { wordsOf } from "../../../src/core/agents/argv.ts";
import type { ProcessRow } from "../../../src/core/agents/process-tree.ts";
import { seen, type Observed } from "../../../src/core/evidence.ts";
import type { HeldRegistration, OwnershipSigns, Program } from "../../../src/core/harnesses/ownership-signs.ts";

/** What runs, where nothing else is told: the program that a process calls itself by, and the script that it says. */
export function programOf({ argv }: Pick<ProcessRow, "argv">, more: Partial<Program> = {}): Observed<Program> {
  const path = `/usr/bin/${baseName(wordsOf(argv)[0] ?? "")}`;
  const target = launchedTarget(argv);
  const script = target === undefined ? undefined : { path: target, file: target };
  return seen({ exe: { path, file: path }, script, locked: seen([]), ...more });
}

/** Signs as they are where nothing but the processes shows anything. */
export function signsOf(rows: readonly ProcessRow[], more: Partial<OwnershipSigns> = {}): OwnershipSigns {
  return {
    tree: new Map(rows.map((row) => [row.pid, row])),
    heldThreads: [],
    registrations: [],
    mentions: [],
    registered: new Set(more.registrations?.map(({ sessionId }) => sessionId)),
    registeredPids: new Set(more.registrations?.map(({ pid }) => pid)),
    unread: undefined,
    closed: new Set(),
    ...more,
    programs: new Map([...rows.map((row) => [row.pid, programOf(row)] as const), ...(more.programs ?? [])]),
  };
}

/** A registration with the start of its process, in a registry that the agent does not write itself. */
export function held(pid: number, sessionId: string, more: Partial<HeldRegistration> = {}): HeldRegistration {
  return { sessionId, pid, proven: true, authoritative: false, current: false, namesHost: false, ...more };
}

/** The record that an agent keeps itself, and keeps right. */
export const own = { authoritative: true, current: true } as const;
