import type { BigIntStats } from "node:fs";
import type { ServerTableShape } from "../../registries/rows/server-statements.ts";
import type { Row, TableShape } from "../../registries/rows/table.ts";
import type { ServerTable } from "./server-read.ts";

/** A database as it was found: where it really is, what it was, and when it or its write-ahead log was last written, in epoch ms. */
export type DatabaseFile = {
  readonly realPath: string;
  readonly stat: BigIntStats;
  readonly modifiedMs: number;
  readonly changedMs: number;
};

export type TableRead =
  | { readonly kind: "read"; readonly file: DatabaseFile; readonly table: TableShape; readonly rows: readonly Row[] }
  | { readonly kind: "read"; readonly file: ServerTable; readonly table: ServerTableShape; readonly rows: readonly Row[] }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly problem: string; readonly cure: string }
  | { readonly kind: "malformed"; readonly problem: string }
  | { readonly kind: "busy"; readonly problem: string };

export const unreadable = (problem: string, cure: string): TableRead => ({ kind: "unreadable", problem, cure });
