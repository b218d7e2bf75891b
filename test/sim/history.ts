import { isDeepStrictEqual } from "node:util";
import { actionNames } from "../../src/core/plan/actions.ts";
import { agentOf } from "../../src/core/agents/agents.ts";
import { knownPrograms, type ProgramLists } from "../../src/core/agents/programs.ts";
import { isSameBoot } from "../../src/core/identity/tokens.ts";
import { sessionOf } from "../../src/core/agents/session-argv.ts";
import { defaultPolicy, type Policy } from "../../src/core/policy.ts";
import type { EntryReport } from "../../src/report/model/sweep.ts";
import { countActions, type Tally } from "../../src/report/tally.ts";
import { sweep } from "../../src/sweep/sweep.ts";
import { registryId, type Target } from "../../src/sweep/load/target.ts";
import type { Tombstone } from "../../src/core/tombstone.ts";
import { nameBefore } from "./disk.ts";
import { crash, happen, race, release, startBridge, stopBridge } from "./happenings.ts";
import { absencesKept, checkCaptured, checkSecondLooks, checkSilence, checkSwap, type Absence } from "./laws.ts";
import { carries, containers, day, hostNamespace, minute, sweeperIn, type Machine, type Session, type SessionKind } from "./machine.ts";
import { bridgePath, isDirectory, markersPath, sessionNamedIn, type Entries } from "./registries.ts";
import { mortal, nobody, simulatedHost, stepsUntilDeath, type Blindness, type Interference } from "./simulated-host.ts";
import { Story } from "./story.ts";
import type { Control } from "./control.ts";
import type { World } from "./worlds.ts";
import { edit, register, touch } from "./writers.ts";
import { plainSweep, restoreInto } from "../sweep-options.ts";

const blindnesses: readonly Blindness[] = [
  "wallMs",
  "bootMs",
  "awakeMs",
  "bootId",
  "pidNamespace",
  "processes",
  "some-processes",
  "pids",
  "names",
  "inner",
  "server",
  "network",
  "reads",
  "locks",
  "file-locks",
  "self",
  "endpoints",
  "file",
  "torn",
  "tombstones",
  "swap",
  "memory",
  "void",
  "sync",
  "history",
  "room",
];
const nothingBlind: ReadonlySet<Blindness> = new Set();

/** What a sweep reported. */
export type Heard = { readonly entries: readonly EntryReport[]; readonly tallies: readonly Tally[]; readonly refusal: string | null };

const nothingHeard: Heard = { entries: [], tallies: [], refusal: null };

export type SweepMoment = {
  readonly now?: boolean;
  readonly quiet?: boolean;
  readonly meanwhile?: () => void;
  /** The pid namespace in which it stands. */
  readonly namespace?: string;
  /** It is killed after so many steps. */
  readonly killedAfter?: number;
};

type Claimed = {
  readonly pid?: number;
  readonly start?: string | number;
  readonly procStart?: string;
  readonly boot?: string;
  readonly since?: unknown;
  readonly active?: unknown;
  readonly beat?: unknown;
  readonly pidDomain?: string;
  readonly runningInWindows?: boolean;
};

/** It says that its pid is counted elsewhere than on this machine. */
const isForeign = ({ pidDomain, runningInWindows }: Claimed): boolean =>
  runningInWindows === true || pidDomain?.includes(hostNamespace) === false;

/** A text that its writer left torn says nothing. */
function objectIn(text: string): Claimed {
  try {
    return JSON.parse(text) as Claimed;
  } catch {
    return {};
  }
}

type HistoryOptions = {
  readonly targets?: readonly Target[];
  readonly worlds?: ReadonlySet<World>;
  /** The rules of 0.1.0, which judge beside ours. In the quiet end nothing is taken away then, so that both see all of it. */
  readonly control?: Control;
  /** What the user has declared of this machine. */
  readonly declared?: Partial<Policy>;
};

