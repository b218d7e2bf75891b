import { restoredByKey, restoredIn, type Restored } from "../../core/memory/restored.ts";
import { restoredKeptMs } from "../../core/policy.ts";
import type { Tombstone } from "../../core/tombstone.ts";
import type { Host } from "../../host/host.ts";
import { change, noRetry } from "../apply/change.ts";
import { isNotDone, notDone, type Done, type NotDone } from "../apply/outcome.ts";
import { recordHistory, type Change } from "../history.ts";
import { identityTextOf } from "../judge/remembered.ts";
import { loadRegistry } from "../load/load.ts";
import { type Entry, type ReadRegistry, type RowsRegistry } from "../load/loaded.ts";
import type { Target } from "../load/target.ts";
import { findOwner, noCallers, ownerQuestions } from "../observe/daemon.ts";
import { lookAtWorld, noMentions } from "../observe/observe.ts";
import { unwritableReasonOf } from "../observe/standing.ts";
import type { Pass } from "../pass.ts";
import { unkept } from "../unkept.ts";
import { fileInsertion, memberInsertion, type Insertion } from "./insertions.ts";
import { changedMeanwhile, newcomer, writtenSince, type RestoreOutcome } from "./restored.ts";
import { rowInsertion } from "./row-insertion.ts";
import { memberText } from "./vacancies.ts";

/** Tombstones of one registry. */
export type Tombstoned = { readonly target: Target; readonly tombstones: readonly Tombstone[] };

/** Why nothing may be put back into a registry now; undefined when it may. */
async function obstacle(host: Host, loaded: ReadRegistry): Promise<NotDone | undefined> {
  const { target } = loaded;
  const reportOnly = unwritableReasonOf(host, loaded);
  if (reportOnly !== undefined) return notDone("failed", reportOnly);
  const world = await lookAtWorld(host, { pids: new Set(), owners: ownerQuestions([target]), ...noMentions });
  const owner = await findOwner(host, target, world, noCallers);
  return owner.up ? notDone("failed", `its owner is up (${owner.why}); stop it first`) : undefined;
}

function outcomeOf(tombstone: Tombstone, result: Done | NotDone): RestoreOutcome {
  if (result.kind === "done") return { tombstone, action: "restored", detail: result.note ?? "" };
  return { tombstone, action: result === newcomer || result === writtenSince ? "newcomer" : "failed", detail: result.note };
}

async function insertionInto(host: Host, loaded: ReadRegistry, looked: readonly Tombstone[]): Promise<Insertion> {
  switch (loaded.kind) {
    case "members":
      return memberInsertion(host, loaded);
    case "files":
      return fileInsertion(host, loaded);
    case "rows":
      return rowInsertion(host, loaded, looked);
  }
}

async function putBackInto(pass: Pass, { target, tombstones }: Tombstoned, dryRun: boolean): Promise<readonly RestoreOutcome[]> {
  const { host } = pass;
  const all = (result: NotDone): readonly RestoreOutcome[] => tombstones.map((tombstone) => outcomeOf(tombstone, result));
  const loaded = await loadRegistry(host, target);
  if (loaded.state !== "read") return all(notDone("failed", `its registry ${loaded.problem}`));
  const obstructed = await obstacle(host, loaded);
  if (obstructed !== undefined) return all(obstructed);
  const insertion = await insertionInto(host, loaded, dryRun ? tombstones : []);
  if (dryRun) {
    return tombstones.map((tombstone) => {
      const prepared = insertion.prepare(tombstone);
      return isNotDone(prepared) ? outcomeOf(tombstone, prepared) : { tombstone, action: "would-restore", detail: "" };
    });
  }
  const outcomes = new Map<Tombstone, RestoreOutcome>();
  await change(
    pass,
    {
      ...insertion,
      keep: (ready) => ({ entries: ready, ids: ready.map(({ id }) => id) }),
      lastLook: async (ready) => {
        const answer = await obstacle(host, loaded);
        return ready.map(() => answer);
      },
      again: noRetry(changedMeanwhile),
      record: (tombstone, result) => void outcomes.set(tombstone, outcomeOf(tombstone, result)),
      voids: "done",
    },
    [tombstones],
  );
  return tombstones.map((tombstone) => outcomes.get(tombstone) as RestoreOutcome);
}

