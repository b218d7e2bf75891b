import { Session } from "node:inspector";

/** Which bytes of the code under test ran, and about how often. */
export type Coverage = {
  /** Marks what has run since the last call; answers whether any of it is new. */
  readonly take: (byCount: boolean) => boolean;
  /** Share of the code that ever ran, by source file. */
  readonly share: () => ReadonlyMap<string, { readonly ran: number; readonly all: number }>;
};

type Range = { readonly startOffset: number; readonly endOffset: number; readonly count: number };
type Script = {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[]; readonly isBlockCoverage: boolean }[];
};
type Section = { readonly file: string; readonly start: number; readonly end: number };

/** esbuild says before each module which file it was. */
function sectionsOf(code: string, isWanted: (file: string) => boolean): readonly Section[] {
  const heads = [...code.matchAll(/^\/\/ (\S+\.ts)$/gm)];
  const all = heads.map((head, at): Section => {
    return { file: head[1] ?? "", start: head.index + head[0].length, end: heads[at + 1]?.index ?? code.length };
  });
  return all.filter(({ file }) => isWanted(file));
}

/** Ran in a look at many executions: a mark of its own, so that the one of them that ran it first is new by its count. */
const among = 128;
/** About how often: once, twice, a few times, often. */
const bucket = (count: number): number => (count <= 2 ? count : count <= 4 ? 4 : count <= 16 ? 8 : count <= 128 ? 16 : 32);

/**
 * V8's own block coverage. It costs 0.3 ms a look, so one look usually is for many executions, and only a look that
 * finds something new is followed by one for each of them.
 */
export function watchCoverage(url: string, code: string, isWanted: (file: string) => boolean): Coverage {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters: object = {}): unknown => {
    let result: unknown;
    session.post(method, parameters, (error, answer) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`);
      result = answer;
    });
    return result;
  };
  post("Profiler.enable");
  post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const sections = sectionsOf(code, isWanted);
  const wanted = new Uint8Array(code.length);
  for (const { start, end } of sections) wanted.fill(1, start, end);
  const ever = new Uint8Array(code.length);
  const declared = new Uint8Array(code.length);
  const counts = new Float64Array(code.length);

  function take(byCount: boolean): boolean {
    const { result } = post("Profiler.takePreciseCoverage") as { readonly result: readonly Script[] };
    const ours = result.find((script) => script.url === url);
    let isNew = false;
    for (const { ranges, isBlockCoverage } of ours?.functions ?? []) {
      const [whole] = ranges;
      if (whole === undefined || !isBlockCoverage || wanted[whole.startOffset] !== 1) continue;
      for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
      for (let at = whole.startOffset; at < whole.endOffset; at += 1) {
        const count = counts[at] ?? 0;
        const mark = byCount ? bucket(count) : Math.min(among, count * among);
        declared[at] = 1;
        if ((mark & ~(ever[at] ?? 0)) !== 0) {
          ever[at] = (ever[at] ?? 0) | mark;
          isNew = true;
        }
      }
    }
    return isNew;
  }

  function share(): ReadonlyMap<string, { readonly ran: number; readonly all: number }> {
    return new Map(
      sections.map(({ file, start, end }) => {
        let [ran, all] = [0, 0];
        for (let at = start; at < end; at += 1) {
          if (declared[at] === 1) all += 1;
          if (declared[at] === 1 && ever[at] !== 0) ran += 1;
        }
        return [file, { ran, all }] as const;
      }),
    );
  }

  return { take, share };
}
