import type { Change } from "../../core/plan/plan.ts";
import type { RevisedEntry } from "../judge/examined.ts";
import type { Selection } from "./outcome.ts";

/** The entries that are to be changed, so many at a time. Of all of them no list is made: there can be a million. */
export function* batchesOf(selection: Selection, kind: Change, size: number): Generator<readonly RevisedEntry[], undefined> {
  let batch: RevisedEntry[] = [];
  for (const index of selection.indexesOf(kind)) {
    batch.push(selection.at(index));
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
