import type { Coverage } from "./coverage.ts";
import { bent, chance } from "./mutate.ts";
import type { Target } from "./law.ts";

export type Limits = { readonly seed: number; readonly executions: number; readonly cpuMs: number };

export type Found = { readonly law: string; readonly bytes: Buffer };
export type Fuzzed = { readonly executions: number; readonly corpus: readonly Buffer[]; readonly found: Found | undefined };

/** So many executions are looked at together. */
const batch = 24;

/** Time in the kernel counts, too: some targets write files. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function problemWith({ check }: Target, bytes: Buffer): string | undefined {
  try {
    check(bytes);
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** Shrinking ends after so long, in ms of processor time. */
const shrinkMs = 5000;

/** The same crash with less text around it. */
function shrunk(target: Target, bytes: Buffer, law: string): Buffer {
  const kind = (text: string | undefined): string | undefined => text?.split(":").slice(0, 2).join(":").slice(0, 60);
  const until = cpuMs() + shrinkMs;
  let now = bytes;
  for (let length = now.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at + length <= now.length && cpuMs() < until;) {
      const less = Buffer.concat([now.subarray(0, at), now.subarray(at + length)]);
      if (kind(problemWith(target, less)) === kind(law)) now = less;
      else at += length;
    }
  }
  return now;
}

/** Half of the time one of the newest texts: what has just reached new code may reach more. */
function chooseFrom(corpus: readonly Buffer[], random: (below: number) => number): Buffer {
  const newest = Math.max(1, corpus.length >> 3);
  return corpus[random(2) === 0 ? corpus.length - 1 - random(newest) : random(corpus.length)] as Buffer;
}

/**
 * Bends texts until one breaks the law or the time is over. Texts that reach code which none has reached before are
 * kept and bent in their turn.
 */
export function fuzz(target: Target, coverage: Coverage, { seed, executions: limit, cpuMs: patience }: Limits): Fuzzed {
  const random = chance(seed);
  const corpus: Buffer[] = [];
  const pool = { words: target.words.map((word) => Buffer.from(word)), other: () => chooseFrom(corpus, random) };
  const started = cpuMs();
  let executions = 0;

  /** What breaks the law, or undefined. Whatever reached something new is kept. */
  function tryAll(texts: readonly Buffer[], keepAll: boolean): Found | undefined {
    for (const bytes of texts) {
      executions += 1;
      const law = problemWith(target, bytes);
      if (law !== undefined) return { law, bytes: shrunk(target, bytes, law) };
    }
    if (keepAll) corpus.push(...texts);
    else if (coverage.take(false)) for (const bytes of texts) keepIfNew(bytes);
    else keepIfNew(texts[random(texts.length)] as Buffer);
    return undefined;
  }

  // The look that found something has marked it, so each is kept that does what is new in count, or is the first to do it.
  function keepIfNew(bytes: Buffer): void {
    executions += 1;
    target.check(bytes);
    if (coverage.take(true)) corpus.push(bytes);
  }

  let found = tryAll(target.seeds, true);
  coverage.take(false);
  while (found === undefined && executions < limit && cpuMs() - started < patience) {
    found = tryAll(
      Array.from({ length: batch }, () => bent(chooseFrom(corpus, random), random, pool)),
      false,
    );
  }
  return { executions, corpus, found };
}
