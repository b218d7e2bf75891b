import type { Observed } from "../core/evidence.ts";
import { countedBy, steppedUntil } from "../core/clocks/since.ts";
import { agedRecord, recordOf } from "../core/memory/recall.ts";
import { unexpiredMarks } from "../core/memory/restored.ts";
import type { Memory, EntryRecord } from "../core/memory/memory.ts";
import { roomlessMs } from "../core/policy.ts";
import { maxFirstSights, type FirstSight } from "../core/identity/first-sight.ts";
import type { LookingHost } from "../host/looking-host.ts";
import type { Examination } from "./examine.ts";
import type { ExaminedRegistry } from "./judge/examined.ts";
import { sightToKeep } from "./judge/first-sights.ts";
import { remembered } from "./judge/remembered.ts";
import { busyAfter, type Tried } from "./busy.ts";
import { countWithoutRoom, type Outcomes } from "./apply/outcome.ts";
import { registryId, type Target } from "./load/target.ts";
import { ownerSignsText } from "./observe/daemon.ts";
import { clockRecord } from "./pass.ts";

const valueOf = <T>(observed: Observed<T>): T | undefined => (observed.seen ? observed.value : undefined);

type RememberedEntries = { readonly records: ReadonlyMap<string, EntryRecord>; readonly firstSights: ReadonlyMap<string, FirstSight> };

function rememberedOf(host: LookingHost, examination: Examination, examined: ExaminedRegistry, outcomes: Outcomes): RememberedEntries {
  const { clock } = examination.evidence;
  const records = new Map<string, EntryRecord>();
  const [oldSights, newSights] = [new Map<string, FirstSight>(), new Map<string, FirstSight>()];
  for (const one of examined.entries.forMemory()) {
    const { entry, judgement, memory, holders, hasOwnTime } = one;
    const action = outcomes.get(entry.key)?.action;
    if (entry.duplicate || action === "reaped" || action === "released") continue;
    const firstSights = memory.firstSight === undefined ? newSights : oldSights;
    if (one.needsSight && firstSights.size < maxFirstSights) {
      const firstSight = sightToKeep(examination.pass, examined, one);
      if (firstSight !== undefined) firstSights.set(entry.key, firstSight);
    }
    const absent = judgement.verdict === "ghost" && !judgement.certain && action !== "skipped";
    const beats = judgement.reason === "heartbeat-fresh";
    if (hasOwnTime && !absent && !beats && !memory.clockStepped && holders.length === 0) continue;
    const { claim } = entry;
    if (!claim.ok) continue;
    const record = recordOf(remembered(host, examined.loaded, entry, claim, clock), memory, {
      // Without a usable time an entry ages from when a sweep first saw it, so the record of that must be kept.
      needsFirstSeen: !hasOwnTime,
      absent,
      beats,
      holders,
      awakeMs: valueOf(clock.awakeMs),
    });
    if (record !== undefined) records.set(entry.key, record);
  }
  return { records, firstSights: new Map([...oldSights, ...newSights].slice(0, maxFirstSights)) };
}

/** A registry that could not be read this time keeps its records; the chains of looks at its absences are broken. */
function unbroken(records: ReadonlyMap<string, EntryRecord>): ReadonlyMap<string, EntryRecord> {
  return new Map([...records].map(([key, record]) => [key, { ...record, absentSinceMs: undefined }]));
}

/** What this sweep leaves for the next one. Registries that it did not look at stay as they were remembered. */
export function remember(host: LookingHost, examination: Examination, done: ReadonlyMap<ExaminedRegistry, Tried>): Memory {
  const { pass, evidence, registries, unread, since } = examination;
  const { clock, here } = evidence;
  const records = new Map<string, ReadonlyMap<string, EntryRecord>>();
  const looked = new Set([...registries.map(({ loaded }) => registryId(loaded.target)), ...unread.map(({ target }) => registryId(target))]);
  for (const [id, old] of pass.memory.records) {
    const aged = new Map([...old].map(([key, record]) => [key, agedRecord(record, since)]));
    const absent = unread.some(({ target, state }) => registryId(target) === id && state !== "missing");
    if (!looked.has(id)) records.set(id, aged);
    else if (absent) records.set(id, unbroken(aged));
  }
  const unreadable = new Set(unread.flatMap(({ target, state }) => (state === "missing" ? [] : [registryId(target)])));
  const firstSights = new Map([...pass.memory.firstSights].filter(([id]) => !looked.has(id) || unreadable.has(id)));
  for (const examined of registries) {
    const kept = rememberedOf(host, examination, examined, done.get(examined)?.outcomes ?? new Map());
    if (kept.records.size > 0) records.set(registryId(examined.loaded.target), kept.records);
    if (kept.firstSights.size > 0) firstSights.set(registryId(examined.loaded.target), kept.firstSights);
  }
  const wallMs = valueOf(clock.wallMs);
  const { sleep, settling } = clockRecord(pass, evidence);
  return {
    bootId: countedBy(here),
    wallMs,
    bootMs: valueOf(clock.bootMs),
    awakeMs: valueOf(clock.awakeMs),
    records,
    firstSights,
    answeredSinceMs: answeredSince(examination),
    provenTokens: provenTokens(examination),
    seenOwners: seenOwners(examination),
    busy: busyAfter(host, examination, done),
    steppedAtMs: steppedUntil(pass.memory, since, wallMs, pass.synchronised),
    restored: unexpiredMarks(pass.memory.restored, wallMs),
    // Of what boot a look was, or how long it slept, may be told by the next one.
    sleep: sleep.seen && sleep.value.bootId !== undefined ? sleep.value : pass.memory.sleep,
    settling,
    roomlessSinceMs: roomlessSince(examination, [...done.values()]),
  };
}

