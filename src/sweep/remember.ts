import type { Observed } from "../core/evidence.ts";
import { standingMarks, traceOf, type Memory, type Trace } from "../core/memory.ts";
import type { Host } from "../host/host.ts";
import type { Examination } from "./examine.ts";
import type { Examined } from "./judge/examined.ts";
import { remembered } from "./judge/scenes.ts";
import type { Outcomes } from "./apply/outcome.ts";
import { registryId } from "./load/target.ts";

const valueOf = <T>(observed: Observed<T>): T | undefined => (observed.seen ? observed.value : undefined);

function tracesOf(host: Host, examination: Examination, examined: Examined, outcomes: Outcomes): ReadonlyMap<string, Trace> {
  const { clock } = examination.evidence;
  const traces = new Map<string, Trace>();
  for (const one of examined.entries.notable()) {
    const { entry, judgement, memory, timed } = one;
    const action = outcomes.get(entry.key)?.action;
    if (entry.duplicate || action === "reaped" || action === "released") continue;
    const absent = judgement.verdict === "ghost" && !judgement.certain && action !== "skipped";
    if (timed && !absent && !memory.clockStepped) continue;
    const { claim } = entry;
    if (!claim.ok) continue;
    const trace = traceOf(remembered(host, examined.loaded, entry, claim, clock), memory, {
      // Without a usable time an entry ages from when a sweep first saw it, so its first sight must be kept.
      needsFirstSeen: !timed,
      absent,
      awakeMs: valueOf(clock.awakeMs),
    });
    if (trace !== undefined) traces.set(entry.key, trace);
  }
  return traces;
}

/** A registry that could not be read this time keeps its first sights; the looks at its absences were broken. */
function unbroken(traces: ReadonlyMap<string, Trace>): ReadonlyMap<string, Trace> {
  return new Map([...traces].map(([key, trace]) => [key, { ...trace, absentSinceMs: undefined }]));
}

/** What this sweep leaves for the next one. Registries that it did not look at stay as they were remembered. */
export function remember(host: Host, examination: Examination, outcomes: ReadonlyMap<Examined, Outcomes>): Memory {
  const { court, evidence, registries, unread, since } = examination;
  const { clock, here } = evidence;
  const elapsed = since.elapsedMs;
  const traces = new Map<string, ReadonlyMap<string, Trace>>();
  const looked = new Set([...registries.map(({ loaded }) => registryId(loaded.target)), ...unread.map(({ target }) => registryId(target))]);
  for (const [id, old] of court.memory.traces) {
    const aged = new Map(
      [...old].map(([key, trace]) => [
        key,
        { ...trace, seenForMs: trace.seenForMs + elapsed, clockStepped: trace.clockStepped || since.clockStepped },
      ]),
    );
    const absent = unread.some(({ target, state }) => registryId(target) === id && state !== "missing");
    if (!looked.has(id)) traces.set(id, aged);
    else if (absent) traces.set(id, unbroken(aged));
  }
  for (const examined of registries) {
    const found = tracesOf(host, examination, examined, outcomes.get(examined) ?? new Map());
    if (found.size > 0) traces.set(registryId(examined.loaded.target), found);
  }
  const wallMs = valueOf(clock.wallMs);
  return {
    bootId: valueOf(here.bootId),
    wallMs,
    bootMs: valueOf(clock.bootMs),
    awakeMs: valueOf(clock.awakeMs),
    traces,
    answeredSinceMs: answeredSince(examination),
    steppedAtMs: since.clockStepped && wallMs !== undefined ? wallMs : court.memory.steppedAtMs,
    restored: standingMarks(court.memory.restored, wallMs),
  };
}

/**
 * What a sweep leaves that doubted its own eyes: it saw nobody dead and no server answer, so it breaks every chain of
 * looks, and tells the next one nothing else.
 */
export function rememberDoubt({ court: { memory } }: Examination): Memory {
  const traces = new Map([...memory.traces].map(([id, found]) => [id, unbroken(found)]));
  return { ...memory, traces, answeredSinceMs: new Map() };
}

/**
 * Since when each server has answered every sweep. A sweep that did not ask breaks the chain: the server may have been
 * started anew since, and nobody would have noticed.
 */
function answeredSince({ court, evidence, since }: Examination): ReadonlyMap<string, number> {
  const bootMs = valueOf(evidence.clock.bootMs);
  const answered = new Map<string, number>();
  for (const [url, sight] of evidence.appServers) {
    const first = (since.sameBoot ? court.memory.answeredSinceMs.get(url) : undefined) ?? bootMs;
    if (sight.kind === "answered" && first !== undefined) answered.set(url, first);
  }
  return answered;
}
