export type Random = {
  readonly chance: (share: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  readonly some: <T>(list: readonly T[], share: number) => readonly T[];
};

type Place = (...parts: readonly string[]) => string;
type Tool = { readonly path: string; readonly isReal: boolean };

/** Where what is launched stands. The texts of scripts are made there, and their paths are given back. */
export type Programs = {
  readonly at: Place;
  readonly native: Place;
  readonly script: Place;
  readonly text: (content: string, ...parts: readonly string[]) => string;
  readonly tool: (...names: readonly string[]) => Tool;
  readonly shellCalled: Place;
  readonly command: (...parts: readonly string[]) => void;
  readonly loader: string | undefined;
};

/** A launch: its words, the file that runs where that is not the first of them, and the files that it holds open. */
export type Drawn = {
  readonly kind: string;
  readonly words: readonly [string, ...string[]];
  readonly path?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly writes?: readonly string[];
};

export function randomFrom(seed: number): Random;
export function grammarOf(programs: Programs, random: Random): { readonly draw: (id: string) => Drawn };