/** Names that no list has: what is left to tell is where a process stands, and what it carries. */
const noNames = { ...knownPrograms, agents: new Map(), packages: new Map(), launchers: new Map() } as const satisfies ProgramLists;

export const policyIn = (machine: Machine, now: boolean): Policy => ({
  ...defaultPolicy,
  now,
  programs: machine.isIn("unknown-names") ? noNames : knownPrograms,
});

/** One history of a machine, and sweeps of it. A broken law is thrown, with the last of what had happened. */
export class History {
  readonly story: Story;
  sweeps = 0;
  reaped = 0;
  killed = 0;
  private absent: ReadonlyMap<string, Absence> = new Map();

  private readonly control: Control | undefined;
  private readonly declared: Partial<Policy>;

  constructor(seed: number, { targets, worlds, control, declared = {} }: HistoryOptions = {}) {
    this.story = new Story(seed, targets, worlds);
    this.control = control;
    this.declared = declared;
  }

  get machine(): Machine {
    return this.story.machine;
  }

  register(path: string, kind: SessionKind, key: string): Session {
    return register(this.story, path, kind, key);
  }

  crash(session: Session): void {
    crash(this.story, session);
  }

  edit(path: string, change: (entries: Entries) => void): void {
    edit(this.story, path, change, "in-place");
  }

