import type { Chance } from "./chance.ts";
import { Disk } from "./disk.ts";
import { holding, isSought, launch, named, naming, onlooker, type Launch } from "./launches.ts";
import type { World } from "./worlds.ts";

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const serverUrl = "ws://127.0.0.1:8788";
/** Nobody configured it, so it may lie as it likes. */
export const triedUrl = "ws://127.0.0.1:9999";
export const hostname = "venus";
export const hostNamespace = "4026531836";
export const containers = ["4026532001", "4026532002"] as const;
/** It stands in the first of them. */
export const nestedContainer = "4026532003";
/** No namespace of this machine: what runs there is under a kernel of its own. */
export const otherKernel = "another kernel";

/** A process: `pid` on the machine, `innerPid` where it counts itself, if that is a container. */
export type Process = {
  readonly pid: number;
  readonly innerPid: number | undefined;
  /** Its pid in each namespace in which it can be seen, from the machine's down to its own. */
  readonly pids: ReadonlyMap<string, number>;
  readonly namespace: string;
  readonly startTicks: string;
  /** A title takes the place of what it was started with. */
  argv: readonly string[];
  readonly exe: string;
  /** The files that it holds open. */
  open: readonly string[];
  /** `Z`: it has ended, and its parent has not asked for it. */
  state: "S" | "Z";
  /** That of its first thread alone. */
  leaderState: "S" | "Z";
  readonly startedMs: number;
  readonly uid: number;
  /** What started it. A process whose parent has ended is a child of pid 1. */
  readonly parent: Process | undefined;
  readonly kernelSession: number;
  readonly terminal?: number;
};

/** What can be said of a process that starts; else it is the first user's, in a kernel session of its own. */
export type Birth = Partial<Pick<Process, "pid" | "uid" | "parent" | "kernelSession" | "terminal" | "exe" | "open">>;

/** Awake time of a boot after which the network sets a wrong clock right. */
const setRightMs = 10 * minute;

export const firstUid = 1000;
export const codexHome = "/home/u/.codex";

/** A sweep's own process, which the table of processes does not show. */
export function sweeperIn(namespace: string): Process {
  const pid = 50;
  const birth = { uid: firstUid, parent: undefined, kernelSession: pid } as const;
  const program = { argv: ["sessreap"], exe: "/usr/bin/sessreap", open: [], state: "S", leaderState: "S" } as const;
  return { pid, innerPid: undefined, pids: new Map([[namespace, pid]]), namespace, startTicks: "1", startedMs: 10, ...program, ...birth };
}

/** How a session shows, and what its entry records of it. */
export type SessionKind = "guest" | "holder" | "cli" | "thread" | "lock" | "named" | "marker" | "claude" | "editor";

export type Session = {
  /** Within one process it can change. */
  id: string;
  key: string;
  readonly registry: string;
  readonly kind: SessionKind;
  /** Boot clock, suspends included, of the registration; of no use after a reboot. */
  registeredBootMs: number;
  readonly boot: number;
  process: Process | undefined;
  /** A child that outlived it, and holds the lock on its file. */
  lockedBy: Process | undefined;
  /** The process whose pid its entry records. */
  recorded: Process | undefined;
  /** Processes that sweeps have seen to show it, and keep in mind. */
  remembered: ReadonlySet<Process>;
  /** The clock was stepped since it registered, whether or not a sweep could notice that. */
  clockStepped: boolean;
  /** It has registered and will show at this time of the boot clock. */
  showsAtMs: number | undefined;
  /** Real time of the registration, without what the machine has slept. */
  readonly registeredElapsedMs: number;
  /** Its times were written by a clock that no sweep could check, or do not tell when it registered. */
  timesUnchecked: boolean;
};

/**
 * `partial`: some loaded threads are not listed. `stale`: threads that ended are listed. `silent`: it names none by its id.
 * `refusing`: it refuses connections, as before it listens or behind a packet filter.
 */
export type ServerMode = "up" | "hung" | "partial" | "stale" | "silent" | "refusing";
export type Server = { process: Process | undefined; mode: ServerMode; loaded: Set<string>; readonly ended: Set<string> };

export type EndpointMode = "accepts" | "hangs" | "refuses";

