import type { Chance } from "./chance.ts";
import { Disk } from "./disk.ts";

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

/** A process: `pid` on the machine, `innerPid` where it counts itself, if that is a container. */
export type Process = {
  readonly pid: number;
  readonly innerPid: number | undefined;
  readonly namespace: string;
  readonly startTicks: string;
  readonly argv: readonly string[];
  readonly startedMs: number;
  readonly uid: number;
  /** What started it. A process whose parent has ended is a child of pid 1. */
  readonly parent: Process | undefined;
  readonly kernelSession: number;
};

/** What can be said of a process that starts; else it is the first user's, in a kernel session of its own. */
export type Birth = Partial<Pick<Process, "pid" | "uid" | "parent" | "kernelSession">>;

export const firstUid = 1000;

/** A sweep's own process, which the table of processes does not show. */
export function sweeperIn(namespace: string): Process {
  const pid = 50;
  const birth = { uid: firstUid, parent: undefined, kernelSession: pid } as const;
  return { pid, innerPid: undefined, namespace, argv: ["sessreap"], startTicks: "1", startedMs: 10, ...birth };
}

/** How a session shows, and what its entry records of it. */
export type SessionKind = "holder" | "cli" | "thread" | "lock" | "named" | "marker" | "claude" | "editor";

export type Session = {
  readonly id: string;
  key: string;
  readonly registry: string;
  readonly kind: SessionKind;
  /** Boot clock, suspends included, of the registration; of no use after a reboot. */
  registeredBootMs: number;
  readonly boot: number;
  process: Process | undefined;
  /** A child that outlived it, and holds the lock on its file. */
  lockedBy: Process | undefined;
  /** It has registered and will show at this time of the boot clock. */
  showsAtMs: number | undefined;
  /** Its times were written by a clock that no sweep could check, or do not tell when it registered. */
  timesUnchecked: boolean;
};

/** `partial`: some loaded threads are not listed. `stale`: threads that ended are listed. `silent`: it names none by its id. */
export type ServerMode = "up" | "hung" | "partial" | "stale" | "silent";
export type Server = { process: Process | undefined; mode: ServerMode; loaded: Set<string>; readonly ended: Set<string> };

export type EndpointMode = "accepts" | "hangs" | "refuses";

/** A machine that holds still until somebody moves it. Everything here is the truth; what a sweep sees is another matter. */
export class Machine {
  wallMs = Date.UTC(2026, 10, 20, 15);
  bootMs = 3 * hour;
  awakeMs = 3 * hour;
  boot = 1;
  /** Whether the kernel says that the clock is set by a better one; undefined where it says nothing. */
  synchronised: boolean | undefined;
  readonly processes = new Map<number, Process>();
  readonly sessions: Session[] = [];
  readonly disk = new Disk();
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
  /** When it was first stepped since then. */
  private steppedBootMs: number | undefined;
  private made = 0;
  readonly chance: Chance;

  constructor(chance: Chance) {
    this.chance = chance;
    this.startServer();
  }

  get bootId(): string {
    return `b0071d00-0000-4000-8000-${String(this.boot).padStart(12, "0")}`;
  }

  advance(ms: number, { asleep = false } = {}): void {
    this.wallMs += ms;
    this.bootMs += ms;
    if (!asleep) this.awakeMs += ms;
    for (const session of this.sessions) {
      if (session.showsAtMs !== undefined && session.showsAtMs <= this.bootMs) this.show(session);
    }
  }

  /** Two steps between two sweeps can undo each other: nobody can notice them, nor what was written in between. */
  stepClock(ms: number): void {
    this.wallMs += ms;
    const since = this.watched ? this.steppedBootMs : 0;
    if (since !== undefined) for (const session of this.sessions) if (session.registeredBootMs >= since) session.timesUnchecked = true;
    this.steppedBootMs ??= this.bootMs;
  }

  /** A sweep has seen the clocks, and remembers them. */
  watchClock(): void {
    this.watched = true;
    this.steppedBootMs = undefined;
  }

  reboot(): void {
    this.boot += 1;
    this.bootMs = minute + this.chance.below(100) * second;
    this.awakeMs = this.bootMs;
    this.wallMs += this.chance.below(10) * hour + minute;
    this.processes.clear();
    this.endpoints.clear();
    this.sessionLocks.clear();
    this.disk.flush();
    this.server.process = undefined;
    this.server.loaded.clear();
    this.watched = false;
    this.steppedBootMs = undefined;
    for (const session of this.sessions) Object.assign(session, { process: undefined, showsAtMs: undefined });
    if (!this.chance.oneIn(3)) this.startServer();
  }

