import type { LookingHost } from "../host/looking-host.ts";
import type { Choice } from "../report/listing/choice.ts";
import type { EntryReport } from "../report/model/sweep.ts";
import { isSelected } from "./chosen.ts";
import { examine, type ExamineOptions } from "./examine.ts";
import type { ExaminedEntry } from "./judge/examined.ts";
import { registryId } from "./load/target.ts";
import { startLooking } from "./pass.ts";
import { chosenEntry, noWord } from "./reap-one.ts";
import { reportsOf } from "./reporting/reports.ts";

/** What is known of an entry that a person may choose. */
export type Reapable = {
  readonly report: EntryReport;
  readonly name: EntryName;
  /** It has a file of its own. */
  readonly isFile: boolean;
  /** Its holder is provably gone, so `reap` would take it now. */
  readonly isProven: boolean;
};

/** Which entry is meant, of all registries: another that comes to stand there under its key is another one. */
export type EntryName = { readonly registry: string; readonly key: string; readonly said: string | undefined };

export function nameOf({ entry: { key, claim } }: Pick<ExaminedEntry, "entry">, registry: string): EntryName {
  return { registry, key, said: claim.ok ? claim.identityText() : undefined };
}

/** All that is no living session, as a sweep judges it, and whether it could go now. Writes nothing. */
export async function reapable(
  host: LookingHost,
  options: ExamineOptions,
  choice: Choice | undefined,
): Promise<{ readonly refusal: string | undefined; readonly entries: readonly Reapable[] }> {
  const pass = startLooking(host, options);
  const { refusal, registries } = await examine(pass, { lookAnyway: true });
  const entries = registries.flatMap((examined, registryIndex): readonly Reapable[] => {
    const registry = registryId(examined.loaded.target);
    const shown = [...examined.entries].filter((one) => {
      const { verdict, reason } = one.judgement;
      return verdict !== "live" && reason !== "no-claim" && isSelected(choice, examined, one);
    });
    return shown.map((one): Reapable => {
      const { intent } = chosenEntry(pass, examined, one, { exitObserved: false, word: noWord });
      const [report] = reportsOf(examined, [one], new Map(), { registryIndex, isRemembered: false, choice: undefined });
      const isProven = one.judgement.verdict === "ghost" && (intent === "reap" || intent === "mark" || intent === "release");
      return { report: report as EntryReport, name: nameOf(one, registry), isFile: examined.loaded.kind === "files", isProven };
    });
  });
  return { refusal, entries };
}
