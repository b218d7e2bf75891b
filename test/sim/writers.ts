import type { Manner } from "./disk.ts";
import {
  containers,
  hostNamespace,
  hour,
  nestedContainer,
  otherKernel,
  second,
  type Process,
  type Session,
  type SessionKind,
} from "./machine.ts";
import { bridgePath, claudesPath, isDirectory, kindsOf, rewritten, type Entries } from "./registries.ts";
import type { Story } from "./story.ts";

const keys = ["s0", "s1", "s2", "s3", "__proto__x", "s-5"] as const;
const manners: readonly Manner[] = ["in-place", "in-place", "rename", "slow"];

/** Most writes move a file's time; one whose writer sets it back, or whose clock is coarse, does not. */
function writtenAt({ machine, chance }: Story, path: string, mayStand: boolean): { readonly ms: number; readonly moved: boolean } {
  const before = machine.disk.at(path)?.modifiedMs ?? machine.wallMs - hour;
  const moved = !mayStand || !chance.oneIn(8);
  return { ms: moved ? machine.wallMs : before, moved };
}

/** A writer's change to a file with many entries: it reads, changes and writes all of it, and knows no lock. */
export function edit(story: Story, path: string, change: (entries: Entries) => void, manner = story.chance.pick(manners)): void {
  const { disk } = story.machine;
  const file = disk.at(path) ?? story.fail(`${path} is gone`);
  const text = rewritten(path, file.slow ?? file.text, story.indent, change);
  disk.write(path, text, writtenAt(story, path, true).ms, manner);
}

/** A writer's change to a file of its own. Only one that is not in a race may leave the file's time as it was. */
function writeOwn(story: Story, session: Session, text: string, racing: boolean): void {
  const path = `${session.registry}/${session.key}`;
  const { ms, moved } = writtenAt(story, path, !racing);
  // The very bytes of another before it: after a step of the clock they are as old as sweeps have seen them.
  if (story.machine.disk.at(path)?.text === text) session.timesUnchecked = true;
  const locked = story.machine.disk.at(path)?.ino;
  story.machine.disk.write(path, text, ms, story.chance.pick(manners));
  // A lock is one of the file that was replaced, not of its name.
  if (story.machine.disk.at(path)?.ino !== locked) session.lockedBy = undefined;
  // The grace period of such an entry counts from its file's time.
  if (!moved) session.timesUnchecked = true;
}

function anyContainer({ machine, chance }: Story): string {
  return chance.pick(machine.isIn("nested-namespaces") ? [...containers, nestedContainer] : containers);
}

function anyPlace(story: Story): string {
  if (story.machine.isIn("other-kernels") && story.chance.oneIn(3)) return otherKernel;
  return story.chance.oneIn(4) ? anyContainer(story) : hostNamespace;
}

/** The pid of a process as one of its namespaces counts it, where it stands in a container. */
function pidOf({ chance }: Story, { pids, pid }: Process): { readonly pid: number; readonly namespace: string } {
  const [, ...inside] = [...pids];
  const [namespace, number] = inside.length === 0 ? [hostNamespace, pid] : chance.pick(inside);
  return { pid: number, namespace };
}

/** What a writer takes for the start of a process: ticks, or what this machine's writers of declared registries know instead. */
function startTokenOf({ machine, chance }: Story, { startTicks, startedMs }: Process): string | number {
  if (machine.isIn("token-zero") && chance.oneIn(3)) return chance.pick([0, "0"]);
  return machine.isIn("token-units") ? Math.floor(machine.wallMs - machine.bootMs + startedMs) : startTicks;
}

function bootIdOf({ machine, chance }: Story, { namespace }: Process): string {
  const id = machine.bootIdIn(namespace);
  return machine.isIn("boot-id-spellings") ? chance.pick([id.replaceAll("-", ""), id.toUpperCase(), id]) : id;
}

type WriterOptions = { readonly racing?: boolean };

function registerFile(story: Story, session: Session, racing: boolean): void {
  const { machine, chance } = story;
  const inside = session.kind !== "editor" && chance.oneIn(4);
  const namespace = inside ? anyContainer(story) : hostNamespace;
  if (session.kind === "editor") {
    session.key = `${40_000 + chance.below(4)}.lock`;
    machine.endpoints.set(Number(session.key.slice(0, 5)), chance.pick(["accepts", "accepts", "accepts", "hangs", "refuses"]));
  }
  machine.show(session, namespace);
  const { process } = session;
  session.recorded = process;
  const { pid, namespace: counting } = process === undefined ? { pid: 0, namespace } : pidOf(story, process);
  if (session.kind === "marker") session.key = `market/plugin-${chance.below(2)}/1.0/.in_use/${pid}`;
  if (session.kind === "claude") session.key = `${pid}.json`;
  // An editor does not say where its pid is counted.
  const domain = chance.oneIn(2) && session.kind !== "editor" ? { pidDomain: `linux:ab12:pid:[${counting}]` } : {};
  const token = { pid, ...(session.kind !== "editor" && !chance.oneIn(6) && { procStart: process?.startTicks }) };
  const body = { ...token, ...(session.kind === "claude" && { sessionId: session.id, startedAt: machine.wallMs }), ...domain };
  writeOwn(story, session, session.kind === "marker" && chance.oneIn(4) ? "" : JSON.stringify(body), racing);
}