  private interference({ quiet = false, meanwhile }: SweepMoment): Interference {
    const { story } = this;
    const { chance } = story;
    const guarded = (check: () => void): void => {
      try {
        check();
      } catch (error) {
        story.failure ??= error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    };
    return {
      ...nobody,
      meanwhile: meanwhile ?? (() => (quiet ? undefined : race(story))),
      lastMoment: (path) => (quiet || !chance.oneIn(4) ? undefined : touch(story, path, { racing: true })),
      held: (root) => (quiet || !chance.oneIn(3) ? undefined : touch(story, root, { racing: true })),
      swapped: (path, before) => guarded(() => checkSwap(story, path, before)),
      captured: (root, key, text) => guarded(() => checkCaptured(story, root, key, text)),
      release: (key) => {
        let problem: string | undefined;
        guarded(() => (problem = release(story, key)));
        return problem;
      },
      wait: () => (chance.oneIn(3) ? story.machine.disk.flush() : undefined),
    };
  }

  async sweepOnce(blindness: ReadonlySet<Blindness> = nothingBlind, moment: SweepMoment = {}): Promise<Heard> {
    const { story } = this;
    const { machine, state } = story;
    const { now = false, namespace = hostNamespace } = moment;
    const steps = stepsUntilDeath(moment.killedAfter ?? Infinity, this.interference(moment));
    const host = simulatedHost(machine, state, blindness, steps.interference, sweeperIn(namespace));
    const control = { namespace, blindness };
    await this.control?.look(
      story,
      simulatedHost(machine, state, blindness, nobody, sweeperIn(namespace)),
      control,
      policyIn(machine, now),
    );
    const [tombstoneCount, memory] = [state.tombstones.size, state.memory];
    story.removed = [];
    story.released = [];
    // Its report is made while somebody reads it, and it can be killed then, too.
    const running = sweep(moment.killedAfter === undefined ? host : mortal(host, steps.interference.step), {
      ...plainSweep,
      targets: story.targets,
      policy: { ...policyIn(machine, now), ...this.declared },
    }).then(({ refusal, tallies, entries }): Heard => ({ refusal, tallies, entries: [...entries] }));
    this.sweeps += 1;
    const isDead = (): boolean => steps.left < 0;
    const report = await running.catch((error: unknown) => (isDead() ? undefined : story.fail(`a sweep threw ${String(error)}`)));
    if (story.failure !== undefined) throw story.failure;
    if (report === undefined || isDead()) {
      this.killed += 1;
      story.record(`a sweep is killed, and had taken away ${story.removed.join()}`);
      // Of its report nobody hears; what it kept in mind before it died stands.
      if (state.memory !== memory) this.absent = absencesKept(story);
      return nothingHeard;
    }
    const shown = (): string => report.entries.map(({ key, verdict, reason, action }) => `${key}=${verdict}/${reason}/${action}`).join(" ");
    story.record(() => `sweep${now ? " --now" : ""} in ${namespace} (blind: ${[...blindness].join(" ")}): ${shown()}`);
    this.checkReport(report, blindness, tombstoneCount);
    checkSilence(story, report.entries);
    if (report.refusal !== null) return report;
    this.noteRemembered();
    // What a sweep could not keep in mind no later one can know.
    if (state.memory === memory) return report;
    this.absent = checkSecondLooks(story, report.entries, now, this.absent);
    if (!["wallMs", "bootMs", "awakeMs", "bootId"].some((part) => blindness.has(part as Blindness))) machine.unseenSleepMs = 0;
    if (!["wallMs", "bootMs", "bootId"].every((part) => blindness.has(part as Blindness))) machine.watchClock(!blindness.has("wallMs"));
    return report;
  }

  /** Which processes sweeps keep in mind as those that showed a session: what these run now is theirs until they end. */
  private noteRemembered(): void {
    const { machine, state, targets, current } = this.story;
    const running = new Map([...machine.processes.values()].map((process) => [process.startTicks, process]));
    for (const target of targets) {
      const records = state.memory.records.get(registryId(target));
      for (const session of current.values()) {
        if (session.registry !== target.path) continue;
        const held = records?.get(session.key)?.held?.by ?? [];
        session.remembered = new Set(held.flatMap(({ startTicks }) => running.get(startTicks) ?? []));
      }
    }
  }

  /** What a sweep says is what it did. */
  private checkReport({ entries, tallies, refusal }: Heard, blindness: ReadonlySet<Blindness>, tombstoneCount: number): void {
    const { story } = this;
    for (const action of actionNames) {
      const listed = entries.filter((entry) => entry.action === action).length;
      const counted = countActions(tallies, action);
      if (listed !== counted) story.fail(`${counted} entries are counted as ${action}, and ${listed} are listed`);
    }
    const keysOf = (wanted: string): readonly string[] =>
      entries.filter(({ action }) => action === wanted).map(({ registry, key }) => `${registry} ${key}`);
    const reaped = keysOf("reaped");
    this.reaped += reaped.length;
    if (reaped.toSorted().join() !== story.removed.toSorted().join())
      story.fail(`reported ${reaped.join()}, removed ${story.removed.join()}`);
    const unheard = keysOf("released").filter((name) => !story.released.includes(name));
    if (unheard.length > 0) story.fail(`reported ${unheard.join()} as released, and nobody released it`);
    const left = story.state.tombstones.size - tombstoneCount - reaped.length;
    if (left < 0 || (left > 0 && !blindness.has("void"))) story.fail(`${left} tombstones are left of entries that were not reaped`);
    const changed = story.removed.length + story.released.length;
    if ((refusal !== null || blindness.has("self")) && changed > 0) story.fail("reaped although it could not see itself");
  }

  /** Gives one entry back, into the place and with the very text that it had. */
  async restoreOne(tombstone: Tombstone): Promise<void> {
    const { story } = this;
    const { registry, key, id } = tombstone;
    const target = story.targets.find(({ path }) => path === registry) ?? story.fail(`no target ${registry}`);
    story.machine.disk.flush();
    const before = story.entries(registry);
    // Its owner may start when all has been looked at but once.
    const meanwhile = (): void => void (story.chance.oneIn(4) && startBridge(story));
    const host = simulatedHost(story.machine, story.state, nothingBlind, { ...nobody, meanwhile });
    const [outcome] = (await restoreInto(host, target, [tombstone])).outcomes;
    const after = story.entries(registry);
    story.record(`restore ${key} of ${registry}: ${outcome?.action} ${outcome?.detail}`);
    const isOwned = registry === bridgePath && story.isBridgeUp();
    if (isOwned && !isDeepStrictEqual([...after], [...before])) story.fail(`${key} was put back behind the back of a bridge that is up`);
    if (before.has(key)) {
      if (outcome?.action !== "newcomer" && !isOwned) story.fail(`restore of ${key} over a newcomer: ${outcome?.action}`);
      return;
    }
    if (isOwned) return;
    // A killed sweep leaves tombstones of entries that it did not come to reap, or had only set aside.
    const tombstoned = story.tombstoned.get(id);
    const known =
      tombstoned?.session ??
      story.whose(registry, key) ??
      story.machine.sessions.findLast((one) => one.registry === registry && one.key === key);
    if (outcome?.action !== "restored" || after.size !== before.size + 1 || after.get(key) !== (tombstoned?.text ?? after.get(key)))
      story.fail(`${key} was not given back: ${outcome?.detail}`);
    story.current.set(`${registry} ${key}`, known ?? story.fail(`nobody knows whose tombstone ${id} is`));
  }

  async run(length: number): Promise<void> {
    const { story } = this;
    const { chance, state } = story;
    for (let at = 0; at < length; at += 1) {
      for (let more = chance.below(5); more > 0; more -= 1) happen(story);
      if (chance.oneIn(12) && state.tombstones.size > 0) await this.restoreOne(chance.pick([...state.tombstones.values()]));
      const blindness = chance.oneIn(3) ? new Set([chance.pick(blindnesses), chance.pick(blindnesses)]) : nothingBlind;
      await this.sweepOnce(blindness, {
        now: chance.oneIn(10),
        ...(chance.oneIn(10) && { namespace: chance.pick(containers) }),
        ...(chance.oneIn(8) && { killedAfter: chance.below(90) }),
      });
    }
    await this.quietEnd();
    if (this.control === undefined && chance.oneIn(4)) for (const tombstone of state.tombstones.values()) await this.restoreOne(tombstone);
  }

  private longestPauseMs(): number {
    const records = [...this.story.state.memory.records.values()].flatMap((ofRegistry) => [...ofRegistry.values()]);
    return Math.max(0, ...records.map(({ longestGapMs }) => longestGapMs));
  }

  /** Nothing happens any more, and eyes are open: then every dead session of this host must go in the end. */
  private async quietEnd(): Promise<void> {
    const { story } = this;
    const { machine } = story;
    stopBridge(story);
    machine.disk.flush();
    machine.startServer();
    machine.server.ended.clear();
    machine.tried = "refuses";
    for (const { lockedBy } of machine.sessions) machine.kill(lockedBy);
    for (const session of machine.sessions) if (!story.isCurrent(session) || !story.shows(session)) machine.end(session);
    for (const process of machine.processes.values()) if (process.argv[0] === "sh" || machine.doubtful.has(process)) machine.kill(process);
    for (const pause of [minute, 5 * minute, 5 * minute, 8 * day, 5 * minute, 8 * day, 5 * minute, 5 * minute]) {
      machine.advance(pause);
      await this.sweepOnce(this.control === undefined ? nothingBlind : new Set(["swap"]), { quiet: true });
    }
    if (this.control !== undefined) return;
    // A heart counts as beating for three times its longest pause, which may have been as long as the machine was off.
    if (this.deadEntries().length > 0 && this.longestPauseMs() > 4 * day) {
      for (const pause of [3 * this.longestPauseMs(), 5 * minute, 5 * minute]) {
        machine.advance(pause);
        await this.sweepOnce(nothingBlind, { quiet: true });
      }
    }
    // An agent that shows no session may run any; when it has ended, too, nothing keeps what the TTL judges.
    if (this.deadEntries().length > 0 && this.isAnyAgentIdle()) {
      for (const session of machine.sessions) machine.end(session);
      for (const pause of [minute, 5 * minute, 5 * minute]) {
        machine.advance(pause);
        await this.sweepOnce(nothingBlind, { quiet: true });
      }
    }
    for (const name of this.deadEntries()) story.fail(`${name} is dead and stays for ever`);
    for (const path of machine.disk.files.keys()) if (nameBefore(path) !== undefined) story.fail(`${path} is left behind`);
  }

  /** Entries of dead sessions that stand for ever under rules by which only these went. */
  staysUnder(condemned: ReadonlySet<string>): readonly string[] {
    return this.deadEntries().filter((name) => !condemned.has(name));
  }

  private deadEntries(): readonly string[] {
    const { story } = this;
    return [...story.current]
      .filter(([, session]) => session.key !== "twice" && !story.shows(session) && !this.isKeptByDoubt(session))
      .map(([name]) => name);
  }

  private isAnyAgentIdle(): boolean {
    return [...this.story.machine.processes.values()].some(({ argv }) => agentOf(argv) !== undefined && sessionOf(argv) === undefined);
  }

  /** Whether an entry of this registry has shown yet that its start tokens are ticks; of a known writer that needs no showing. */
  private areTokensProven(registry: string): boolean {
    const { targets, state } = this.story;
    const target = targets.find(({ path }) => path === registry);
    return target?.format.declaredFields === undefined || state.memory.provenTokens.has(registryId(target));
  }

  /** Another entry that stands and records a process names this session, whether or not the process still runs it. */
  private isNamedByAnother(session: Session): boolean {
    const { story } = this;
    return [...story.current.values()].some(({ registry, key, recorded }) => {
      return recorded !== undefined && recorded !== session.recorded && sessionNamedIn(story.entries(registry).get(key)) === session.id;
    });
  }

  /** Whether sweeps noticed a step of the clock while this entry stood: by its times nothing can be told of its boot then. */
  private isSteppedSince({ registry, key }: Session): boolean {
    const { targets, state } = this.story;
    const target = targets.find(({ path }) => path === registry);
    return target !== undefined && state.memory.records.get(registryId(target))?.get(key)?.clockStepped === true;
  }

  /** An entry without a start token that tells, or a boot id, can be mistaken for a process that has its pid now. */
  private isKeptByDoubt(session: Session): boolean {
    const { registry, key, id, remembered } = session;
    const { story } = this;
    const text = story.entries(registry).get(key) ?? "";
    const said = objectIn(text);
    if (story.isMisdeclared(registry)) return true;
    // Counted in a container: only a sweep there can tell.
    if (isForeign(said)) return true;
    const { machine } = story;
    const running = [...machine.processes.values()].filter((process) => machine.isRunning(process));
    if (running.some((process) => !machine.readers.has(process) && carries(process, id))) return true;
    if (running.some((process) => remembered.has(process)) || this.isNamedByAnother(session)) return true;
    // Another boot's, registered after this one began: by a container, or by a clock that was ahead then.
    const began = machine.wallMs - machine.bootMs;
    const file = machine.disk.at(registry);
    const times = [said.since, said.active, said.beat].map(String).filter((one) => /^\d{4}-/.test(one));
    const writtenAt =
      times.length > 0 ? Math.max(...times.map((one) => Date.parse(one))) : Math.max(file?.modifiedMs ?? 0, file?.changedMs ?? 0);
    const isOfOtherBoot = isSameBoot(said.boot, machine.bootId) === false;
    if (isOfOtherBoot && (writtenAt > began || this.isSteppedSince(session))) return true;
    // Beside one of those an entry that does not say where its pid is counted may be one, too.
    const beside = isDirectory(registry) && said.pidDomain === undefined ? [...story.entries(registry).values()] : [];
    if (beside.some((other) => isForeign(objectIn(other)))) return true;
    const pid = said.pid ?? Number(key.slice(key.lastIndexOf("/") + 1));
    // A marker whose pid is gone here is not opened, so its token does not tell it from a container's process.
    const spelled = registry === markersPath || !this.areTokensProven(registry) ? undefined : (said.start ?? said.procStart);
    const token = Number(spelled) === 0 ? undefined : spelled;
    const others = running.filter(({ pids }) => [...pids.values()].includes(pid));
    return others.some(({ startTicks }) => token === undefined || startTicks === token);
  }
}
