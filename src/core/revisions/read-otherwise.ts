import { formatMessage } from "../answer.ts";
import type { Judgement } from "../ladder.ts";
import { noQuestions, type Bytes, type Candidate, type JudgedRegistry, type JudgedRow, type Revision } from "./revision.ts";

/** Life goes before doubt, doubt before a death by absence, and that before a proven one. */
function lifeIn({ verdict, certain }: Judgement): number {
  if (verdict === "ghost") return certain ? 0 : 1;
  return verdict === "undecided" ? 2 : 3;
}

/** Whether files of one can be files of the other: one of them is the other, or lies below it. */
function meets({ root }: JudgedRegistry, other: JudgedRegistry): boolean {
  return root === other.root || root.startsWith(`${other.root}/`) || other.root.startsWith(`${root}/`);
}

type Ghosts = ReadonlyMap<string, readonly JudgedRow[]>;

/** The ghosts of a registry by file, in the order of their bytes: two entries of one registry have none in common. */
function ghostsIn({ rows }: JudgedRegistry): Ghosts {
  const byFile = new Map<string, JudgedRow[]>();
  for (const row of rows()) {
    if (row.judgement.verdict !== "ghost") continue;
    const those = byFile.get(row.bytes.file);
    if (those === undefined) byFile.set(row.bytes.file, [row]);
    else those.push(row);
  }
  return byFile;
}

/** The ghost with which these bytes would go. */
function ghostAround(ghosts: Ghosts, { file, start, end }: Bytes): JudgedRow | undefined {
  const those = ghosts.get(file) ?? [];
  let [low, high] = [0, those.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((those[middle] as JudgedRow).bytes.start <= start) low = middle + 1;
    else high = middle;
  }
  const before = those[low - 1];
  return before !== undefined && end <= before.bytes.end ? before : undefined;
}

function candidatesIn(registry: JudgedRegistry, others: readonly JudgedRegistry[]): readonly Candidate[] {
  const ghosts = others.length === 0 ? new Map<string, never>() : ghostsIn(registry);
  if (ghosts.size === 0) return [];
  const strongest = new Map<JudgedRow, JudgedRow>();
  for (const { rows } of others) {
    for (const other of rows()) {
      const row = ghostAround(ghosts, other.bytes);
      if (row === undefined || lifeIn(other.judgement) <= lifeIn((strongest.get(row) ?? row).judgement)) continue;
      strongest.set(row, other);
    }
  }
  return [...strongest].map(([row, other]) => ({ row, other }));
}

/**
 * Two registries that read the same bytes otherwise: of two declarations one is a mistake, and which is not known. What goes
 * as a ghost of one is gone for the other, too.
 */
export const readOtherwise: Revision = {
  name: "read-otherwise",
  rule: "A ghost stays while another registry or declaration that reads the same bytes sees life in them, or has a doubt.",
  candidates: (registries) => ({
    candidates: registries.flatMap((one) =>
      candidatesIn(
        one,
        registries.filter((other) => other !== one && meets(one, other)),
      ),
    ),
    flapping: [],
  }),
  asks: () => noQuestions,
  revise: ({ other }) => {
    if (other === undefined) return undefined;
    const { judgement, where, format } = other;
    const detail = (): string => `${format} reads the same bytes (${where}): ${formatMessage(judgement.detail)}`;
    return { judgement: { ...judgement, detail }, detail, change: undefined, noted: {} };
  },
};
