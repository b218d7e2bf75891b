/** One process as `/proc` shows it. */
export type ProcessRow = {
  readonly pid: number;
  readonly parentPid: number;
  /** The kernel's session id, which a child keeps when it changes its process group. */
  readonly kernelSession: number;
  /** The controlling terminal's device number; 0 for none. */
  readonly terminal: number;
  readonly startTicks: string;
  readonly uid: number;
  /** The one letter of `/proc/<pid>/stat`. */
  readonly state: string;
  readonly argv: readonly string[];
};

export type ProcessTree = ReadonlyMap<number, ProcessRow>;

/** Start ticks as they count: the older of two processes has the smaller number. */
export function compareStart(a: Pick<ProcessRow, "startTicks">, b: Pick<ProcessRow, "startTicks">): number {
  const difference = BigInt(a.startTicks) - BigInt(b.startTicks);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The parent, its parent and so on; a chain that bites its own tail (pids changed while looking) ends there. */
export function chainAbove(tree: ProcessTree, pid: number): readonly ProcessRow[] {
  const chain: ProcessRow[] = [];
  const met = new Set([pid]);
  for (let row = tree.get(tree.get(pid)?.parentPid ?? 0); row !== undefined && !met.has(row.pid); row = tree.get(row.parentPid)) {
    met.add(row.pid);
    chain.push(row);
  }
  return chain;
}

/**
 * Was a process left behind in its kernel session: does its chain of parents leave the session without having met the
 * leader? A job of the same shell is no orphan, for its chain ends at the shell.
 */
export function isOrphan(tree: ProcessTree, row: ProcessRow): boolean {
  let top = row;
  for (const above of chainAbove(tree, row.pid)) {
    if (above.kernelSession !== row.kernelSession) break;
    top = above;
  }
  return top.pid !== row.kernelSession;
}

/** A zombie or a dead process runs nothing. */
export function isRunning({ state }: ProcessRow): boolean {
  return state !== "Z" && state !== "X";
}
