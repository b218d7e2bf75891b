import { intentFor } from "../../core/plan/plan.ts";
import type { FlappingIdentity } from "../../core/revisions/flapping.ts";
import type { Bytes, JudgedRegistry, JudgedRow, Revised } from "../../core/revisions/revision.ts";
import { revisions } from "../../core/revisions/revisions.ts";
import { containerOf, type ReadRegistry } from "../load/loaded.ts";
import { findOwner } from "../observe/daemon.ts";
import type { World } from "../observe/observe.ts";
import type { LookingPass, RegistryView } from "../pass.ts";
import { changeIn, registryPolicyOf, type ExaminedEntry, type ExaminedRegistry, type RevisedEntry } from "./examined.ts";
import { lookAndRevise, type Placed } from "./revised-looks.ts";

/** A file of its own goes whole, and so does a row. */
function bytesOf(loaded: ReadRegistry, key: string, index: number): Bytes {
  if (loaded.kind === "files") return { file: `${loaded.realPath}/${key}`, start: 0, end: Number.POSITIVE_INFINITY };
  if (loaded.kind === "rows") return { file: `${loaded.file.realPath}\0${loaded.table.name}\0${key}`, start: 0, end: 0 };
  const { members } = loaded.container;
  return { file: loaded.file.realPath, start: members.start(index), end: members.end(index) };
}

function judgedRegistry({ loaded, entries }: ExaminedRegistry, registry: number): JudgedRegistry {
  const { path, format } = loaded.target;
  const { authoritative } = format;
  function* rows(): Generator<JudgedRow, undefined> {
    for (let index = 0; index < loaded.entries.length; index += 1) {
      const { key, claim, duplicate, place } = loaded.entries.at(index);
      if (!claim.ok || duplicate) continue;
      yield {
        registry,
        index,
        claim: claim.registration,
        torn: claim.torn,
        get judgement() {
          return entries.at(index).judgement;
        },
        authoritative,
        where: loaded.kind === "files" ? `${path}/${key}` : path,
        format: format.name,
        get bytes() {
          return bytesOf(loaded, key, index);
        },
        writtenMs: place.kind === "file" ? place.state.mtimeMs : undefined,
      };
    }
  }
  const keepsReleased = format.releases !== undefined;
  return {
    path,
    root: containerOf(loaded).realPath,
    authoritative,
    keepsReleased,
    hostLocks: format.hostLocks,
    recordsPids: loaded.pids.size > 0,
    rows,
  };
}

function withRevision(pass: LookingPass, examined: ExaminedRegistry, { revision, candidate }: Placed, revised: Revised): ExaminedEntry {
  const one = examined.entries.at(candidate.row.index);
  const { judgement } = revised;
  const changed = [...one.revisions.map((applied) => applied.revised), revised].findLast(({ change }) => change !== undefined);
  const change = changed?.change ?? changeIn(examined.loaded);
  const intent = intentFor(judgement, one.memory, registryPolicyOf(examined), pass.policy, change);
  return { ...one, judgement, intent, revisions: [...one.revisions, { revision, candidate, revised }] };
}

/** Sees the verdicts of the ladder anew, by one revision after another. */
export async function withRevisions(
  pass: LookingPass,
  examined: readonly ExaminedRegistry[],
  world: World,
): Promise<{ readonly registries: readonly ExaminedRegistry[]; readonly flapping: readonly FlappingIdentity[] }> {
  let registries = examined;
  const loops: (readonly FlappingIdentity[])[] = [];
  for (const revision of revisions) {
    const { candidates, flapping } = revision.candidates(registries.map(judgedRegistry));
    loops.push(flapping);
    const placed = candidates.flatMap((candidate): readonly Placed[] => {
      const view = registries[candidate.row.registry];
      return view === undefined ? [] : [{ revision, candidate, view, entry: view.loaded.entries.at(candidate.row.index) }];
    });
    if (placed.length === 0) continue;
    const { said } = await lookAndRevise(pass, placed, world);
    registries = registries.map((one) => {
      const changed = new Map<number, ExaminedEntry>();
      for (const [index, revised] of said.entries()) {
        const place = placed[index];
        if (place?.view === one && revised !== undefined) changed.set(place.candidate.row.index, withRevision(pass, one, place, revised));
      }
      return changed.size === 0 ? one : { ...one, entries: one.entries.withChanged(changed) };
    });
  }
  return { registries, flapping: loops.flat() };
}

/**
 * Looks once more, in the moment before revised entries of one registry are changed: whether its owner is up, and of
 * which entries the revision still says that they are to be changed.
 */
export async function stillRevised(
  pass: LookingPass,
  view: RegistryView,
  rows: readonly RevisedEntry[],
): Promise<{ readonly ownerUp: boolean; readonly still: ReadonlySet<RevisedEntry> }> {
  const placed = rows.map(({ entry, revisions: applied }) => {
    const changing = applied.find(({ revised }) => revised.change !== undefined);
    if (changing === undefined) throw new TypeError("an entry that a revision is to change was expected");
    return { ...changing, view, entry };
  });
  const { world, said } = await lookAndRevise(pass, placed, undefined);
  const { up } = await findOwner(pass.host, view.loaded.target, world, pass.callers);
  const still = rows.filter((_, index) => said[index]?.change === placed[index]?.revised.change);
  return { ownerUp: up, still: new Set(still) };
}