/** A row without a key has got another number. */
function sameRow({ table, rows }: RowsRegistry, restored: readonly RestoreOutcome[]): (entry: Entry) => boolean {
  const texts = new Set(
    restored.flatMap(({ tombstone: { kept } }) =>
      kept.layout === "rows" ? JSON.stringify(table.columns.map((name) => kept.columns[name])) : [],
    ),
  );
  return ({ place }) => place.kind === "row" && texts.has(JSON.stringify(rows[place.index]?.literals.slice(0, table.columns.length)));
}

/** Returns which entries are those that were put back: by their keys, or in an array, which gives none, by what they say. */
function backIn(now: ReadRegistry, restored: readonly RestoreOutcome[]): (entry: Entry) => boolean {
  const keys = new Set(restored.map(({ tombstone }) => tombstone.key));
  if (now.kind === "rows" && now.table.key.length === 0) return sameRow(now, restored);
  if (now.kind !== "members" || now.entries.elements === undefined) return ({ key }) => keys.has(key);
  const { file, container } = now;
  const texts = new Set(restored.flatMap(({ tombstone: { kept } }) => (kept.layout === "members" ? memberText(kept) : [])));
  const textAt = (index: number): string => file.bytes.toString("utf8", container.members.start(index), container.members.end(index));
  return ({ place }) => place.kind === "member" && texts.has(textAt(place.index));
}

/** Marks of what was put back, so that the next sweep does not take it away again. */
async function marksOf(host: Host, target: Target, restored: readonly RestoreOutcome[]): Promise<readonly Restored[]> {
  const now = await loadRegistry(host, target);
  if (now.state !== "read") return [];
  const isBack = backIn(now, restored);
  const { wallMs } = host.clock();
  const untilMs = (wallMs.seen ? wallMs.value : 0) + restoredKeptMs;
  const marks: Restored[] = [];
  for (const entry of now.entries) {
    const { key, claim } = entry;
    if (isBack(entry) && claim.ok) marks.push({ registry: target.path, key, digest: host.digest(identityTextOf(entry, claim)), untilMs });
  }
  return marks;
}

async function saveMarks({ host }: Pass, target: Target, restored: readonly RestoreOutcome[]): Promise<void> {
  const { memory } = host.store.loadMemory();
  const marks = await marksOf(host, target, restored);
  await host.store.saveMemory({ ...memory, restored: restoredByKey([...restoredIn(memory.restored), ...marks]) });
}

function changesIn(outcomes: readonly RestoreOutcome[]): readonly Change[] {
  return outcomes.flatMap(({ tombstone: { id, registry, key, reason }, action }) =>
    action === "restored" || action === "failed" ? [{ registry, key, action, reason, tombstone: id }] : [],
  );
}

/**
 * Puts tombstoned entries back into their registries. Tombstones whose entry is back are taken away; a newcomer of the
 * same name is never overwritten, and neither is an owner that is up. Returns what became of each, and what could not be
 * kept of it.
 */
export async function restore(
  pass: Pass,
  places: readonly Tombstoned[],
  dryRun: boolean,
): Promise<{ readonly outcomes: readonly RestoreOutcome[]; readonly problems: readonly string[] }> {
  const { host, id: sweepId, startedAt: at } = pass;
  const all: (readonly RestoreOutcome[])[] = [];
  const problems: string[] = [];
  for (const place of places) {
    const became = await putBackInto(pass, place, dryRun);
    all.push(became);
    const restored = became.filter(({ action }) => action === "restored");
    const keep = (): Promise<void> => saveMarks(pass, place.target, restored);
    if (restored.length > 0) problems.push(...(await unkept("that they are to be left alone", keep)));
  }
  const outcomes = all.flat();
  const changes = dryRun ? [] : changesIn(outcomes);
  const record = (): void => recordHistory(host, { sweepId, at, command: "restore" }, changes, changes.length);
  problems.push(...(await unkept("its history", record)));
  return { outcomes, problems };
}
