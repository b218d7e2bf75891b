import type { Memory } from "../core/memory/memory.ts";
import type { Host } from "../host/host.ts";
import { carryOutIn } from "./apply/apply.ts";
import { countWithoutRoom, tombstonesFull, type Outcomes } from "./apply/outcome.ts";
import type { Examination } from "./examine.ts";
import { leftOutIn, selectionIn } from "./chosen.ts";
import type { Choice } from "../report/listing/choice.ts";
import { contested, recordHosts } from "./observe/fleet.ts";
import type { ExaminedRegistry } from "./judge/examined.ts";
import type { Pass } from "./pass.ts";
import { isRoomlessTooLong, remember, rememberDoubt } from "./remember.ts";
import { unkept } from "./unkept.ts";

/** Puts files that a killed sweep left in quarantine back to their paths, where the next sweep judges them. */
function recoverQuarantined(host: Host, { registries }: Examination): readonly string[] {
  return registries.flatMap(({ loaded, reportOnly, owner }) => {
    if (loaded.kind !== "files" || loaded.quarantined.length === 0 || reportOnly !== undefined || owner.up) return [];
    return host.recoverQuarantined(loaded.realPath, loaded.quarantined);
  });
}

/** Ghosts for which there is no room stay for days: that must not look like a second look that is awaited. */
function roomWarnings(outcomes: ReadonlyMap<ExaminedRegistry, Outcomes>): readonly string[] {
  const waiting = countWithoutRoom(outcomes.values());
  return waiting === 0 ? [] : [`${waiting} ghost${waiting === 1 ? "" : "s"} could not be reaped, for ${tombstonesFull}`];
}

/** What a sweep did, by registry, and what it could not write beside that. */
export type Done = {
  readonly outcomes: ReadonlyMap<ExaminedRegistry, Outcomes>;
  /** What it leaves in memory of busy files; undefined where it tried nothing. */
  readonly busy: Memory["busy"] | undefined;
  readonly problems: readonly string[];
  /** Ghosts have waited for room for so long that a person must look after it. */
  readonly isRoomless: boolean;
};

export const nothingDone: Done = { outcomes: new Map(), busy: undefined, problems: [], isRoomless: false };

const needsTombstones = ({ entries: { intents } }: ExaminedRegistry): boolean =>
  intents.stamp + intents.mark + intents.reap + intents["take-over"] > 0;

export async function carryOut(pass: Pass, examination: Examination, choice: Choice | undefined): Promise<Done> {
  const { host } = pass;
  if (examination.refusal !== undefined) {
    const doubt = await unkept("that this sweep has seen nothing", () => host.store.saveMemory(rememberDoubt(examination)));
    const read = examination.registries.map(({ loaded }) => loaded);
    const isContested = contested(read, examination.evidence) !== undefined;
    return { ...nothingDone, problems: [...doubt, ...(isContested ? await recordHosts(host, read, true) : [])] };
  }
  for (const { path, server } of examination.pass.targets) if (server === undefined) host.removeLeftovers(path);
  const stuck = recoverQuarantined(host, examination);
  const outcomes = new Map<ExaminedRegistry, Outcomes>();
  const { registries } = examination;
  for (const [turn, examined] of registries.entries()) {
    const othersWait = registries.slice(turn + 1).some(needsTombstones);
    if (needsTombstones(examined)) pass.tombstones.turnTo(othersWait ? "wait" : "are-done");
    outcomes.set(examined, await carryOutIn(pass, examined, selectionIn(examined, choice)));
  }
  const read = registries.map(({ loaded }) => loaded);
  const unsaid = await recordHosts(host, read, false);
  const done = new Map([...outcomes].map(([examined, own]) => [examined, { outcomes: own, leftOut: leftOutIn(examined, choice) }]));
  const memory = remember(host, examination, done);
  const kept = await unkept("what this sweep has seen", () => host.store.saveMemory(memory));
  return {
    outcomes,
    busy: memory.busy,
    isRoomless: isRoomlessTooLong(memory),
    problems: [...stuck, ...roomWarnings(outcomes), ...unsaid, ...kept],
  };
}