/** A machine that holds still until somebody moves it. Everything here is the truth; what a sweep sees is another matter. */
export class Machine {
  wallMs = Date.UTC(2026, 10, 20, 15);
  bootMs = 3 * hour;
  awakeMs = 3 * hour;
  boot = 1;
  /** Real time that has passed, without what the machine has slept. */
  elapsedMs = 0;
  /** Sleep since the last sweep that could tell and remember it, and all that no sweep could tell before a reboot. */
  unseenSleepMs = 0;
  forgottenSleepMs = 0;
  /** By how much the clock that this boot began with is wrong, until the network sets it right. */
  wrongMs = 0;
  /** A machine without a battery for its clock. */
  readonly forgetsTime: boolean;
  /** Whether the kernel says that the clock is set by a better one; undefined where it says nothing. */
  synchronised: boolean | undefined;
  readonly processes = new Map<number, Process>();
  /** Those of other kernels on the same hardware. */
  private readonly beside = new Set<Process>();
  /** Those that carry the id of a session and only look at it, and those of which no sweep can tell that. */
  readonly readers = new Set<Process>();
  readonly doubtful = new Set<Process>();
  readonly sessions: Session[] = [];
  readonly disk = new Disk(() => this.wallMs);
  readonly server: Server = { process: undefined, mode: "up", loaded: new Set(), ended: new Set() };
  /** What the server that nobody configured says; it has no threads of anybody here. */
  tried: "refuses" | "hangs" | "denies" = "refuses";
  /** Which launcher holds a session, and the pid of its command once that runs. By user and session. */
  readonly sessionLocks = new Map<string, { readonly holder: Process; command: number | undefined }>();
  private readonly awaited = new Map<Process, () => void>();
  /** What answers at a port, whoever is behind it. */
  readonly endpoints = new Map<number, EndpointMode>();
  /** Which process holds the lock on a file, by its inode. */
  readonly fileLocks = new Map<number, Process>();
  /** Since when a sweep could have noticed a step of the clock in this boot. */
  watched = false;
  /** When it was first stepped since then, and by how much in all. */
  private steppedBootMs: number | undefined;
  private unseenStepMs = 0;
  /** The latest time that sweeps have read and remember. */
  private latestReadMs = Number.NEGATIVE_INFINITY;
  /** A sweep of this boot could tell by that that its clock runs behind. */
  private isKnownBehind = false;
  private made = 0;
  readonly chance: Chance;
  readonly worlds: ReadonlySet<World>;

  constructor(chance: Chance, worlds: ReadonlySet<World> = new Set()) {
    this.chance = chance;
    this.worlds = worlds;
    this.forgetsTime = worlds.has("wrong-clocks");
    this.startServer();
  }

  get bootId(): string {
    return this.bootIdIn(hostNamespace);
  }

  /** The boot id that is read in a namespace: a container can have one of its own. */
  bootIdIn(namespace: string): string {
    if (namespace === otherKernel) return `f0000000-0000-4000-8000-${String(this.boot).padStart(12, "0")}`;
    const isOwn = namespace !== hostNamespace && this.isIn("container-boot-ids");
    return `${isOwn ? `c0${namespace.slice(-6)}` : "b0071d00"}-0000-4000-8000-${String(this.boot).padStart(12, "0")}`;
  }

  advance(ms: number, { asleep = false } = {}): void {
    this.wallMs += ms;
    this.bootMs += ms;
    if (asleep) this.unseenSleepMs += ms;
    else {
      this.awakeMs += ms;
      this.elapsedMs += ms;
    }
    if (this.wrongMs !== 0 && this.awakeMs >= setRightMs) this.setClockRight();
    for (const session of this.sessions) {
      if (session.showsAtMs !== undefined && session.showsAtMs <= this.bootMs) this.show(session);
    }
  }

  /** Two steps between two sweeps can undo each other: nobody can notice them, nor what was written in between. */
  stepClock(ms: number): void {
    this.wallMs += ms;
    for (const session of this.sessions) session.clockStepped = true;
    const since = this.watched ? this.steppedBootMs : 0;
    if (since !== undefined) for (const session of this.sessions) if (session.registeredBootMs >= since) session.timesUnchecked = true;
    this.steppedBootMs ??= this.bootMs;
    this.unseenStepMs += ms;
  }

  /** The network is there, and the kernel says from now on that the clock is synchronised. */
  private setClockRight(): void {
    const byMs = -this.wrongMs;
    this.wrongMs = 0;
    this.synchronised = true;
    this.stepClock(byMs);
  }