function registerMember(story: Story, session: Session): void {
  const { machine, chance } = story;
  const { registry: path, kind, key } = session;
  if (kind === "guest") session.showsAtMs = undefined;
  else if (kind === "holder") machine.show(session, anyPlace(story));
  else session.showsAtMs = machine.bootMs + chance.below(240) * second;
  const stated = new Date(machine.wallMs).toISOString();
  const since = chance.oneIn(6) ? chance.pick([undefined, "session 5", 12]) : stated;
  const id = path === bridgePath ? { threadId: session.id } : { id: session.id };
  const time = path === bridgePath ? { registeredAt: since } : { since };
  const holder = session.process;
  session.recorded = holder;
  const token =
    holder === undefined
      ? {}
      : {
          pid: pidOf(story, holder).pid,
          ...(!chance.oneIn(6) && { start: startTokenOf(story, holder) }),
          ...((holder.namespace === otherKernel || !chance.oneIn(3)) && { boot: bootIdOf(story, holder) }),
        };
  const before = machine.disk.at(path)?.modifiedMs;
  edit(story, path, (entries) => {
    entries[key] = { ...id, ...time, ...token };
  });
  // Without a time of its own it ages from the file's, which has not moved.
  if (machine.disk.at(path)?.modifiedMs === before && since !== stated) session.timesUnchecked = true;
}

/** A session that another registry names, with its process. */
function anyHost({ current, chance, machine }: Story): Session | undefined {
  if (!machine.isIn("several-registries") && !machine.isIn("changed-in-place")) return undefined;
  const hosts = [...current.values()].filter(({ kind, process, recorded }) => {
    return (kind === "claude" || kind === "holder") && recorded === process && machine.isRunning(process);
  });
  return hosts.length === 0 || chance.oneIn(2) ? undefined : chance.pick(hosts);
}

/** An agent goes on with another session. Its record says so, or still says the old one. */
export function changeInPlace(story: Story): void {
  const { chance, machine } = story;
  const mine = [...story.current.values()].filter(({ kind, process, recorded }) => {
    return kind === "claude" && process === recorded && machine.isRunning(process);
  });
  if (mine.length === 0) return;
  const session = chance.pick(mine);
  const text = story.entries(claudesPath).get(session.key);
  if (text === undefined || !text.includes(session.id)) return;
  const isStale = chance.oneIn(3);
  session.id = machine.newId();
  if (!isStale) writeOwn(story, session, JSON.stringify({ ...(JSON.parse(text) as Entries), sessionId: session.id }), false);
  story.record(`pid ${session.process?.pid} goes on with ${session.id}${isStale ? ", and its record does not say so" : ""}`);
}

export function register(
  story: Story,
  path = story.chance.pick(story.targets).path,
  kind: SessionKind = story.chance.pick(kindsOf[path] ?? []),
  key: string = story.chance.pick(keys),
  { racing = false }: WriterOptions = {},
): Session {
  const host = isDirectory(path) ? undefined : anyHost(story);
  const session = host === undefined ? story.machine.newSession(path, key, kind) : story.machine.newSession(path, key, "guest", host.id);
  if (isDirectory(path)) registerFile(story, session, racing);
  else registerMember(story, session);
  story.current.set(`${path} ${session.key}`, session);
  const where = session.process?.namespace === hostNamespace ? "" : ` in ${session.process?.namespace ?? "nobody's process yet"}`;
  story.record(`${session.key} registers in ${path} as ${kind} ${session.id.slice(-3)}${where}`);
  return session;
}

export function unregister(story: Story, session: Session): void {
  story.machine.end(session);
  if (!story.isCurrent(session)) return;
  const { registry, key } = session;
  if (isDirectory(registry)) story.machine.disk.remove(`${registry}/${key}`);
  else edit(story, registry, (entries) => delete entries[key]);
  story.current.delete(`${registry} ${key}`);
  story.record(`${key} unregisters from ${registry}`);
}

/** Only the process that its name says writes such a file; one that has taken the session up does not. */
function isOwn({ kind, process, recorded }: Session): boolean {
  return kind === "editor" || process === recorded;
}

/** Claude writes its own record anew whenever something happens. */
function touchFile(story: Story, path: string, racing: boolean): void {
  const { chance, machine } = story;
  const mine = [...story.current.values()].filter((session) => session.registry === path && machine.shows(session) && isOwn(session));
  if (mine.length === 0) return;
  const session = chance.pick(mine);
  const text = story.entries(path).get(session.key);
  if (text === undefined) return;
  const next = path === claudesPath ? JSON.stringify({ ...(JSON.parse(text) as Entries), updatedAt: machine.wallMs }) : text;
  writeOwn(story, session, next, racing);
  story.record(`${session.key} of ${path} is written anew`);
}

/** A writer that touches one entry, or only its place. */
export function touch(story: Story, path = story.chance.pick(story.targets).path, { racing = false }: WriterOptions = {}): void {
  const { chance, machine } = story;
  if (isDirectory(path)) {
    touchFile(story, path, racing);
    return;
  }
  const how = chance.pick(["beat", "activity", "order", "other"] as const);
  const key: string = chance.pick(how === "order" ? ["far", "broken", ...keys] : keys);
  edit(story, path, (entries) => {
    const entry = entries[key] as Entries | undefined;
    if (entry === undefined) return;
    const now = new Date(machine.wallMs).toISOString();
    if (how === "beat") entry["beat"] = now;
    if (how === "other") entry["note"] = chance.below(9);
    if (how === "activity") entry[path === bridgePath ? "lastActivityAt" : "active"] = now;
    if (how === "order") {
      delete entries[key];
      entries[key] = entry;
    }
  });
  story.record(`a writer changes ${path} (${how} of ${key})`);
}
