import { PGlite } from "@electric-sql/pglite";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareRoutes, type Routed } from "../../src/core/agents/routing.ts";

let sql: PGlite;
beforeAll(async () => {
  sql = await PGlite.create();
  await sql.exec("CREATE TABLE regs (ord int, master boolean, last_verb_at bigint, last_heartbeat bigint)");
}, 180_000);
afterAll(() => sql.close());

/** The order in which a real SQL engine puts the rows; rows that are equal stay as they stood. */
async function sqlOrder(rows: readonly Routed[], heartbeats: string): Promise<readonly number[]> {
  await sql.exec("TRUNCATE regs");
  const values = rows.map(
    ({ master, lastActivityAt, lastHeartbeatAt }, ord) => `(${ord}, ${master}, ${lastActivityAt ?? "NULL"}, ${lastHeartbeatAt ?? "NULL"})`,
  );
  if (values.length > 0) await sql.exec(`INSERT INTO regs VALUES ${values.join(", ")}`);
  const order = `master DESC, last_verb_at DESC NULLS LAST, last_heartbeat DESC${heartbeats}, ord`;
  const { rows: sorted } = await sql.query<{ ord: number }>(`SELECT ord FROM regs ORDER BY ${order}`);
  return sorted.map(({ ord }) => ord);
}

const ours = (rows: readonly Routed[]): readonly number[] =>
  rows
    .map((route, ord) => ({ route, ord }))
    .toSorted((a, b) => compareRoutes(a.route, b.route))
    .map(({ ord }) => ord);

/** Few different times, so that ties are common. */
const at = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 2 ** 45 }));
const route = (heartbeat: fc.Arbitrary<number | undefined>): fc.Arbitrary<Routed> =>
  fc.record({ master: fc.boolean(), lastActivityAt: fc.option(at, { nil: undefined }), lastHeartbeatAt: heartbeat });

test.each([
  ["where every row has a heartbeat", "", route(at)],
  ["where some have none", " NULLS LAST", route(fc.option(at, { nil: undefined }))],
])(
  "signals go in the order that SQL gives, %s",
  async (_where, heartbeats, rows) => {
    const property = fc.asyncProperty(fc.array(rows, { maxLength: 12 }), async (list) => {
      expect(ours(list)).toEqual(await sqlOrder(list, heartbeats));
    });
    await fc.assert(property, { numRuns: 200 });
  },
  60_000,
);