  /** A sweep has seen the clocks, and remembers them; what time it is it may not have seen. */
  watchClock(isWallSeen: boolean): void {
    this.watched = true;
    this.steppedBootMs = undefined;
    this.unseenStepMs = 0;
    this.isKnownBehind ||= this.latestReadMs > this.wallMs + minute;
    if (isWallSeen) this.latestReadMs = Math.max(this.latestReadMs, this.wallMs);
  }

  /** The state directory is lost. */
  forgetClock(): void {
    this.watched = false;
    this.latestReadMs = Number.NEGATIVE_INFINITY;
    this.isKnownBehind = false;
  }

  /** What no sweep has seen until a reboot, none sees: after it all that is known is that the machine was off. */
  private uncheckTimes(): void {
    const { steppedBootMs = Number.NEGATIVE_INFINITY, unseenStepMs, wrongMs, isKnownBehind } = this;
    for (const session of this.sessions) {
      const isBefore = session.boot !== this.boot || session.registeredBootMs <= steppedBootMs;
      const wasSteppedPast = unseenStepMs > 0 && isBefore;
      const isByWrongClock = wrongMs < 0 && !isKnownBehind && session.boot === this.boot;
      if (wasSteppedPast || isByWrongClock) session.timesUnchecked = true;
    }
  }

  reboot(): void {
    this.uncheckTimes();
    this.boot += 1;
    this.bootMs = minute + this.chance.below(100) * second;
    this.awakeMs = this.bootMs;
    const offMs = this.chance.below(10) * hour + minute;
    this.wallMs += offMs - this.wrongMs;
    this.elapsedMs += offMs;
    this.forgottenSleepMs += this.unseenSleepMs;
    this.unseenSleepMs = 0;
    // A battery that fails leaves a clock years behind, and none at all the first day of 1970, at every boot.
    const behindMs = this.boot % 3 === 0 ? this.bootMs - this.wallMs : -20 * 365 * day;
    this.wrongMs = this.forgetsTime ? this.chance.pick([0, behindMs, 30 * day, 400 * day]) : 0;
    this.wallMs += this.wrongMs;
    this.synchronised = undefined;
    this.processes.clear();
    this.beside.clear();
    this.endpoints.clear();
    this.sessionLocks.clear();
    this.disk.flush();
    this.server.process = undefined;
    this.server.loaded.clear();
    this.watched = false;
    this.steppedBootMs = undefined;
    this.unseenStepMs = 0;
    this.isKnownBehind = false;
    for (const session of this.sessions) Object.assign(session, { process: undefined, showsAtMs: undefined });
    if (!this.chance.oneIn(3)) this.startServer();
  }

  isIn(world: World): boolean {
    return this.worlds.has(world);
  }

  /** What was started last, whether it runs or not. */
  newest: Process | undefined;

  private freePid(isTaken: (pid: number) => boolean): number {
    const first = 100 + this.chance.below(24);
    for (let pid = first; ;) {
      if (!isTaken(pid)) return pid;
      pid = pid === 200 ? 100 : pid + 1;
      if (pid === first) throw new Error("the machine has no pid left");
    }
  }

  /** Few pids and many processes: they come around, on the machine and inside of each container. */
  spawn(argv: readonly string[], namespace = hostNamespace, birth: Birth = {}): Process {
    this.advance(20);
    const pid = birth.pid ?? this.freePid((taken) => this.isTaken(taken));
    const below = namespacesDownTo(namespace).map((one) => {
      const inside = this.inNamespace(one);
      return [one, this.freePid((taken) => inside.some(({ pids }) => pids.get(one) === taken))] as const;
    });
    const process: Process = {
      pids: namespace === otherKernel ? new Map([[otherKernel, pid]]) : new Map([[hostNamespace, pid], ...below]),
      innerPid: below.at(-1)?.[1],
      namespace,
      argv,
      exe: `/usr/bin/${(argv[0] ?? "").split("/").at(-1)}`,
      open: [],
      state: "S",
      leaderState: "S",
      startTicks: String(Math.floor(this.bootMs / 10)),
      startedMs: this.bootMs,
      uid: firstUid,
      parent: undefined,
      kernelSession: pid,
      ...birth,
      pid,
    };
    if (namespace === otherKernel) this.beside.add(process);
    else this.processes.set(pid, process);
    this.newest = process;
    return process;
  }

  /** The kernel keeps a pid from newcomers as long as a process has it, or stands in the kernel session of that name. */
  isTaken(pid: number): boolean {
    return this.processes.has(pid) || [...this.processes.values()].some(({ kernelSession }) => kernelSession === pid);
  }

