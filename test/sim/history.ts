import { defaultPolicy } from "../../src/core/policy.ts";
import { restore } from "../../src/sweep/restore.ts";
import type { SweepReport } from "../../src/report/model.ts";
import { sweep } from "../../src/sweep/sweep.ts";
import { emptyMemory } from "../../src/core/memory.ts";
import { chanceFrom, type Chance } from "./chance.ts";
import { day, hour, Machine, minute, second, type Process, type RegistryFile, type Session } from "./machine.ts";
import { entriesIn, firstTexts, kindsOf, rewritten, targets, type Entries } from "./registries.ts";
import { simulatedHost, State, type Blindness } from "./simulated-host.ts";

const bridgePath = "/registrations.json";
const keys = ["s0", "s1", "s2", "s3", "__proto__x", "s-5"] as const;
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
  "reads",
  "locks",
  "self",
  "file",
  "torn",
  "tombstones",
  "swap",
];
const eyesOpen: ReadonlySet<Blindness> = new Set();

export type SweepTold = { readonly now?: boolean; readonly quiet?: boolean; readonly meanwhile?: () => void };

type Absence = { readonly boot: number; readonly sinceMs: number; readonly said: string };
const absences: ReadonlySet<string> = new Set(["no-process", "thread-not-loaded", "app-server-down"]);

/** One machine, its registries and what became of them. Every step that it takes is in `log`. */
export class History {
  readonly log: string[] = [];
  readonly chance: Chance;
  readonly machine: Machine;
  readonly state = new State();
  sweeps = 0;
  reaped = 0;
  private readonly current = new Map<string, Session>();
  private readonly buried = new Map<string, Session>();
  private bridge: Process | undefined;
  private absent: ReadonlyMap<string, Absence> = new Map();
  private readonly indent: string | number;
  private removed: string[] = [];
  private failure: Error | undefined;

  constructor(seed: number) {
    this.chance = chanceFrom(seed);
    this.machine = new Machine(this.chance);
    this.indent = this.chance.pick([2, "\t", 0]);
    for (const [path, text] of Object.entries(firstTexts)) {
      this.machine.files.set(path, { path, text, modifiedMs: this.machine.wallMs - hour, version: 1 });
    }
    // Its first writer makes one of the two, and a ghost.
    this.current.set("/agents.json twice", { ...this.machine.newSession("/agents.json", "twice", "cli"), registeredBootMs: -day });
  }

  private say(what: string): void {
    const { boot, bootMs, wallMs } = this.machine;
    this.log.push(`boot ${boot} +${Math.round(bootMs / second)}s ${new Date(wallMs).toISOString()} ${what}`);
  }

  /** A sweep catches what is thrown while it swaps, so the first failure is kept and thrown again behind it. */
  private fail(what: string): never {
    this.failure ??= new Error(`${what}\n${this.log.slice(-60).join("\n")}`);
    throw this.failure;
  }

  private fileAt(path: string): RegistryFile {
    return this.machine.files.get(path) ?? this.fail(`${path} is gone`);
  }

  edit(path: string, change: (entries: Entries) => void): void {
    const file = this.fileAt(path);
    this.machine.write(file, rewritten(path, file.text, this.indent, change));
  }

  // What people, sessions and writers do.

  register(
    path = this.chance.pick(targets).path,
    kind = this.chance.pick(kindsOf[path] ?? []),
    key: string = this.chance.pick(keys),
  ): Session {
    const { machine, chance } = this;
    const session = machine.newSession(path, key, kind);
    if (kind === "holder") machine.show(session);
    else session.showsAtMs = machine.bootMs + chance.below(240) * second;
    const since = chance.oneIn(6) ? chance.pick([undefined, "session 5", 12]) : new Date(machine.wallMs).toISOString();
    const id = path === bridgePath ? { threadId: session.id } : { id: session.id };
    const time = path === bridgePath ? { registeredAt: since } : { since };
    const holder = session.process;
    const token =
      holder === undefined
        ? {}
        : { pid: holder.pid, ...(!chance.oneIn(6) && { start: holder.startTicks }), ...(!chance.oneIn(3) && { boot: machine.bootId }) };
    this.edit(path, (entries) => {
      entries[key] = { ...id, ...time, ...token };
    });
    this.current.set(`${path} ${key}`, session);
    this.say(`${key} registers in ${path} as ${kind} ${session.id.slice(-3)}, since ${String(since)}`);
    return session;
  }

