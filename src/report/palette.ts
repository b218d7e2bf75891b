/** What a colour means; made once per stream. Without colour every style leaves its text alone. */
export type Palette = {
  readonly ghost: (text: string) => string;
  readonly undecided: (text: string) => string;
  readonly live: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly problem: (text: string) => string;
};

const same = (text: string): string => text;

export const plain: Palette = { ghost: same, undecided: same, live: same, faint: same, strong: same, problem: same };