  inNamespace(namespace: string): readonly Process[] {
    return [...this.processes.values()].filter(({ pids }) => pids.has(namespace));
  }

  isRunning(process: Process | undefined): process is Process {
    return process !== undefined && process.state !== "Z" && (this.processes.get(process.pid) === process || this.beside.has(process));
  }

  kill(process: Process | undefined): void {
    if (!this.isRunning(process)) return;
    if (this.beside.delete(process)) return;
    const stays = this.isIn("zombies") && this.zombies().length < 8 && this.chance.oneIn(3);
    if (stays) Object.assign(process, { state: "Z", leaderState: "Z", argv: [], open: [] });
    else this.processes.delete(process.pid);
    for (const [key, { holder }] of this.sessionLocks) if (holder === process) this.sessionLocks.delete(key);
    this.awaited.get(process)?.();
  }

  private zombies(): readonly Process[] {
    return [...this.processes.values()].filter(({ state }) => state === "Z");
  }

  /** Parents ask for the children that have ended. */
  reapZombies(): void {
    for (const { pid } of this.zombies()) this.processes.delete(pid);
  }

  /** Resolves when a process that runs now has ended. */
  ended(process: Process): Promise<void> {
    return new Promise((resolve) => void this.awaited.set(process, resolve));
  }

  /** A process and what it descends from, up to the first whose parent has ended. */
  lineOf(process: Process): readonly Process[] {
    const line = [process];
    for (let above = process.parent; this.isRunning(above); above = above.parent) line.push(above);
    return line;
  }

  startServer(): void {
    // Where a file says at which address it is to listen, its argv does not.
    const where = this.chance.pick([[serverUrl], [serverUrl], ["ws://0.0.0.0:8788"], ["ws://[::]:8788"], []] as const);
    this.server.process ??= this.spawn(["codex", "app-server", ...where.flatMap((url) => ["--listen", url])]);
    this.server.mode = "up";
  }

  stopServer(): void {
    this.kill(this.server.process);
    this.server.process = undefined;
    this.server.loaded.clear();
  }

  newId(): string {
    this.made += 1;
    return this.isIn("short-ids") ? String(this.made) : `019d0000-1111-7000-8000-${String(this.made).padStart(12, "0")}`;
  }

  newSession(registry: string, key: string, kind: SessionKind, id = this.newId()): Session {
    const session: Session = {
      id,
      key,
      registry,
      kind,
      registeredBootMs: this.bootMs,
      boot: this.boot,
      process: undefined,
      lockedBy: undefined,
      recorded: undefined,
      remembered: new Set(),
      clockStepped: false,
      showsAtMs: undefined,
      registeredElapsedMs: this.elapsedMs,
      timesUnchecked: false,
    };
    this.sessions.push(session);
    return session;
  }

  private programOf(kind: SessionKind, id: string, key: string): Launch {
    if (kind === "cli") return this.isIn("launchers") ? launch(this.chance, id) : named(["codex", "resume", id]);
    if (kind === "named" && this.isIn("launchers")) return naming(this.chance, key);
    if (kind === "named") return named(["codex", `Your agent name is ${key}. Go on.`]);
    if (kind === "claude" && this.isIn("changed-in-place") && this.chance.oneIn(2)) return named(["claude", "--resume", id]);
    if (kind === "marker" || kind === "claude") return named(["claude"]);
    // Nobody knows every editor's name; of the others only what listens at the port tells.
    if (kind === "editor") return named([this.chance.oneIn(2) ? "cursor" : "quill"]);
    // Codex holds the writer lock of its thread.
    if (kind === "lock") return { ...named(["codex", "--managed"]), open: [`${codexHome}/thread-writer-locks/${id}.lock`] };
    return named(["codex", "--remote", serverUrl]);
  }

  /** An agent starts, and shows the session in its arguments or, in a home that no sweep knows, by an open file. */
  private startOf({ kind, id, key }: Session, namespace: string): Process {
    const isByFile = kind === "cli" && this.isIn("open-files") && isSought(id) && this.chance.oneIn(2);
    const { argv, ...birth } = isByFile ? holding(this.chance, id) : this.programOf(kind, id, key);
    return this.spawn(argv, namespace, birth);
  }

  show(session: Session, namespace = hostNamespace): void {
    session.showsAtMs = undefined;
    session.process ??= this.startOf(session, namespace);
    if (session.kind === "thread" && this.server.process !== undefined) this.server.loaded.add(session.id);
  }

