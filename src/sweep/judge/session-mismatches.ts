import type { Evidence } from "../../core/evidence.ts";
import { findPhantoms, phantomDetail, type Row } from "../../core/revisions/session-mismatch.ts";
import type { Examined, ExaminedEntry } from "./examined.ts";

type Place = Row & { readonly examined: Examined; readonly index: number };

/** Entries that mean one process: it takes a pid and a start token to know it again. */
function* rowsOf(examined: Examined): Generator<Place, undefined> {
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
export function withPhantoms(registries: readonly Examined[], evidence: Evidence): readonly Examined[] {
  if (!registries.some(({ loaded }) => loaded.target.format.authoritative)) return registries;
  const phantoms = findPhantoms(
    registries.flatMap((examined) => [...rowsOf(examined)]),
    evidence.processes,
  );
  if (phantoms.size === 0) return registries;
  return registries.map((examined) => {
    const own = [...phantoms].filter(([row]) => row.examined === examined);
    const said = own.map(([row, phantom]): readonly [number, ExaminedEntry] => {
      const one = examined.entries.at(row.index);
      const judgement = { ...one.judgement, detail: phantomDetail(row, phantom) };
      return [row.index, { ...one, judgement, phantomOf: phantom.sessionId }];
    });
    return said.length === 0 ? examined : { ...examined, entries: examined.entries.withChanged(new Map(said)) };
  });
}
