/** What a fuzzer tries: texts to begin with, and a law that throws for a text that breaks it. */
export type Target = {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  /** Words that its texts are made of, beside those of JSON. */
  readonly words: readonly string[];
  readonly check: (bytes: Buffer) => void;
};

export class Broken extends Error {}

export function holds(condition: boolean, law: string): asserts condition {
  if (!condition) throw new Broken(law);
}

/** Numbers that look random and are the same for the same text. */
export function* numbersFrom(bytes: Buffer): Generator<number, never> {
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    yield state;
  }
}
