import { longestBusy, wholeFile, type BusyMemory, type BusyRecord } from "../core/plan/busy.ts";
import type { LookingHost } from "../host/looking-host.ts";
import type { Outcomes } from "./apply/outcome.ts";
import type { Examination } from "./examine.ts";
import type { ExaminedRegistry } from "./judge/examined.ts";
import type { Loaded } from "./load/loaded.ts";
import { registryId } from "./load/target.ts";

/** What a sweep did in one registry, and the keys of the ghosts that were not chosen. */
export type Tried = { readonly outcomes: Outcomes; readonly leftOut: ReadonlySet<string> };

const nothingTried: Tried = { outcomes: new Map(), leftOut: new Set() };

export type BusyRecords = ReadonlyMap<string, BusyRecord>;

const none: BusyRecords = new Map();

/** What was remembered of files that this sweep did not try, for what is in them was not chosen. */
function untried(before: BusyRecords, isMembers: boolean, { outcomes, leftOut }: Tried): BusyRecords {
  if (leftOut.size === 0 || (isMembers && outcomes.size > 0)) return none;
  return isMembers ? before : new Map([...before].filter(([key]) => leftOut.has(key)));
}

function recordsOf(host: LookingHost, { pass, evidence, since }: Examination, examined: ExaminedRegistry, tried: Tried): BusyRecords {
  const { loaded, owner } = examined;
  const { outcomes } = tried;
  const id = registryId(loaded.target);
  const before = since.sameBoot ? (pass.memory.busy.files.get(id) ?? none) : none;
  // Nothing was tried while its owner is up.
  if (owner.up) return before;
  const { awakeMs } = evidence.clock;
  if (!awakeMs.seen) return none;
  const isMembers = loaded.kind === "members";
  const records = new Map(untried(before, isMembers, tried));
  for (const [key, { action, note, usedBy }] of outcomes) {
    const name = isMembers ? wholeFile : key;
    if (action !== "busy" || records.has(name)) continue;
    const old = before.get(name);
    const startTicks = usedBy && host.startOfPid(usedBy.pid);
    const user = usedBy === undefined || startTicks === undefined ? undefined : { pid: usedBy.pid, startTicks };
    const isSame = old?.usedBy?.pid === user?.pid && old?.usedBy?.startTicks === user?.startTicks;
    const sinceFirst =
      isMembers && user !== undefined && (old === undefined ? !pass.memory.busy.onceFree.has(id) : old.sinceFirst && isSame);
    records.set(name, { sinceMs: old?.sinceMs ?? awakeMs.value, why: note ?? "", usedBy: user, sinceFirst });
  }
  return records;
}

type Done = ReadonlyMap<ExaminedRegistry, Tried>;

function filesAfter(host: LookingHost, examination: Examination, done: Done): BusyMemory["files"] {
  const { pass, since, registries, unread, evidence } = examination;
  const { awakeMs } = evidence.clock;
  const all = new Map(since.sameBoot ? pass.memory.busy.files : []);
  for (const examined of registries) {
    const id = registryId(examined.loaded.target);
    const records = recordsOf(host, examination, examined, done.get(examined) ?? nothingTried);
    if (records.size > 0) all.set(id, records);
    else all.delete(id);
  }
  // One that was locked when it was to be read has been so since a sweep first found it so.
  for (const { state, target, problem } of unread) {
    if (state !== "busy" || !awakeMs.seen) continue;
    const sinceMs = all.get(registryId(target))?.get(wholeFile)?.sinceMs ?? awakeMs.value;
    all.set(registryId(target), new Map([[wholeFile, { sinceMs, why: problem, usedBy: undefined, sinceFirst: false }]]));
  }
  return all;
}

function onceFreeAfter({ pass, since, registries }: Examination, done: Done): BusyMemory["onceFree"] {
  const free = new Set(since.sameBoot ? pass.memory.busy.onceFree : []);
  for (const examined of registries) {
    const { loaded } = examined;
    if (loaded.kind !== "members") continue;
    for (const { action, tombstone } of done.get(examined)?.outcomes.values() ?? []) {
      if (tombstone !== undefined && action !== "failed") free.add(registryId(loaded.target));
    }
  }
  return free;
}

/** What is remembered of busy files after a sweep. Registries that were not read stay as they were remembered. */
export function busyAfter(host: LookingHost, examination: Examination, done: Done): BusyMemory {
  return { files: filesAfter(host, examination, done), onceFree: onceFreeAfter(examination, done) };
}

/** For how long ghosts of a registry have been busy, and why; undefined where none is. A dry run says what was remembered. */
export function busyOf(
  { pass, evidence, since }: Examination,
  busy: BusyMemory | undefined,
  loaded: Pick<Loaded, "target">,
): ReturnType<typeof longestBusy> {
  const { awakeMs } = evidence.clock;
  const remembered = busy ?? (since.sameBoot ? pass.memory.busy : undefined);
  return longestBusy(remembered?.files.get(registryId(loaded.target)), awakeMs.seen ? awakeMs.value : undefined);
}
