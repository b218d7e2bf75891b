import type { Chance } from "./chance.ts";

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const serverUrl = "ws://127.0.0.1:8788";
export const hostname = "venus";

export type Process = { readonly pid: number; readonly startTicks: string; readonly argv: readonly string[]; readonly startedMs: number };

/** How a session shows, and what its entry records of it. */
export type SessionKind = "holder" | "cli" | "thread" | "lock" | "named";

export type Session = {
  readonly id: string;
  readonly key: string;
  readonly registry: string;
  readonly kind: SessionKind;
  /** Boot clock, suspends included, of the registration; of no use after a reboot. */
  readonly registeredBootMs: number;
  readonly boot: number;
  process: Process | undefined;
  /** It has registered and will show at this time of the boot clock. */
  showsAtMs: number | undefined;
  /** Its times were written by a clock that no sweep could check. */
  timesUnchecked: boolean;
};

export type RegistryFile = { readonly path: string; text: string; modifiedMs: number; version: number };

export type Server = { process: Process | undefined; mode: "up" | "hung"; loaded: Set<string> };

/** A machine that holds still until somebody moves it. Everything here is the truth; what a sweep sees is another matter. */
export class Machine {
  wallMs = Date.UTC(2026, 10, 20, 15);
  bootMs = 3 * hour;
  awakeMs = 3 * hour;
  boot = 1;
  readonly processes = new Map<number, Process>();
  readonly sessions: Session[] = [];
  readonly files = new Map<string, RegistryFile>();
  readonly server: Server = { process: undefined, mode: "up", loaded: new Set() };
  /** Since when a sweep could have noticed a step of the clock in this boot. */
  watched = false;
  private made = 0;
  readonly chance: Chance;

  constructor(chance: Chance) {
    this.chance = chance;
    this.startServer();
  }

  get bootId(): string {
    return `boot-${this.boot}`;
  }

  advance(ms: number, { asleep = false } = {}): void {
    this.wallMs += ms;
    this.bootMs += ms;
    if (!asleep) this.awakeMs += ms;
    for (const session of this.sessions) {
      if (session.showsAtMs !== undefined && session.showsAtMs <= this.bootMs) this.show(session);
    }
  }

  stepClock(ms: number): void {
    this.wallMs += ms;
    if (!this.watched) for (const session of this.sessions) session.timesUnchecked = true;
  }

  reboot(): void {
    this.boot += 1;
    this.bootMs = minute + this.chance.below(100) * second;
    this.awakeMs = this.bootMs;
    this.wallMs += this.chance.below(10) * hour + minute;
    this.processes.clear();
    this.server.process = undefined;
    this.server.loaded.clear();
    this.watched = false;
    for (const session of this.sessions) Object.assign(session, { process: undefined, showsAtMs: undefined });
    if (!this.chance.oneIn(3)) this.startServer();
  }

  /** Few pids and many processes: they come around. */
  spawn(argv: readonly string[]): Process {
    this.advance(20);
    let pid = 100 + this.chance.below(24);
    while (this.processes.has(pid)) pid = pid === 200 ? 100 : pid + 1;
    const process = { pid, argv, startTicks: String(Math.floor(this.bootMs / 10)), startedMs: this.bootMs };
    this.processes.set(pid, process);
    return process;
  }

  kill(process: Process | undefined): void {
    if (process !== undefined) this.processes.delete(process.pid);
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
      showsAtMs: undefined,
      timesUnchecked: false,
    };
    this.sessions.push(session);
    return session;
  }

  private argvOf({ kind, id, key }: Session): readonly string[] {
    if (kind === "cli") return ["codex", "resume", id];
    if (kind === "named") return ["codex", `Your agent name is ${key}. Go on.`];
    return kind === "lock" ? ["codex", "--managed"] : ["codex", "--remote", serverUrl];
  }

  show(session: Session): void {
    session.showsAtMs = undefined;
    session.process ??= this.spawn(this.argvOf(session));
    if (session.kind === "thread" && this.server.process !== undefined) this.server.loaded.add(session.id);
  }

  /** Somebody takes a session up again in a CLI of its own; its entry does not change. */
  resume(session: Session): void {
    this.end(session);
    session.process = this.spawn(["codex", "resume", session.id]);
  }

  end(session: Session): void {
    this.kill(session.process);
    session.process = undefined;
    session.showsAtMs = undefined;
    this.server.loaded.delete(session.id);
  }

  /** Does this session run, and show in a way that its registry's format looks for? */
  shows(session: Session): boolean {
    const { process, id, kind } = session;
    if (this.server.loaded.has(id)) return true;
    return process !== undefined && this.processes.get(process.pid) === process && (kind !== "thread" || process.argv.includes(id));
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

  write(file: RegistryFile, text: string): void {
    file.text = text;
    file.modifiedMs = this.wallMs;
    file.version += 1;
  }
}
