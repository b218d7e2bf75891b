/** A process as a look first found it. */
export type Born = { readonly pid: number; readonly parentPid: number; readonly kernelSession: number; readonly startTicks: string };

/** The same, with the line of those that had started it, as it stood then: a parent that ends later does not leave it. */
export type Line = Born & {
  readonly above: Line | undefined;
  /** The number of the look that found it. */
  readonly foundAt: number;
};

/** Living processes by pid, and how many looks there have been. */
export type Lines = { readonly looks: number; readonly byPid: ReadonlyMap<number, Line> };

export const noLines: Lines = { looks: 0, byPid: new Map() };

/** So many ticks, of which a second has a hundred, are in the 2^64 ns after which the kernel begins anew. */
const turn = 2n ** 64n / 10_000_000n;

/** In a time namespace whose boot is later than a process's start, that start is shown as one of the turn before. */
function ticksOf({ startTicks }: Pick<Born, "startTicks">): bigint {
  const ticks = BigInt(startTicks);
  return ticks > turn / 2n ? ticks - turn : ticks;
}

const isBefore = (a: Pick<Born, "startTicks">, b: Pick<Born, "startTicks">): boolean => ticksOf(a) < ticksOf(b);

/** A line of more processes than this loses some of those that have ended: one that starts itself anew for ever fills no memory. */
const longLine = 64;

/** Of so many kernel sessions at most it keeps one process each that has ended. */
const keptSessions = 16;

/** A line without some that have ended and whose end is of no matter any more; `isWanted` tells the others. */
function shortened(line: Line, isWanted: (one: Born) => boolean): Line {
  const [all, sessions] = [[line, ...lineAbove(line)], new Set<number>()];
  if (all.length <= longLine) return line;
  const kept = all.filter((one, nth) => {
    if (nth === 0 || isWanted(one)) return true;
    if (sessions.size >= keptSessions || sessions.has(one.kernelSession)) return false;
    sessions.add(one.kernelSession);
    return true;
  });
  return kept.reduceRight<Line | undefined>((above, one) => ({ ...one, above }), undefined) ?? line;
}

/**
 * The lines after another look: of processes that it still found, and of those that it found for the first time, which can
 * have the pid of one that it had found before. `isAwaited` tells of which process an end may be told yet, though no look
 * finds it any more.
 */
export function linesAfter(before: Lines, there: Iterable<number>, born: readonly Born[], isAwaited: (one: Born) => boolean): Lines {
  const byPid = new Map<number, Line>();
  for (const pid of there) {
    const line = before.byPid.get(pid);
    if (line !== undefined) byPid.set(pid, line);
  }
  const looks = before.looks + 1;
  const isWanted = (one: Born): boolean => byPid.get(one.pid)?.startTicks === one.startTicks || isAwaited(one);
  const fresh = new Map(born.map((one) => [one.pid, one]));
  const place = (one: Born): void => {
    if (!fresh.delete(one.pid)) return;
    // In one tick a child can have the smaller pid, for pids come around.
    const other = fresh.get(one.parentPid);
    if (other !== undefined && !isBefore(one, other)) place(other);
    const parent = byPid.get(one.parentPid) ?? before.byPid.get(one.parentPid);
    const above = parent === undefined || isBefore(one, parent) ? undefined : shortened(parent, isWanted);
    byPid.set(one.pid, { ...one, above, foundAt: looks });
  };
  // A parent was there before its child: the order of their starts is that of the lines.
  for (const one of born.toSorted((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0))) place(one);
  return { looks, byPid };
}

function* lineAbove(line: Line): Generator<Line, undefined> {
  for (let above = line.above; above !== undefined; above = above.above) yield above;
}

const isSame = (a: Born, b: Born): boolean => a.pid === b.pid && a.startTicks === b.startTicks;

/**
 * Whether a process may have been started by one that has ended: it was seen below it; it stands in its kernel session and
 * no older process of that explains it; or it was first found after the last look that found the other alive, and its parent
 * is one that takes in what an ended process leaves, which can be init or any that stood above it.
 */
function mayDescend(one: Line, ended: Line, aliveAt: number): boolean {
  if (isSame(one, ended) || isBefore(one, ended)) return false;
  let isExplained = false;
  for (const above of lineAbove(one)) {
    if (isSame(above, ended)) return true;
    if (above.kernelSession === ended.kernelSession) isExplained = true;
  }
  if (one.kernelSession === ended.kernelSession && (ended.pid === ended.kernelSession || !isExplained)) return true;
  if (one.foundAt <= aliveAt) return false;
  return one.parentPid === 1 || [...lineAbove(ended)].some(({ pid }) => pid === one.parentPid);
}

/** What a process may have started of what lives now; `aliveAt` is the number of the last look that found it. */
export function outliving({ byPid }: Lines, ended: Line, aliveAt: number): readonly Line[] {
  return [...byPid.values()].filter((one) => mayDescend(one, ended, aliveAt));
}
