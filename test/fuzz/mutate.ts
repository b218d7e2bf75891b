/** Bends texts: at single bytes, at whole JSON values, and with pieces of other texts. */

/** A number from 0 up to `below`, the same ones for the same seed. */
export type Chance = (below: number) => number;

export function chance(seed: number): Chance {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % Math.max(1, below);
  };
}

const longest = 64 * 1024;

const words = [
  ...'{ } [ ] {} [] , : " \\ \\" \\\\ \\u0061 \\ud83d \\u0000 \\/ \\x null true false nul tru -0 0 1 00 1. .5 1e 1e5 1e400 -1E+9 0x10'.split(
    " ",
  ),
  ...'9007199254740993 4194305 4100001 -1 NaN Infinity "" "a" "__proto__" "constructor" "a":1 ,,'.split(" "),
  "\r\n",
  "\t",
  "\u000b",
  "\u00a0",
  "\u2028",
  "\uFEFF",
  "\0",
  "\u007f",
  "/* */",
  "// x\n",
  "'a'",
  "é",
  "🚀",
  '"\n"',
  " ",
  "\n  ",
].map((word) => Buffer.from(word));
const oddBytes = [
  0x00, 0x1f, 0x20, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xc2, 0xed, 0xa0, 0xef, 0xbb, 0xbf, 0xf4, 0xff,
];
const nestings = [2, 10, 100, 511, 512, 513, 1000, 7000, 30_000];

type Bend = (bytes: Buffer, random: Chance, pool: Pool) => Buffer;
export type Pool = { readonly words: readonly Buffer[]; readonly other: (random: Chance) => Buffer };

const pick = <T>(list: readonly T[], random: Chance): T => list[random(list.length)] as T;
const replaced = (bytes: Buffer, start: number, end: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);

function span(bytes: Buffer, random: Chance): readonly [number, number] {
  const start = random(bytes.length + 1);
  const length = random(4) === 0 ? random(bytes.length) : random(12);
  return [start, Math.min(bytes.length, start + length)];
}

/** A place between two tokens, and the next one: a piece that is likely to be a whole value or member. */
function tokens(bytes: Buffer, random: Chance): readonly [number, number] {
  const isEdge = (at: number): boolean => '{}[],:"'.includes(String.fromCharCode(bytes[at] ?? 0x2c));
  let start = random(bytes.length + 1);
  while (start > 0 && !isEdge(start)) start -= 1;
  let end = start + 1;
  const edges = 1 + random(8);
  for (let met = 0; end < bytes.length && met < edges; end += 1) if (isEdge(end)) met += 1;
  return [Math.min(start, bytes.length), Math.min(end, bytes.length)];
}

const bends: readonly Bend[] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[random(copy.length)] = random(2) === 0 ? random(256) : pick(oddBytes, random);
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random(copy.length);
    if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
    return copy;
  },
  (bytes, random) => replaced(bytes, ...span(bytes, random), Buffer.alloc(0)),
  (bytes, random) => replaced(bytes, ...tokens(bytes, random), Buffer.alloc(0)),
  (bytes, random, pool) => {
    const at = random(bytes.length + 1);
    return replaced(bytes, at, at, pick(random(3) === 0 && pool.words.length > 0 ? pool.words : words, random));
  },
  (bytes, random, pool) =>
    replaced(bytes, ...tokens(bytes, random), pick(random(2) === 0 && pool.words.length > 0 ? pool.words : words, random)),
  (bytes, random) => {
    const [start, end] = tokens(bytes, random);
    const at = tokens(bytes, random)[0];
    return replaced(bytes, at, at, bytes.subarray(start, end));
  },
  (bytes, random, pool) => {
    const other = pool.other(random);
    return replaced(bytes, ...tokens(bytes, random), other.subarray(...tokens(other, random)));
  },
  (bytes, random, pool) => {
    const other = pool.other(random);
    return Buffer.concat([bytes.subarray(0, random(bytes.length)), other.subarray(random(other.length))]);
  },
  (bytes, random) => {
    const [start, end] = tokens(bytes, random);
    const count = pick(nestings, random);
    const [open, close] = pick(
      [
        ["[", "]"],
        ['{"a":', "}"],
      ] as const,
      random,
    );
    return replaced(
      bytes,
      start,
      end,
      Buffer.concat([Buffer.from(open.repeat(count)), bytes.subarray(start, end), Buffer.from(close.repeat(count))]),
    );
  },
  (bytes, random) => {
    const [start, end] = tokens(bytes, random);
    return replaced(bytes, start, end, Buffer.concat(Array.from({ length: 2 + random(6) }, () => bytes.subarray(start, end))));
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
];

/** Mostly one change, sometimes several. Long nestings are rare, or they would be most of the work. */
export function bent(bytes: Buffer, random: Chance, pool: Pool): Buffer {
  let now = bytes;
  for (let changes = 1 + (random(2) === 0 ? 0 : random(5)); changes > 0; changes -= 1) {
    const bend = random(200) === 0 ? 9 : random(bends.length - 1);
    now = (bends[bend === 9 && random(20) > 0 ? 11 : bend] as Bend)(now, random, pool);
  }
  return now.length > longest ? now.subarray(0, longest) : now;
}
