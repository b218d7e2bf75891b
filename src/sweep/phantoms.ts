import type { Evidence } from "../core/evidence.ts";
import { findPhantoms, phantomDetail, type Row } from "../core/phantom.ts";
import type { Examined, ExaminedEntry } from "./examine.ts";

type Place = Row & { readonly one: ExaminedEntry };

function rowsOf({ loaded, entries }: Examined): readonly Place[] {
  const { format, path } = loaded.target;
  return entries.flatMap((one) => {
    const { entry, judgement } = one;
    if (!entry.claim.ok || entry.duplicate) return [];
    const where = loaded.kind === "files" ? `${path}/${entry.key}` : path;
    return [{ claim: entry.claim.registration, judgement, authoritative: format.authoritative, where, one }];
  });
}

/** Says of each entry whether its process is registered under another session in a registry that knows it better. */
export function withPhantoms(registries: readonly Examined[], evidence: Evidence): readonly Examined[] {
  if (!registries.some(({ loaded }) => loaded.target.format.authoritative)) return registries;
  const phantoms = findPhantoms(registries.flatMap(rowsOf), evidence.processes);
  if (phantoms.size === 0) return registries;
  const said = new Map([...phantoms].map(([row, phantom]) => [row.one, { row, phantom }]));
  return registries.map((examined) => ({
    ...examined,
    entries: examined.entries.map((one): ExaminedEntry => {
      const found = said.get(one);
      if (found === undefined) return one;
      const detail = phantomDetail(found.row, found.phantom);
      return { ...one, judgement: { ...one.judgement, detail }, phantomOf: found.phantom.sessionId };
    }),
  }));
}
