import { defaultPolicy } from "../../src/core/policy.ts";
import type { EntryReport } from "../../src/report/model/sweep.ts";
import { registryId } from "../../src/sweep/load/target.ts";
import { minute, type Machine, type Session } from "./machine.ts";
import { bridgePath, entriesIn, isDirectory, type Entries } from "./registries.ts";
import type { Story } from "./story.ts";

/** What must hold whenever something is taken away, whoever else is at work. */

function sessionThatMayGo(story: Story, path: string, key: string): Session {
  // A file that a killed sweep had set aside could not be found by who unregistered it meanwhile, and came back.
  const abandoned = isDirectory(path) ? story.machine.sessions.findLast((one) => one.registry === path && one.key === key) : undefined;
  const session = story.whose(path, key) ?? abandoned ?? story.fail(`${key} of ${path} was not ours to reap`);
  const why = story.protectedBy(session, defaultPolicy.graceMs);
  return why === undefined ? session : story.fail(`${key} of ${path} was reaped, though ${why}`);
}

/** The tombstone is there before the entry goes, and holds what went: `text`, as JSON or as a file's content. */
function writeTombstones(story: Story, path: string, key: string, session: Session, text: string): void {
  const tombstones = [...story.state.tombstones.values()].filter(
    (tombstone) => tombstone.registry === path && tombstone.key === key && !story.tombstoned.has(tombstone.id),
  );
  // One that could not be taken back from an earlier try may be there, too.
  const tombstone = tombstones.at(-1) ?? story.fail(`${key} of ${path} went without a tombstone`);
  const { kept } = tombstone;
  if (kept.layout === "rows") return story.fail("no table is simulated");
  const held =
    kept.layout === "files"
      ? Buffer.from(kept.content ?? "", "base64").toString()
      : memberValue(Buffer.from(kept.cut, "base64").subarray(kept.member.start, kept.member.end));
  if (held !== text) story.fail(`the tombstone of ${key} holds ${held}, and ${text} was reaped`);
  story.tombstoned.set(tombstone.id, { session, text });
  story.current.delete(`${path} ${key}`);
  story.removed.push(`${path} ${key}`);
}

function memberValue(bytes: Buffer): string {
  return JSON.stringify(Object.values(JSON.parse(`{${bytes.toString()}}`) as Entries)[0]);
}

/** A swap takes away some entries that may go, and changes nothing else, not even an order. */
export function checkSwap(story: Story, path: string, before: string): void {
  const text = story.machine.disk.at(path)?.text ?? story.fail(`${path} is gone`);
  const [old, now] = [entriesIn(path, before), entriesIn(path, text)];
  const gone = [...old.keys()].filter((key) => !now.has(key));
  const kept = [...old].filter(([key]) => now.has(key));
  if (JSON.stringify(kept) !== JSON.stringify([...now])) story.fail(`somebody's update of ${path} is lost:\n${before}\n${text}`);
  if (gone.length === 0) story.fail(`${path} was swapped for nothing`);
  if (path === bridgePath && story.isBridgeUp()) story.fail("reaped behind the back of a bridge that is up");
  for (const key of gone) writeTombstones(story, path, key, sessionThatMayGo(story, path, key), old.get(key) ?? "");
}

/** A file that went for good was one that may go; who has taken its name meanwhile keeps it. */
export function checkCaptured(story: Story, root: string, key: string, text: string): void {
  const newcomer = story.machine.disk.at(`${root}/${key}`) === undefined ? undefined : story.whose(root, key);
  writeTombstones(story, root, key, newcomer ?? sessionThatMayGo(story, root, key), text);
  if (newcomer !== undefined) story.current.set(`${root} ${key}`, newcomer);
}

/** Through its owner, too, only what may go is released. */
export function checkRelease(story: Story, key: string): void {
  sessionThatMayGo(story, bridgePath, key);
  if (!story.isBridgeUp()) story.fail("a bridge that is down was told to release");
}