/**
 * What a sweep leaves that did not trust what it saw: it saw no dead holder and no server's answer, so it breaks every
 * chain of looks and leaves everything else as it was.
 */
export function rememberDoubt({ pass: { memory } }: Examination): Memory {
  const records = new Map([...memory.records].map(([id, found]) => [id, unbroken(found)]));
  return { ...memory, records, answeredSinceMs: new Map() };
}

/** A sweep of some registries, or of chosen ghosts, saw nothing of the others that wait. */
function roomlessSince({ pass, evidence }: Examination, done: readonly Tried[]): number | undefined {
  const { memory, rest = [] } = pass;
  const isPartial = rest.length > 0 || done.some(({ leftOut }) => leftOut.size > 0);
  if (countWithoutRoom(done.map(({ outcomes }) => outcomes)) === 0) return isPartial ? memory.roomlessSinceMs : undefined;
  return memory.roomlessSinceMs ?? valueOf(evidence.clock.wallMs);
}

const serversOf = (targets: readonly Target[]): ReadonlySet<string> =>
  new Set(targets.flatMap(({ appServers }) => appServers.map(({ url }) => url)));

/**
 * Since when each server has answered every sweep. A sweep that did not ask breaks the chain: the server may have been
 * started anew since, and no sweep would have noticed. One that the registries of this sweep do not name is asked by the next.
 */
function answeredSince({ pass, evidence, since }: Examination): ReadonlyMap<string, number> {
  const bootMs = valueOf(evidence.clock.bootMs);
  const answered = new Map<string, number>();
  const named = serversOf(pass.targets);
  for (const url of serversOf(pass.rest ?? [])) {
    const first = since.sameBoot && !named.has(url) ? pass.memory.answeredSinceMs.get(url) : undefined;
    if (first !== undefined) answered.set(url, first);
  }
  for (const [url, observation] of evidence.appServers) {
    const first = (since.sameBoot ? pass.memory.answeredSinceMs.get(url) : undefined) ?? bootMs;
    if (observation.kind === "answered" && first !== undefined) answered.set(url, first);
  }
  return answered;
}

/** Of which registries it is known that their start tokens are clock ticks. Fields that were changed have to show it anew. */
function provenTokens({ pass, registries }: Examination): ReadonlyMap<string, string> {
  const known = new Map(pass.memory.provenTokens);
  for (const { loaded, facts } of registries) {
    const { declaredFields } = loaded.target.format;
    if (declaredFields === undefined || !facts.startTokensProven) known.delete(registryId(loaded.target));
    else known.set(registryId(loaded.target), declaredFields);
  }
  return known;
}

/** The registries whose owner was ever seen up, by the signs that are declared now. */
function seenOwners({ pass, registries }: Examination): ReadonlyMap<string, string> {
  const known = new Map(pass.memory.seenOwners);
  for (const { loaded, owner } of registries) {
    const [id, signs] = [registryId(loaded.target), ownerSignsText(loaded.target)];
    if (signs !== undefined && owner.isSeen) known.set(id, signs);
    else if (known.get(id) !== signs) known.delete(id);
  }
  return known;
}

/** Whether ghosts have waited for room for so long that a person must look after it. */
export function isRoomlessTooLong({ wallMs, roomlessSinceMs }: Memory): boolean {
  return wallMs !== undefined && roomlessSinceMs !== undefined && wallMs - roomlessSinceMs > roomlessMs;
}
