import type { Evidence } from "../../core/evidence.ts";
import { findMismatches, mismatchMessage, type MismatchRow } from "../../core/revisions/session-mismatch.ts";
import type { ExaminedRegistry, ExaminedEntry } from "./examined.ts";

type MismatchPlace = MismatchRow & { readonly examined: ExaminedRegistry; readonly index: number };

/** Entries that mean one process: it takes a pid and a start token to know it again. */
function* rowsOf(examined: ExaminedRegistry): Generator<MismatchPlace, undefined> {
  const { loaded, entries } = examined;
  const { format, path } = loaded.target;
  if (loaded.pids.size === 0) return;
  for (let index = 0; index < entries.length; index += 1) {
    const { key, claim, duplicate } = loaded.entries.at(index);
    if (!claim.ok || duplicate || claim.registration.pid === undefined || claim.registration.startTicks === undefined) continue;
    const where = loaded.kind === "files" ? `${path}/${key}` : path;
    const { judgement } = entries.at(index);
    yield { claim: claim.registration, judgement, authoritative: format.authoritative, where, examined, index };
  }
}

/** Says of each entry whether its process is registered under another session in a registry that knows it better. */
export function withSessionMismatches(registries: readonly ExaminedRegistry[], evidence: Evidence): readonly ExaminedRegistry[] {
  if (!registries.some(({ loaded }) => loaded.target.format.authoritative)) return registries;
  const mismatches = findMismatches(
    registries.flatMap((examined) => [...rowsOf(examined)]),
    evidence.processes,
  );
  if (mismatches.size === 0) return registries;
  return registries.map((examined) => {
    const own = [...mismatches].filter(([row]) => row.examined === examined);
    const said = own.map(([row, mismatch]): readonly [number, ExaminedEntry] => {
      const one = examined.entries.at(row.index);
      const judgement = { ...one.judgement, detail: mismatchMessage(row, mismatch) };
      return [row.index, { ...one, judgement, phantomOf: mismatch.sessionId }];
    });
    return said.length === 0 ? examined : { ...examined, entries: examined.entries.withChanged(new Map(said)) };
  });
}
