import type * as v from "valibot";
import { cause, guard, posture } from "../../report/model/guards.ts";
import { lastRun } from "../../report/model/last-run.ts";
import { harnessReport, ownersDocument, processReport, retiredProcess } from "../../report/model/owners.ts";
import { action, entryReport, reason, registryReport, rung, summary, sweepDocument, verdict } from "../../report/model/sweep.ts";
import { registryConfig } from "../config/schema/registry-schema.ts";
import { configDocument } from "./config.ts";
import { doctorDocument } from "./doctor.ts";
import { explainDocument } from "./explain.ts";
import { failureDocument } from "./failure.ts";
import { doneFieldsDocument, fieldsDocument } from "./fields.ts";
import { fleetDocument } from "./fleet.ts";
import { historyDocument } from "./history.ts";
import { reapDocument } from "./reap.ts";
import { restoreDocument } from "./restore.ts";
import { suggestDocument } from "./suggest.ts";
import { whoDocument } from "./who.ts";

/** All that is printed with `--json`. */
export const documents = {
  sweep: sweepDocument,
  fields: fieldsDocument,
  explain: explainDocument,
  history: historyDocument,
  historyFields: doneFieldsDocument,
  restore: restoreDocument,
  owners: ownersDocument,
  who: whoDocument,
  reap: reapDocument,
  config: configDocument,
  suggest: suggestDocument,
  doctor: doctorDocument,
  fleet: fleetDocument,
  failure: failureDocument,
} as const;

/** Shapes that stand in several documents, or several times in one; the published schema has each of them once. */
export const parts = {
  action,
  cause,
  entry: entryReport,
  guard,
  harness: harnessReport,
  lastRun,
  posture,
  process: processReport,
  reason,
  registry: registryReport,
  registryConfig,
  retiredProcess,
  rung,
  summary,
  verdict,
} as const;

export type OutputDocument = v.InferOutput<(typeof documents)[keyof typeof documents]>;
