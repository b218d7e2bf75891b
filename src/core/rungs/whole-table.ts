import { seen, unseen, type Observed, type ProcessTable } from "../evidence.ts";
import type { Scene } from "../scene.ts";

/**
 * The process table, if what is not in it does not exist: the look met its positive controls, and this pid namespace
 * holds every process that could matter.
 */
export function wholeTable({ evidence, policy }: Pick<Scene, "evidence" | "policy">): Observed<ProcessTable> {
  const { processes, here } = evidence;
  if (!processes.seen) return processes;
  if (!processes.value.complete.seen) return processes.value.complete;
  if (!here.pidNamespace.seen) return here.pidNamespace;
  if (here.pidNamespace.value.initial || policy.ownPidNamespace) return seen(processes.value);
  return unseen("this is a pid namespace of its own, from which not every process can be seen");
}
