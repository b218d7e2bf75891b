import type { Change } from "../../core/plan/plan.ts";
import type { KeptRow } from "../../core/tombstone.ts";
import { supersedeReason } from "../../core/revisions/superseded.ts";
import type { RowChanged } from "../../host/databases/change-rows.ts";
import { stampLike } from "../../registries/released.ts";
import { literalOf } from "../../registries/rows/literals.ts";
import { columnsOf, countUnchanged, deleteRow, writeRow, type Columns } from "../../registries/rows/statements.ts";
import type { Row } from "../../registries/rows/table.ts";
import type { ExaminedRegistry, RevisedEntry } from "../judge/examined.ts";
import { valuesOfRow } from "../load/load-rows.ts";
import { serverTableOf, type RowsRegistry } from "../load/loaded.ts";
import type { Pass } from "../pass.ts";
import { change, noRetry, type Attempted, type Confirm } from "./change.ts";
import { batchesOf } from "./batches.ts";
import { answersOf, lastLook, lookAtRevised } from "./last-look.ts";
import {
  cameBack,
  changedSince,
  done,
  foundElsewhere,
  leftBusy,
  notDone,
  recordIn,
  type NotDone,
  type Outcome,
  type Selection,
} from "./outcome.ts";
import { tombstoneLine } from "./tombstone-batch.ts";

/** An examined registry that is a table. */
export type RowsExamined = ExaminedRegistry & { readonly loaded: RowsRegistry };

/** A row as it was judged; `written` are the columns that are to say something else, undefined where it is to go. */
type ReadyRow = RevisedEntry & { readonly row: Row; readonly columns: Columns; readonly written: Columns | undefined };

/** A constraint of its table speaks against what would be written, for as long as that row is there. */
const inTheWay = notDone("failed", "its table does not allow it: another row says already what would be written");

/** Each is a transaction of its own, after one last look for all of them. */
const turn = 256;

/** The columns that say when and why a row was released. */
function releaseIn({ target, table }: RowsRegistry, row: Row, at: string, reason: string): Columns | undefined {
  const { releases } = target.format;
  if (releases === undefined) return undefined;
  const when = stampLike(valuesOfRow(table, row), releases.like, at);
  return { [releases.at]: literalOf(when), [releases.reason]: literalOf(reason) };
}

/** What became of a row. */
export function attemptedBy(result: RowChanged, ifTaken: NotDone): Attempted {
  switch (result.kind) {
    case "done":
      return done();
    case "unsure":
      return done("its server went away and did not say whether it was done; its tombstone stays");
    case "changed":
      return { kind: "changed" };
    case "taken":
      return ifTaken;
    case "busy":
      return leftBusy({ pid: undefined, name: undefined, why: result.why });
    case "failed":
      return notDone("failed", result.problem);
  }
}

function keptRow({ table }: RowsRegistry, { row, columns, written }: ReadyRow): KeptRow {
  return {
    layout: "rows",
    table: table.name,
    ...(row.rowid !== undefined && { rowid: row.rowid }),
    columns,
    ...(written !== undefined && { written }),
  };
}

/** Of a file each row is a transaction, of a server all together are one. */
async function changeAll({ host }: Pass, loaded: RowsRegistry, rows: readonly ReadyRow[]): Promise<readonly RowChanged[]> {
  const { table, file } = loaded;
  const onServer = serverTableOf(loaded);
  if (onServer !== undefined) {
    const { server, shape } = onServer;
    const keyOf = (columns: Columns): readonly string[] => table.key.map((name) => columns[name] ?? "NULL");
    return host.changeServerRows(
      server,
      shape,
      rows.map(({ row, columns, written }) => ({
        key: keyOf(columns),
        version: row.version ?? "",
        written,
        ...(row.silence !== undefined && { isStale: true }),
      })),
    );
  }
  if (file.stat === undefined) throw new TypeError("a database's file was expected");
  return host.changeRows(
    file,
    rows.map(({ row, columns, written }) => ({
      statement: written === undefined ? deleteRow(table, columns, row.rowid) : writeRow(table, columns, row.rowid, written),
      still: countUnchanged(table, columns, row.rowid),
    })),
  );
}

/** Changes rows of one table: ghosts are deleted, or their release is written into them. */
export async function changeRows(
  pass: Pass,
  examined: RowsExamined,
  kind: Change,
  selection: Selection,
  outcomes: Map<string, Outcome>,
): Promise<void> {
  const { startedAt } = pass;
  const { loaded } = examined;
  const { table } = loaded;
  const keyOf = ({ entry }: RevisedEntry): string => entry.key;

  function prepare(one: RevisedEntry): ReadyRow | NotDone {
    const { place } = one.entry;
    if (place.kind !== "row") throw new TypeError("a row was expected");
    const row = loaded.rows[place.index] as Row;
    const ready = { ...one, row, columns: columnsOf(table, row) };
    if (kind === "reap") return { ...ready, written: undefined };
    const reason = kind === "stamp" ? supersedeReason : one.judgement.reason.replaceAll("-", "_");
    // Of another machine's row no clock of this one tells when.
    const written = releaseIn(loaded, row, row.silence?.at ?? startedAt, reason);
    return written === undefined ? notDone("skipped", "its table has no columns for a release") : { ...ready, written };
  }

  async function lookLast(rows: readonly ReadyRow[]): Promise<readonly (NotDone | undefined)[]> {
    // What a revision condemned is asked of the revision again, anything else of the ladder.
    const byLadder = kind === "reap" || kind === "mark";
    const entries = rows.map(({ entry }) => entry);
    const look = await (byLadder ? lastLook(pass, examined, entries) : lookAtRevised(pass, examined, rows));
    return answersOf(look, rows, keyOf, kind === "stamp" ? foundElsewhere : cameBack);
  }

  async function commit(rows: readonly ReadyRow[], confirm: Confirm<ReadyRow>): Promise<readonly Attempted[]> {
    const answers = await confirm(rows);
    const free = rows.filter((_, nth) => answers[nth] === undefined);
    const changed = (await changeAll(pass, loaded, free)).values();
    return answers.map((answer) => answer ?? attemptedBy(changed.next().value as RowChanged, inTheWay));
  }

  await change<RevisedEntry, ReadyRow>(
    pass,
    {
      prepare,
      keep: (rows) => pass.tombstones.write(loaded, rows, { makeLine: (row) => tombstoneLine(row, keptRow(loaded, row)) }),
      lastLook: lookLast,
      commit,
      again: noRetry(changedSince),
      record: recordIn(outcomes, kind, keyOf),
      voids: "not-done",
    },
    batchesOf(selection, kind, turn),
  );
}
