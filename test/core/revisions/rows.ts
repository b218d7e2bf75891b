import type { Judgement } from "../../../src/core/ladder.ts";
import type { Candidate, Candidates, JudgedRegistry, JudgedRow, Observation, Revised } from "../../../src/core/revisions/revision.ts";
import { seen } from "../../../src/core/evidence.ts";
import { nothingClaimed } from "../../../src/core/registration.ts";
import { sceneOf, type Described } from "../scene.ts";

export const alive: Judgement = {
  verdict: "live",
  rung: "attached-process",
  reason: "pid-alive",
  detail: "pid 4711 is alive",
  certain: false,
  ageMs: 1,
};

export type DescribedRow = Partial<Omit<JudgedRow, "claim">> & { readonly claim: Described["claim"] };

/** A registry of these rows, each of them alive unless the test says otherwise. */
export function registryOf(traits: Partial<Omit<JudgedRegistry, "rows">>, ...described: readonly DescribedRow[]): JudgedRegistry {
  const rows = described.map((row, index): JudgedRow => ({
    registry: 0,
    index,
    torn: false,
    judgement: alive,
    authoritative: traits.authoritative ?? false,
    where: "/home/dev/agents.json",
    format: "keyed-json",
    bytes: { file: "/home/dev/agents.json", start: 10 * index, end: 10 * index + 9 },
    writtenMs: undefined,
    ...row,
    claim: { ...nothingClaimed, ...row.claim },
  }));
  return {
    path: "/home/dev/agents.json",
    root: "/home/dev/agents.json",
    authoritative: false,
    keepsReleased: false,
    hostLocks: false,
    recordsPids: true,
    ...traits,
    rows: () => rows,
  };
}

export const localDisk = seen({ local: true, name: "ext4" });

/** What a sweep saw of a candidate, in a world that the test describes. */
export function observationOf({ row }: Candidate, described: Described, fileSystem: ReturnType<Observation["fileSystem"]> = localDisk) {
  return {
    scene: { ...sceneOf({ claim: row.claim, ...described }), claim: row.claim },
    fileSystem: () => fileSystem,
  } satisfies Observation;
}

export function onlyCandidate({ candidates }: Candidates): Candidate {
  const [candidate] = candidates;
  if (candidate === undefined || candidates.length !== 1) throw new Error(`one candidate was expected, there are ${candidates.length}`);
  return candidate;
}

/** A revision in one line: `ghost superseded-by-new-start certain, stamp`. */
export function revisedOf(revised: Revised | undefined): string {
  if (revised === undefined) return "the verdict stands";
  const { judgement, change } = revised;
  return `${judgement.verdict} ${judgement.reason}${judgement.certain ? " certain" : ""}, ${change ?? "no change"}`;
}
