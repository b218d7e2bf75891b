import type { Evidence } from "../core/evidence.ts";
import { findPhantoms, phantomDetail, type Phantom, type Row } from "../core/phantom.ts";
import type { Examined, ExaminedEntries, ExaminedEntry } from "./examined.ts";

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

function saying(entries: ExaminedEntries, phantoms: ReadonlyMap<number, Phantom & { readonly detail: string }>): ExaminedEntries {
  const say = (one: ExaminedEntry, index: number): ExaminedEntry => {
    const phantom = phantoms.get(index);
    return phantom === undefined ? one : { ...one, judgement: { ...one.judgement, detail: phantom.detail }, phantomOf: phantom.sessionId };
  };
  function* all(): Generator<ExaminedEntry, undefined> {
    for (let index = 0; index < entries.length; index += 1) yield say(entries.at(index), index);
  }
  const { length, meant, notable, intents, verdicts, blind } = entries;
  return { length, meant, notable, intents, verdicts, blind, at: (index) => say(entries.at(index), index), [Symbol.iterator]: all };
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
    const said = new Map(own.map(([row, phantom]) => [row.index, { ...phantom, detail: phantomDetail(row, phantom) }]));
    return said.size === 0 ? examined : { ...examined, entries: saying(examined.entries, said) };
  });
}