  unregister(session: Session): void {
    this.machine.end(session);
    if (this.current.get(`${session.registry} ${session.key}`) !== session) return;
    this.edit(session.registry, (entries) => delete entries[session.key]);
    this.current.delete(`${session.registry} ${session.key}`);
    this.say(`${session.key} unregisters from ${session.registry}`);
  }

  crash(session: Session): void {
    this.machine.end(session);
    this.say(`${session.key} of ${session.registry} crashes`);
  }

  /** A writer that touches one entry, or only its place. */
  touch(): void {
    const { chance, machine } = this;
    const path = chance.pick(targets).path;
    const how = chance.pick(["beat", "activity", "order", "other"] as const);
    const key: string = chance.pick(how === "order" ? ["far", "broken", ...keys] : keys);
    this.edit(path, (entries) => {
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
    this.say(`a writer changes ${path} (${how} of ${key})`);
  }

  private anySession(): Session | undefined {
    const all = [...this.current.values()].filter(({ key }) => key !== "twice");
    return all.length === 0 ? undefined : this.chance.pick(all);
  }

  private startBridge(): void {
    this.bridge ??= this.machine.spawn(["node", "/opt/bridge.mjs", "watch"]);
    this.say("the bridge is up");
  }

  private isBridgeUp(): boolean {
    return this.bridge !== undefined && this.machine.processes.get(this.bridge.pid) === this.bridge;
  }

  stopBridge(): void {
    this.machine.kill(this.bridge);
    this.bridge = undefined;
  }

  private moveServer(): void {
    const { machine, chance } = this;
    const move = chance.pick(["stop", "start", "restart", "hang", "load"] as const);
    if (move === "stop" || move === "restart") machine.stopServer();
    if (move === "start" || move === "restart") machine.startServer();
    if (move === "hang") machine.server.mode = "hung";
    if (move === "load")
      for (const session of machine.sessions) if (session.kind === "thread" && session.process !== undefined) machine.show(session);
    this.say(`the app server: ${move}`);
  }

  /** One thing happens; each of them can happen between any two sweeps. */
  step(): void {
    const { chance, machine } = this;
    const session = this.anySession();
    switch (chance.below(18)) {
      case 0:
      case 1:
      case 2:
        this.register();
        break;
      case 3:
        if (session !== undefined) this.unregister(session);
        break;
      case 4:
      case 5:
        if (session !== undefined) this.crash(session);
        break;
      case 6:
        if (session !== undefined) {
          machine.resume(session);
          this.say(`${session.key} of ${session.registry} is resumed`);
        }
        break;
      case 7:
        this.touch();
        break;
      case 8:
        this.moveServer();
        break;
      case 9:
        if (chance.oneIn(2)) {
          const ms = chance.pick([-1, 1]) * chance.pick([3 * minute, hour, 3 * day, 400 * day]);
          machine.stepClock(ms);
          this.say(`the clock is stepped by ${ms / minute}m`);
        }
        break;
      case 10:
        if (chance.oneIn(4)) {
          machine.reboot();
          this.bridge = undefined;
          this.say("the machine reboots");
        }
        break;
      case 11:
        machine.advance(chance.pick([minute, hour, 8 * day]), { asleep: true });
        this.say("the machine was suspended");
        break;
      case 12:
        if (this.isBridgeUp()) this.stopBridge();
        else if (chance.oneIn(2)) this.startBridge();
        break;
      case 13:
        if (chance.oneIn(8)) {
          this.state.memory = emptyMemory;
          machine.watched = false;
          for (const one of machine.sessions) one.timesUnchecked = true;
          this.say("the state directory is lost");
        }
        break;
      case 14:
        machine.spawn(["sh", "-c", `codex resume ${session?.id ?? ""}`]);
        break;
      default:
        machine.advance(chance.pick([10 * second, minute, 3 * minute, 5 * minute, 11 * minute, hour]));
    }
  }

  // What a sweep does, and what it must not.

  private swapped(file: RegistryFile, before: string): void {
    try {
      this.checkSwap(file, before);
    } catch (error) {
      this.failure ??= new Error(`after a swap of ${file.path}: ${String(error)}\n${before}\n${file.text}`);
      throw error;
    }
  }

  private checkSwap(file: RegistryFile, before: string): void {
    const [old, now] = [entriesIn(file.path, before), entriesIn(file.path, file.text)];
    const gone = [...old.keys()].filter((key) => !now.has(key));
    const kept = [...old].filter(([key]) => now.has(key));
    if (JSON.stringify(kept) !== JSON.stringify([...now])) this.fail(`somebody's update of ${file.path} is lost:\n${before}\n${file.text}`);
    if (gone.length === 0) this.fail(`${file.path} was swapped for nothing`);
    if (file.path === bridgePath && this.isBridgeUp()) this.fail("reaped behind the back of a bridge that is up");
    for (const key of gone) {
      const session = this.current.get(`${file.path} ${key}`);
      if (session === undefined) this.fail(`${key} of ${file.path} was not ours to reap`);
      const why = this.machine.protectedBy(session, defaultPolicy.graceMs);
      if (why !== undefined) this.fail(`${key} of ${file.path} was reaped, though ${why}`);
      const tombstone = [...this.state.tombstones.values()].find(
        (stone) => stone.registry === file.path && stone.key === key && !this.buried.has(stone.id),
      );
      if (tombstone?.kept.layout !== "members") this.fail(`${key} of ${file.path} went without a tombstone`);
      const { cut, member } = tombstone.kept;
      const bytes = Buffer.from(cut, "base64").subarray(member.start, member.end);
      const value = JSON.stringify(Object.values(JSON.parse(`{${bytes.toString()}}`) as Entries)[0]);
      if (value !== old.get(key)) this.fail(`the tombstone of ${key} holds ${value}, and ${old.get(key)} was reaped`);
      this.buried.set(tombstone.id, session);
      this.current.delete(`${file.path} ${key}`);
      this.removed.push(`${file.path} ${key}`);
    }
  }

  /** What rests on absence alone goes only if a sweep four minutes before, and every one since, found it absent, too. */
  private checkSecondLooks({ entries }: SweepReport, now: boolean): void {
    const { boot, awakeMs } = this.machine;
    const found = new Map<string, Absence>();
    for (const { registry, key, reason, action } of entries) {
      if (!absences.has(reason) || action === "skipped") continue;
      const name = `${registry} ${key}`;
      const entry = JSON.parse(entriesIn(registry, this.fileAt(registry).text).get(key) ?? "{}") as Entries;
      const said = action === "reaped" ? undefined : JSON.stringify({ ...entry, beat: null });
      const before = this.absent.get(name);
      const unbroken = before?.boot === boot && (said === undefined || before.said === said) ? before : undefined;
      const sinceMs = unbroken?.sinceMs ?? awakeMs;
      if (action === "reaped" && !now && awakeMs - sinceMs < 4 * minute)
        this.fail(`${name} was reaped after ${awakeMs - sinceMs} ms of absence`);
      if (said !== undefined) found.set(name, { boot, sinceMs, said });
    }
    this.absent = found;
  }

  /** Processes may come while a sweep prepares its swap; threads are loaded between sweeps only. */
  private race(): void {
    if (!this.chance.oneIn(3)) return;
    const session = this.anySession();
    const choice = this.chance.below(5);
    if (choice === 0 && session !== undefined) this.machine.resume(session);
    else if (choice === 1) this.startBridge();
    else if (choice === 2) this.register();
    else this.touch();
    this.say("… in the middle of a sweep");
  }

  async sweepOnce(
    blindness: ReadonlySet<Blindness> = eyesOpen,
    { now = false, quiet = false, meanwhile }: SweepTold = {},
  ): Promise<SweepReport> {
    const { machine, state } = this;
    this.removed = [];
    const host = simulatedHost(machine, state, blindness, {
      meanwhile: meanwhile ?? (() => (quiet ? undefined : this.race())),
      lastMoment: () => (quiet || !this.chance.oneIn(4) ? undefined : this.touch()),
      swapped: (file, before) => this.swapped(file, before),
    });
    const stones = state.tombstones.size;
    const report = await sweep(host, {
      command: "sweep",
      stop: { signal: undefined },
      targets,
      policy: { ...defaultPolicy, now },
      codexHomes: [],
      env: {},
      lookAnyway: false,
      dryRun: false,
      failOnGhosts: false,
    });
    const entries = [...report.entries];
    const told = entries.filter(({ action }) => action === "reaped").map(({ registry, key }) => `${registry} ${key}`);
    if (this.failure !== undefined) throw this.failure;
    this.sweeps += 1;
    this.reaped += told.length;
    const shown = entries.map(({ key, verdict, reason, action }) => `${key}=${verdict}/${reason}/${action}`).join(" ");
    this.say(`sweep${now ? " --now" : ""} (blind: ${[...blindness].join(" ")}): ${shown}`);
    if (told.toSorted().join() !== this.removed.toSorted().join()) this.fail(`reported ${told.join()}, removed ${this.removed.join()}`);
    if (state.tombstones.size !== stones + told.length) this.fail("tombstones are left of entries that were not reaped");
    if (report.refusal !== null || blindness.has("self")) {
      if (this.removed.length > 0) this.fail("reaped although it could not see itself");
      if (report.refusal !== null) return report;
    }
    this.checkSecondLooks(report, now);
    if (!["wallMs", "bootMs", "bootId"].every((part) => blindness.has(part as Blindness))) machine.watched = true;
    return report;
  }

  async restoreOne(): Promise<void> {
    const standing = [...this.state.tombstones.values()];
    if (standing.length === 0) return;
    const tombstone = this.chance.pick(standing);
    const { registry, key } = tombstone;
    const target = targets.find(({ path }) => path === registry) ?? this.fail(`no target ${registry}`);
    const before = entriesIn(registry, this.fileAt(registry).text);
    const quiet = { meanwhile: () => undefined, lastMoment: () => undefined, swapped: () => undefined };
    const [outcome] = await restore(simulatedHost(this.machine, this.state, eyesOpen, quiet), target, [tombstone], false);
    const after = entriesIn(registry, this.fileAt(registry).text);
    this.say(`restore ${key} of ${registry}: ${outcome?.action} ${outcome?.detail}`);
    if (before.has(key)) {
      if (outcome?.action !== "newcomer" && !this.isBridgeUp()) this.fail(`restore of ${key} over a newcomer: ${outcome?.action}`);
      return;
    }
    if (this.isBridgeUp() && registry === bridgePath) return;
    if (outcome?.action !== "restored" || !after.has(key) || after.size !== before.size + 1)
      this.fail(`${key} was not given back: ${outcome?.detail}`);
    this.current.set(`${registry} ${key}`, this.buried.get(tombstone.id) ?? this.fail("nobody knows whose tombstone this is"));
  }

  async run(length: number): Promise<void> {
    for (let at = 0; at < length; at += 1) {
      const { chance } = this;
      for (let more = chance.below(5); more > 0; more -= 1) this.step();
      if (chance.oneIn(12)) await this.restoreOne();
      const blindness = chance.oneIn(3) ? new Set([chance.pick(blindnesses), chance.pick(blindnesses)]) : eyesOpen;
      await this.sweepOnce(blindness, { now: chance.oneIn(10) });
    }
    await this.quietEnd();
  }

  /** Nothing happens any more, and eyes are open: then every dead session of this host must go in the end. */
  private async quietEnd(): Promise<void> {
    const { machine } = this;
    this.stopBridge();
    machine.startServer();
    for (const session of machine.sessions) {
      const isCurrent = this.current.get(`${session.registry} ${session.key}`) === session;
      if (!isCurrent || !machine.shows(session)) machine.end(session);
    }
    for (const process of machine.processes.values()) if (process.argv[0] === "sh") machine.kill(process);
    for (const pause of [minute, 5 * minute, 5 * minute, 8 * day, 5 * minute, 8 * day, 5 * minute, 5 * minute]) {
      machine.advance(pause);
      await this.sweepOnce(eyesOpen, { quiet: true });
    }
    for (const [name, session] of this.current) {
      if (machine.shows(session) || this.looksAlive(session) || session.key === "twice") continue;
      this.fail(`${name} is dead and stays for ever`);
    }
  }

  /** An entry without a start token or a boot id can be mistaken for a process that has its pid now: kept by doubt. */
  private looksAlive({ registry, key }: Session): boolean {
    const text = entriesIn(registry, this.fileAt(registry).text).get(key);
    const { pid, start } = JSON.parse(text ?? "{}") as { pid?: number; start?: string };
    const process = pid === undefined ? undefined : this.machine.processes.get(pid);
    return process !== undefined && (start === undefined || start === process.startTicks);
  }
}