  /** Somebody takes a session up again in a CLI of its own; its entry does not change. */
  resume(session: Session): void {
    this.end(session);
    session.process = this.startOf({ ...session, kind: "cli" }, hostNamespace);
  }

  /** A program that carries the id of a session, and does not run it. */
  lookOn(id: string): void {
    const { argv, exe, isReader } = onlooker(this.chance, id);
    const process = this.spawn(argv, hostNamespace, { exe });
    (isReader ? this.readers : this.doubtful).add(process);
  }

  /** A program takes a title, and what it was started with is gone. */
  takeTitle(process: Process): void {
    process.argv = [this.chance.pick(["claude", "node", "agent: idle"])];
  }

  /** The first thread of a process ends; the others work on, and show all that it showed. */
  endLeader(process: Process): void {
    process.leaderState = "Z";
  }

  /** The process of a session ends, and a child of it keeps the lock on its file. */
  leaveLock(session: Session): void {
    const file = this.disk.at(`${session.registry}/${session.key}`);
    const { process } = session;
    if (file === undefined || !this.isRunning(process)) return;
    session.lockedBy = this.spawn(["sleep", "infinity"], process.namespace);
    this.fileLocks.set(file.ino, session.lockedBy);
    this.end(session);
  }

  private isLocked({ registry, key, lockedBy }: Session): boolean {
    const file = this.disk.at(`${registry}/${key}`);
    return file !== undefined && this.isRunning(lockedBy) && this.fileLocks.get(file.ino) === lockedBy;
  }

  end(session: Session): void {
    this.kill(session.process);
    session.process = undefined;
    session.showsAtMs = undefined;
    if (this.server.loaded.delete(session.id)) this.server.ended.add(session.id);
    if (session.kind === "editor") this.endpoints.delete(portOf(session));
  }

  /** Does this session run, and show in a way that its registry's format looks for? */
  shows(session: Session): boolean {
    const { process, id, kind } = session;
    if (this.server.loaded.has(id) || this.isLocked(session)) return true;
    if (!this.isRunning(process)) return false;
    if (kind === "editor" && process.argv[0] === "quill") return (this.endpoints.get(portOf(session)) ?? "refuses") !== "refuses";
    // Only by its times an entry of another kernel is told from one of an earlier boot.
    if (process.namespace === otherKernel && session.clockStepped && session.timesUnchecked) return false;
    if (process === session.recorded || session.remembered.has(process)) return true;
    // Claude's own record is of one process; that another one has taken its session up does not show there.
    if (kind === "claude") return false;
    // An id too short to be looked for tells only as an argument of a known agent.
    if (!isSought(id) && this.isIn("unknown-names")) return false;
    return carries(process, id) || (kind === "named" && statesName(process, session.key));
  }

  /** Why a session must not be reaped in this moment; undefined when it may. */
  protectedBy(session: Session, graceMs: number): string | undefined {
    if (this.shows(session)) return "it runs and shows";
    const ageMs = this.bootMs - session.registeredBootMs;
    if (session.boot === this.boot && ageMs < graceMs && !session.timesUnchecked) return `it registered ${ageMs / second}s ago`;
    const serverAgeMs = this.bootMs - (this.server.process?.startedMs ?? 0);
    // Its client is there and will load it again; a server that has just started knows of nothing yet.
    const waits = session.kind === "thread" && session.process !== undefined && this.server.process !== undefined;
    return waits && serverAgeMs < graceMs ? `its server started ${serverAgeMs / second}s ago` : undefined;
  }
}

/** The namespaces below the machine's, down to this one. */
function namespacesDownTo(namespace: string): readonly string[] {
  if (namespace === hostNamespace || namespace === otherKernel) return [];
  return namespace === nestedContainer ? [containers[0], nestedContainer] : [namespace];
}

/** Does a process carry this id, in its arguments or in the path of a file that it holds open? */
export function carries({ argv, open }: Process, id: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll("-", "");
  if (!isSought(id)) return argv.some((word) => word === id || word.endsWith(`=${id}`));
  return [...argv, ...open].some((text) => plain(text).includes(plain(id)));
}

/** Does a process state this name, however the words are written? */
function statesName({ argv }: Process, name: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll(":", "").replaceAll(/\s+/g, " ");
  return argv.some((word) => plain(word).includes(`your agent name is ${plain(name)}`));
}

/** An editor's entry is called by its port. */
export function portOf({ key }: Session): number {
  return Number(key.replace(".lock", ""));
}
