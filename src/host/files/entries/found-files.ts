import { matchSegment, type Captures, type Segment } from "../../../registries/pattern.ts";

/** A file that a pattern names, by its path below the registry's directory. */
export type FoundFile = { readonly key: string; readonly captures: Captures };

/** The files of a registry, in the order in which they were found. */
export type FoundFiles = { readonly length: number; readonly at: (index: number) => FoundFile | undefined };

/** Files of one directory, all of which fit one pattern; `captures` is what the way to them says. */
export type FilesOfDirectory = {
  readonly below: string;
  readonly step: Segment;
  readonly captures: Captures;
  readonly names: readonly string[];
};

/**
 * Of each file only its name is kept. Its path is put together, and its name read again, whenever it is asked for: that
 * takes a tenth of what the file system takes to be asked for it, and paths of hundreds of thousands would be most of
 * the memory of a sweep.
 */
export function filesIn(directories: readonly FilesOfDirectory[]): FoundFiles {
  const firsts: number[] = [];
  let length = 0;
  for (const { names } of directories) {
    firsts.push(length);
    length += names.length;
  }
  /** Files are asked for one after the other, so it is mostly the directory that it was before. */
  let last = 0;
  const directoryOf = (index: number): number => {
    let low = index >= (firsts[last] as number) ? last : 0;
    if (index < (firsts[low + 1] ?? length)) return low;
    for (let high = directories.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((firsts[middle] as number) <= index) low = middle;
      else high = middle;
    }
    return low;
  };
  return {
    length,
    at: (index) => {
      if (index < 0 || index >= length) return undefined;
      last = directoryOf(index);
      const { below, step, captures, names } = directories[last] as FilesOfDirectory;
      const name = names[index - (firsts[last] as number)] as string;
      const said = matchSegment(step, name) ?? {};
      return { key: below === "" ? name : `${below}/${name}`, captures: isNothing(captures) ? said : { ...captures, ...said } };
    },
  };
}

const isNothing = ({ pid, port, sessionId }: Captures): boolean => pid === undefined && port === undefined && sessionId === undefined;
