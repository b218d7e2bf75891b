import type { EntryReport } from "../../report/model/sweep.ts";
import { visible } from "../../report/visible.ts";

export function isReaped({ action }: Pick<EntryReport, "action">): boolean {
  return action === "reaped" || action === "released";
}

/** What became of entries that were named one by one. */
export function reapedLines(entries: readonly EntryReport[]): readonly string[] {
  return entries.map(({ key, action, reason, detail, registry }) => {
    return `${visible(key)}  ${action}  ${reason}: ${visible(detail)}  ${visible(registry)}`;
  });
}