  private freePid(isTaken: (pid: number) => boolean): number {
    let pid = 100 + this.chance.below(24);
    while (isTaken(pid)) pid = pid === 200 ? 100 : pid + 1;
    return pid;
  }

  /** Few pids and many processes: they come around, on the machine and inside of each container. */
  spawn(argv: readonly string[], namespace = hostNamespace, birth: Birth = {}): Process {
    this.advance(20);
    const inside = namespace === hostNamespace ? undefined : this.inNamespace(namespace);
    const innerPid = inside && this.freePid((pid) => inside.some((other) => other.innerPid === pid));
    const pid = birth.pid ?? this.freePid((taken) => this.isTaken(taken));
    const start = { startTicks: String(Math.floor(this.bootMs / 10)), startedMs: this.bootMs };
    const process = { innerPid, namespace, argv, ...start, uid: firstUid, parent: undefined, kernelSession: pid, ...birth, pid };
    this.processes.set(pid, process);
    return process;
  }

  /** The kernel keeps a pid from newcomers as long as a process has it, or stands in the kernel session of that name. */
  isTaken(pid: number): boolean {
    return this.processes.has(pid) || [...this.processes.values()].some(({ kernelSession }) => kernelSession === pid);
  }

  inNamespace(namespace: string): readonly Process[] {
    return [...this.processes.values()].filter((process) => process.namespace === namespace);
  }

  isRunning(process: Process | undefined): process is Process {
    return process !== undefined && this.processes.get(process.pid) === process;
  }

  kill(process: Process | undefined): void {
    if (!this.isRunning(process)) return;
    this.processes.delete(process.pid);
    for (const [key, { holder }] of this.sessionLocks) if (holder === process) this.sessionLocks.delete(key);
    this.awaited.get(process)?.();
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
    this.server.process ??= this.spawn(["codex", "app-server", "--listen", serverUrl]);
    this.server.mode = "up";
  }

  stopServer(): void {
    this.kill(this.server.process);
    this.server.process = undefined;
    this.server.loaded.clear();
  }

  newSession(registry: string, key: string, kind: SessionKind): Session {
    this.made += 1;
    const id = `019d0000-1111-7000-8000-${String(this.made).padStart(12, "0")}`;
    const session: Session = {
      id,
      key,
      registry,
      kind,
      registeredBootMs: this.bootMs,
      boot: this.boot,
      process: undefined,
      lockedBy: undefined,
      showsAtMs: undefined,
      timesUnchecked: false,
    };
    this.sessions.push(session);
    return session;
  }

  private argvOf({ kind, id, key }: Session): readonly string[] {
    if (kind === "cli") return ["codex", "resume", id];
    if (kind === "named") return ["codex", `Your agent name is ${key}. Go on.`];
    if (kind === "marker" || kind === "claude") return ["claude"];
    // Nobody knows every editor's name; of the others only what listens at the port tells.
    if (kind === "editor") return [this.chance.oneIn(2) ? "cursor" : "quill"];
    return kind === "lock" ? ["codex", "--managed"] : ["codex", "--remote", serverUrl];
  }

  show(session: Session, namespace = hostNamespace): void {
    session.showsAtMs = undefined;
    session.process ??= this.spawn(this.argvOf(session), namespace);
    if (session.kind === "thread" && this.server.process !== undefined) this.server.loaded.add(session.id);
  }

  /** Somebody takes a session up again in a CLI of its own; its entry does not change. */
  resume(session: Session): void {
    this.end(session);
    session.process = this.spawn(["codex", "resume", session.id]);
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
    if (this.server.loaded.has(id) || this.isRunning(session.lockedBy)) return true;
    if (process === undefined || this.processes.get(process.pid) !== process) return false;
    if (kind === "editor" && process.argv[0] === "quill") return (this.endpoints.get(portOf(session)) ?? "refuses") !== "refuses";
    // Claude's own record is of one process; that another one has taken its session up does not show there.
    if (kind === "claude") return !process.argv.includes(id);
    return kind !== "thread" || process.argv.includes(id);
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

/** An editor's entry is called by its port. */
export function portOf({ key }: Session): number {
  return Number(key.replace(".lock", ""));
}
