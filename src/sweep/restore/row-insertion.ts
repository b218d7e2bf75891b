import type { KeptRow, Tombstone } from "../../core/tombstone.ts";
import type { RowChange, RowChanged } from "../../host/databases/change-rows.ts";
import type { Host } from "../../host/host.ts";
import { boundOf } from "../../registries/rows/literals.ts";
import { insertRow, unwriteRow } from "../../registries/rows/statements.ts";
import type { TableShape, Where } from "../../registries/rows/table.ts";
import type { Attempted } from "../apply/change.ts";
import { attemptedBy } from "../apply/change-rows.ts";
import { notDone, type NotDone } from "../apply/outcome.ts";
import { serverTableOf, type RowsRegistry } from "../load/loaded.ts";
import type { Insertion } from "./insertions.ts";
import { newcomer, otherKind, writtenSince } from "./restored.ts";

/** Why a row cannot be put back into the table as it is now; undefined where it can. */
function misfit({ columns: own, name }: TableShape, { table, columns, written = {} }: KeptRow): NotDone | undefined {
  if (table !== name) return otherKind;
  const missing = Object.keys(columns).find((column) => !own.includes(column));
  if (missing !== undefined) return notDone("failed", `its table has no column "${missing}" any more`);
  const isWhole = [...Object.values(columns), ...Object.values(written)].every((literal) => boundOf(literal) !== undefined);
  return isWhole ? undefined : notDone("failed", "its tombstone holds what is no value of a table");
}

/** The row's key as a condition; undefined where it cannot be said so. */
function keyWhere({ key }: TableShape, { columns }: KeptRow): Where | undefined {
  const values = key.map((column) => boundOf(columns[column] ?? "NULL"));
  if (key.length === 0 || values.some((value) => value === null || value instanceof Uint8Array)) return undefined;
  return Object.fromEntries(
    key.map((column, nth) => [column, typeof values[nth] === "bigint" ? Number(values[nth]) : values[nth]]),
  ) as Where;
}

/** Whether another row has taken the place of one that went, by a look: what happens is decided by the table itself. */
async function isTaken(host: Host, loaded: RowsRegistry, { kept }: Tombstone): Promise<boolean> {
  const { table, file } = loaded;
  const onServer = serverTableOf(loaded);
  if (onServer !== undefined)
    return kept.layout === "rows" && kept.written === undefined && host.isServerRowThere(onServer.server, onServer.shape, kept.columns);
  const where = kept.layout === "rows" && kept.written === undefined ? keyWhere(table, kept) : undefined;
  if (where === undefined) return false;
  const there = host.readTable(file.realPath, { table: table.name, where, columns: [] });
  return there.kind === "read" && there.rows.length > 0;
}

async function returnAll(host: Host, loaded: RowsRegistry, rows: readonly KeptRow[]): Promise<readonly RowChanged[]> {
  const { table, file } = loaded;
  const onServer = serverTableOf(loaded);
  if (onServer !== undefined)
    return host.restoreServerRows(
      onServer.server,
      onServer.shape,
      rows.map(({ columns, written }) => ({ columns, written })),
    );
  if (file.stat === undefined) throw new TypeError("a database's file was expected");
  return host.changeRows(
    file,
    rows.map(({ columns, rowid, written }): RowChange => {
      if (written === undefined) return { statement: insertRow(table, columns), back: { table, columns } };
      return { statement: unwriteRow(table, columns, rowid, written) };
    }),
  );
}

/**
 * Puts rows back into a table. One that was changed and stayed is changed back only if it still is as it was left. Of those
 * that a dry run asks for it is looked whether another row is in their place.
 */
export async function rowInsertion(host: Host, loaded: RowsRegistry, looked: readonly Tombstone[]): Promise<Insertion> {
  const { table } = loaded;
  const taken = new Set<Tombstone>();
  for (const tombstone of looked) if (await isTaken(host, loaded, tombstone)) taken.add(tombstone);
  const returns = new Map<Tombstone, KeptRow>();
  return {
    prepare: (tombstone) => {
      const { kept } = tombstone;
      if (kept.layout !== "rows") return otherKind;
      const problem = misfit(table, kept);
      if (problem !== undefined) return problem;
      if (taken.has(tombstone)) return newcomer;
      returns.set(tombstone, kept);
      return tombstone;
    },
    commit: async (tombstones, confirm) => {
      const answers = await confirm(tombstones);
      const free = tombstones.filter((_, nth) => answers[nth] === undefined);
      const became = (
        await returnAll(
          host,
          loaded,
          free.map((tombstone) => returns.get(tombstone) as KeptRow),
        )
      ).values();
      return answers.map((answer): Attempted => {
        if (answer !== undefined) return answer;
        const result = became.next().value as RowChanged;
        // A row that was written into and is not as it was left is its writer's by now.
        return result.kind === "changed" ? writtenSince : attemptedBy(result, newcomer);
      });
    },
  };
}
