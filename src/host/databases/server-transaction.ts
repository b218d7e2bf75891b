import { countChanges } from "../../registries/rows/server-changes.ts";
import { settings, type ServerStatement } from "../../registries/rows/server-statements.ts";
import { errorCode } from "../observed.ts";
import type { RowChanged } from "./change-rows.ts";
import { isLost, problemOf, withConnection, withCure, type Answer, type Connection } from "./server.ts";
import type { ServerTable } from "./server-read.ts";

const lockedByAnother = { kind: "busy", why: "another session has it locked" } as const;

function failureOf(error: unknown): RowChanged {
  const found = problemOf(error);
  const { kind, problem } = found;
  if (kind === "busy") return lockedByAnother;
  if (kind === "taken") return { kind: "taken" };
  if (kind === "constraint") return { kind: "failed", problem: `its table does not allow it: ${problem}` };
  return { kind: "failed", problem: withCure(found) };
}

/** One row is in the way of all: by a constraint, a value that its type does not take, a trigger that raises, or a lock. */
const isRefusal = (error: unknown): boolean => /^(?:22|23|27|44|P0|55P03)/.test(errorCode(error) ?? "");

async function total({ ask }: Connection): Promise<number> {
  return Number((await ask({ sql: countChanges, values: [] })).rows[0]?.["total"]);
}

/** Whether a transaction was committed whose end was not heard; undefined where the server does not say. */
async function wasCommitted({ address }: ServerTable, id: string): Promise<boolean | undefined> {
  for (const pauseMs of [0, 500, 2_000]) {
    await new Promise((done) => void setTimeout(done, pauseMs));
    try {
      const { rows } = await withConnection(address, ({ ask }) => ask({ sql: "SELECT pg_xact_status($1::xid8) AS status", values: [id] }));
      const status = rows[0]?.["status"];
      if (status === "committed" || status === "aborted") return status === "committed";
    } catch {
      // It is asked again.
    }
  }
  return undefined;
}

/** What a statement made of the rows that it names, in their order: the places of those that it changed, and of those that it was kept from. */
type Made = { readonly changed: ReadonlySet<number>; readonly kept: ReadonlySet<number>; readonly count: number };

/** What became of rows. `isRefused`: one of them is refused or locked, and by that all are. */
export type Became = { readonly answers: readonly RowChanged[]; readonly isRefused: boolean };

type Work = {
  readonly statement: ServerStatement;
  readonly rows: number;
  /** Finds those that are still as they were judged. */
  readonly unchanged?: ServerStatement;
  /** Why it is not to be tried, asked inside its transaction. */
  readonly before?: (connection: Connection) => Promise<RowChanged | undefined>;
  readonly check?: (connection: Connection) => Promise<string | undefined>;
};

const placesIn = (rows: Answer["rows"]): ReadonlySet<number> => new Set(rows.map((row) => Number(row["place"]) - 1));

/** Why what a statement made is not to stay; undefined where it changed the rows that it names, and nothing beside them. */
function excess({ rows, count }: Answer, { changed }: Made, beside: number): string | undefined {
  if (beside !== 0 || (rows.length > 0 && changed.size !== count))
    return `that would change ${count + beside} rows, by a foreign key or a trigger of its table; nothing was changed`;
  const isKept = rows.every((row) => row["kept"] !== "false");
  return isKept ? undefined : "its table does not keep what is written into it (a trigger); nothing was changed";
}

const heldBack = { kind: "failed", problem: "its table lets it be, by a trigger or a row-level policy" } as const;

/**
 * One transaction for one statement. It is committed only if it changed the rows that it says and nothing beside them
 * by a trigger or a foreign key.
 */
export async function transact(table: ServerTable, { statement, rows, unchanged, before: ready, check }: Work): Promise<Became> {
  const all = (result: RowChanged, isRefused = false): Became => ({ answers: Array.from({ length: rows }, () => result), isRefused });
  const answers = ({ changed, kept, count }: Made): Became => {
    const answerAt = (nth: number): RowChanged =>
      (rows === 1 && count === 1) || changed.has(nth) ? { kind: "done" } : kept.has(nth) ? heldBack : { kind: "changed" };
    return { answers: Array.from({ length: rows }, (_, nth) => answerAt(nth)), isRefused: false };
  };
  const failed = (error: unknown): Became => all(failureOf(error), isRefusal(error));
  let ending: { readonly id: string; readonly made: Made } | undefined;
  try {
    return await withConnection(table.address, async (connection) => {
      await connection.run(settings("change"));
      const obstacle = await ready?.(connection);
      if (obstacle !== undefined) return all(obstacle);
      const before = await total(connection);
      const answer = await connection.ask(statement);
      const changed = placesIn(answer.rows);
      const beside = (await total(connection)) - before - answer.count;
      const isWhole = unchanged === undefined || changed.size === rows;
      const made = { changed, kept: isWhole ? new Set<number>() : placesIn((await connection.ask(unchanged)).rows), count: answer.count };
      const problem = excess(answer, made, beside) ?? (made.count === 0 ? undefined : await check?.(connection));
      if (problem !== undefined || made.count === 0) {
        await connection.run("ROLLBACK");
        return problem === undefined ? answers(made) : all({ kind: "failed", problem }, true);
      }
      const id = (await connection.ask({ sql: "SELECT pg_current_xact_id()::text AS id", values: [] })).rows[0]?.["id"] ?? "";
      ending = { id, made };
      await connection.run("COMMIT");
      return answers(made);
    });
  } catch (error) {
    if (ending === undefined || !(isLost(error) || problemOf(error).kind === "unreachable")) return failed(error);
    const committed = await wasCommitted(table, ending.id);
    if (committed === false) return failed(error);
    const became = answers(ending.made);
    // Where the server does not say, the tombstones stay: they undo what may have been done.
    return committed === true
      ? became
      : { ...became, answers: became.answers.map((one) => (one.kind === "done" ? { kind: "unsure" } : one)) };
  }
}
