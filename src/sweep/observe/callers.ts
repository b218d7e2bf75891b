import { isCarrierOfOurs } from "../../core/agents/carriers.ts";
import { chainAbove, type ProcessRow } from "../../core/agents/process-tree.ts";
import type { ProgramLists } from "../../core/agents/programs.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { ExaminedRegistry } from "../judge/examined.ts";
import { userOf } from "../load/loaded.ts";
import { signsOf, type Callers } from "./daemon.ts";

const isBetween =
  (programs: ProgramLists) =>
  ({ argv }: ProcessRow): boolean =>
    isCarrierOfOurs({ argv, comm: "" }, programs);

function leading(rows: readonly ProcessRow[], isWanted: (row: ProcessRow) => boolean): readonly ProcessRow[] {
  const end = rows.findIndex((row) => !isWanted(row));
  return end < 0 ? rows : rows.slice(0, end);
}

function rowsAbove(host: LookingHost): { readonly own: ProcessRow | undefined; readonly above: readonly ProcessRow[] } {
  const tree = host.lookAtTree();
  if (!tree.seen) return { own: undefined, above: [] };
  const { pid } = host.self();
  return { own: tree.value.tree.get(pid), above: chainAbove(tree.value.tree, pid) };
}

const callersOf = (rows: readonly (ProcessRow | undefined)[]): Callers =>
  new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.pid, row.argv] as const])));

/** This process as an owner, and the shells that have started it and wait for it. */
export function callersHere(host: LookingHost, programs: ProgramLists): Callers {
  const { own, above } = rowsAbove(host);
  return callersOf([own, ...leading(above, isBetween(programs))]);
}

/**
 * The process as whose child the tool was run, behind shells, and the shells that have started that one. What stands
 * above it is not meant: an agent that a bridge has started is not that bridge.
 */
export function callersAbove(host: LookingHost, programs: ProgramLists): Callers {
  const { own, above } = rowsAbove(host);
  const between = leading(above, isBetween(programs));
  const caller = above[between.length];
  return callersOf([own, ...between, caller, ...leading(above.slice(between.length + 1), isBetween(programs))]);
}

/** Why the callers are not the owner of a registry; undefined where they are, or where nothing tells who is. */
export function notOwnerReason(host: LookingHost, { owner, loaded }: ExaminedRegistry): string | undefined {
  const [{ uid }, user] = [host.self(), userOf(loaded)];
  if (uid !== 0 && uid !== user) return `it belongs to user ${user}, and this process to user ${uid}`;
  if (owner.up) return `another owner is up (${owner.why})`;
  const signs = signsOf(loaded.target);
  if (signs.length === 0 || owner.isCaller) return undefined;
  return "no sign of its owner is given by this process (`owner` in the configuration says by what the owner is known)";
}