/** Why a session was not silent for the TTL yet; undefined where it was, or no sweep could know. */
export function tooSoonSilent({ elapsedMs, forgottenSleepMs }: Machine, session: Session): string | undefined {
  const silentMs = elapsedMs - session.registeredElapsedMs + forgottenSleepMs;
  if (session.timesUnchecked || silentMs > defaultPolicy.ttlMs) return undefined;
  return `it registered ${Math.round(silentMs / minute)}m ago, without what the machine slept`;
}

/** The TTL takes only what has been silent for so long while the machine was not asleep, however often its clock was wrong. */
export function checkSilence(story: Story, entries: readonly EntryReport[]): void {
  const { machine, tombstoned } = story;
  for (const { reason, action, registry, key, tombstone } of entries) {
    if (reason !== "ttl-expired" || action !== "reaped") continue;
    const session = tombstoned.get(tombstone ?? "")?.session;
    if (session === undefined) continue;
    const why = tooSoonSilent(machine, session);
    if (why !== undefined) story.fail(`${key} of ${registry} was reaped for its silence, though ${why}`);
  }
}

export type Absence = { readonly boot: number; readonly sinceMs: number; readonly said: string };

const absences: ReadonlySet<string> = new Set([
  "ttl-expired",
  "holder-gone",
  "thread-not-loaded",
  "app-server-down",
  "endpoint-closed",
  "tmux-gone",
]);

const restsOnAbsence = ({ reason, detail, verdict }: EntryReport): boolean =>
  absences.has(reason) || (verdict === "ghost" && detail.includes("its body is torn"));

/** What an entry says, the value of its heartbeat aside; where its body is torn or empty, only its name. */
function saidBy(story: Story, { registry, key }: Pick<EntryReport, "registry" | "key">): string {
  const text = story.entries(registry).get(key) ?? "{}";
  try {
    return JSON.stringify({ ...(JSON.parse(text) as Entries), beat: null });
  } catch {
    return key;
  }
}

/** What rests on absence alone goes only if a sweep four minutes before, and every one since, found it absent, too. */
export function checkSecondLooks(
  story: Story,
  entries: readonly EntryReport[],
  now: boolean,
  absent: ReadonlyMap<string, Absence>,
): ReadonlyMap<string, Absence> {
  const { boot, awakeMs } = story.machine;
  const found = new Map<string, Absence>();
  for (const entry of entries) {
    const { registry, key, action } = entry;
    if (!restsOnAbsence(entry) || action === "skipped") continue;
    const name = `${registry} ${key}`;
    const said = action === "reaped" || action === "released" ? undefined : saidBy(story, entry);
    const before = absent.get(name);
    const unbroken = before?.boot === boot && (said === undefined || isDirectory(registry) || before.said === said) ? before : undefined;
    const sinceMs = unbroken?.sinceMs ?? awakeMs;
    if (said === undefined && !now && awakeMs - sinceMs < 4 * minute)
      story.fail(`${name} was reaped after ${awakeMs - sinceMs} ms of absence`);
    if (said !== undefined) found.set(name, { boot, sinceMs, said });
  }
  return found;
}

/** The absences that a killed sweep left in the memory; what it would have reported of them nobody knows. */
export function absencesKept(story: Story): ReadonlyMap<string, Absence> {
  const { boot } = story.machine;
  const kept = [...story.state.memory.records].flatMap(([id, records]) => {
    const registry = story.targets.find((target) => registryId(target) === id)?.path ?? story.fail(`no registry is remembered as ${id}`);
    return [...records].flatMap(([key, { absentSinceMs }]) => {
      if (absentSinceMs === undefined) return [];
      return [[`${registry} ${key}`, { boot, sinceMs: absentSinceMs, said: saidBy(story, { registry, key }) }] as const];
    });
  });
  return new Map(kept);
}
