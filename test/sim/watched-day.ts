import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { linesAfter, type Born } from "../../src/core/harnesses/lines.ts";
import { seen } from "../../src/core/evidence.ts";
import { defaultPolicy, quietSweepMs } from "../../src/core/policy.ts";
import type { ProcessId, Senses, ThreadEvents } from "../../src/host/senses/senses.ts";
import { watch } from "../../src/watch/watch.ts";
import { plainSweep } from "../sweep-options.ts";
import { hour, minute, second, type Process } from "./machine.ts";
import { agentsPath, bridgePath, claudesPath, entriesOn, releasing, rewritten, type Entries } from "./registries.ts";
import { nobody, simulatedHost, type Blindness } from "./simulated-host.ts";
import { Story } from "./story.ts";

const paths = [agentsPath, bridgePath, claudesPath] as const;

/** A registration, and what it stands for. */
type Row = {
  readonly path: string;
  readonly key: string;
  readonly id: string;
  readonly process: Process | undefined;
  readonly children: Process[];
  /** A thread that its bridge wants, whether or not the server has it in this moment. */
  isWanted: boolean;
  /** By the awake clock: until then the row is young, and what its holder started keeps it. */
  youngUntilMs: number;
  /** By the awake clock, when it has to be gone at the latest; undefined while it may stay. */
  dueMs: number | undefined;
};

/** So many processes that holders have started run at once. */
const mostLeft = 16;

type Timer = { readonly atMs: number; readonly act: () => void };

const nameOf = ({ path, key }: Pick<Row, "path" | "key">): string => `${path} ${key}`;
const sameProcess = ({ pid, startTicks }: ProcessId): string => `${pid}:${startTicks}`;

export type DayResult = {
  readonly events: number;
  readonly gone: number;
  readonly doubtful: number;
  readonly sweeps: number;
  readonly longestMs: number;
  readonly heapMb: readonly number[];
};

/**
 * A day on the simulated machine, watched by the watch itself: holders start and end, leave children behind and take new
 * sessions, threads are loaded and closed, server and bridge are started anew, the watch is stalled, the clock is set, the
 * disk is full, and registries are written all the time. A broken law is thrown.
 */
export class WatchedDay {
  private readonly story: Story;
  private readonly rows = new Map<string, Row>();
  private readonly launchers: Process[] = [];
  /** What holders have started, whether they are there or not. */
  private readonly left: Process[] = [];
  private readonly blindness = new Set<Blindness>();
  private timers: Timer[] = [];
  private kept = new Set<string>();
  private onExit: (ended: readonly ProcessId[]) => void = () => undefined;
  private onChange: (registry: string) => void = () => undefined;
  private readonly changed = new Set<string>();
  private server: ThreadEvents | undefined;
  private isConnected = false;
  private bridgeUpAt = 0;
  private serverUpAt = 0;
  private looseUntil = 0;
  private steppedAt = -Infinity;
  private made = 0;
  private events = 0;
  private gone = 0;
  private doubtful = 0;
  private longestMs = 0;

  constructor(seed: number) {
    const targets = releasing.filter(({ path }) => paths.some((one) => one === path));
    this.story = new Story(seed, targets);
    // Beside another system's record no claim of this one says where its pid counts.
    this.machine.disk.remove(`${claudesPath}/9.json`);
    for (let count = 0; count < 8; count += 1) this.launchers.push(this.machine.spawn(["tmux", String(count)]));
    this.startBridge();
  }

  private get machine(): Story["machine"] {
    return this.story.machine;
  }
  private get now(): number {
    return this.machine.awakeMs;
  }

  private has({ path, key }: Row): boolean {
    return entriesOn(this.machine.disk, path).has(key);
  }
  private write(path: string, change: (entries: Entries) => void): void {
    const { disk, wallMs } = this.machine;
    const text = rewritten(path, disk.at(path)?.text ?? "{}", 2, change);
    disk.write(path, text, wallMs, this.story.chance.oneIn(3) ? "rename" : "in-place");
    this.changed.add(path);
  }

  /** Why a row must not go now; undefined where it may. */
  private aliveBy({ process, children, isWanted, path, youngUntilMs }: Row): string | undefined {
    if (path === bridgePath) return isWanted ? "its bridge wants the thread" : undefined;
    if (this.machine.isRunning(process)) return "its holder runs";
    return path === agentsPath && this.now < youngUntilMs && children.some((child) => this.machine.isRunning(child))
      ? "a child of its holder runs"
      : undefined;
  }

  private depart(path: string, key: string): void {
    const row = this.rows.get(nameOf({ path, key })) ?? this.story.fail(`${key} of ${path} was nobody's`);
    const why = this.aliveBy(row);
    if (why !== undefined) this.story.fail(`${key} of ${path} went, though ${why}`);
    if (row.dueMs !== undefined && row.dueMs < Infinity) this.longestMs = Math.max(this.longestMs, this.now - (row.dueMs - second));
    this.rows.delete(nameOf(row));
    this.gone += 1;
  }

  private startBridge(): void {
    this.story.bridge = this.machine.spawn(["node", "/opt/bridge.mjs", "watch"]);
    this.bridgeUpAt = this.now;
    for (const row of this.rows.values()) if (row.path === bridgePath && row.isWanted) this.load(row.id);
  }
  private load(id: string): void {
    if (this.machine.server.process === undefined) return;
    this.machine.server.loaded.add(id);
    if (this.isConnected) this.server?.loaded(id);
  }
  private unload(id: string): void {
    if (!this.machine.server.loaded.delete(id) || !this.isConnected) return;
    this.server?.closed(id);
  }
  private connect(): void {
    this.isConnected = this.machine.server.process !== undefined;
    if (this.isConnected) this.server?.connected(new Set(this.machine.server.loaded));
  }

  private senses(): Senses {
    return {
      exits: (onExit) => {
        this.onExit = onExit;
        const keep = (processes: readonly ProcessId[]): void => void (this.kept = new Set(processes.map(sameProcess)));
        return { keep, ready: () => Promise.resolve("pidfd"), close: () => undefined };
      },
      directories: (onChange) => {
        this.onChange = onChange;
        return { keep: () => [], close: () => undefined };
      },
      server: (_, events) => {
        this.server = events;
        this.connect();
        return { close: () => undefined };
      },
      lastPid: () => this.machine.newest && sameProcess(this.machine.newest),
      lines: (before, isAwaited) => {
        const all = [...this.machine.processes.values()];
        const born = all.flatMap(({ pid, parent, kernelSession, startTicks }): readonly Born[] => {
          if (before.byPid.get(pid)?.startTicks === startTicks) return [];
          return [{ pid, parentPid: this.machine.isRunning(parent) ? parent.pid : 1, kernelSession, startTicks }];
        });
        const fresh = new Set(born.map(({ pid }) => pid));
        return seen(
          linesAfter(
            { ...before, byPid: new Map([...before.byPid].filter(([pid]) => !fresh.has(pid))) },
            all.map(({ pid }) => pid),
            born,
            isAwaited,
          ),
        );
      },
      after: (ms, act) => {
        const timer = { atMs: this.now + ms, act };
        this.timers.push(timer);
        return () => void (this.timers = this.timers.filter((one) => one !== timer));
      },
    };
  }

  /** Tells the watch what has happened, and lets it do what it does about that. */
  private async deliver(): Promise<void> {
    const ended = [...this.kept].filter((name) => {
      const [pid, startTicks] = name.split(":");
      return this.machine.processes.get(Number(pid))?.startTicks !== startTicks;
    });
    for (const name of ended) this.kept.delete(name);
    if (ended.length > 0) this.onExit(ended.map((name) => ({ pid: Number(name.split(":")[0]), startTicks: name.split(":")[1] ?? "" })));
    for (const path of this.changed) this.onChange(path);
    this.changed.clear();
    await new Promise((resolve) => void setImmediate(resolve));
    if (this.story.failure !== undefined) throw this.story.failure;
  }

  /** Time passes, and what is due in it is done at its time. */
  private async pass(ms: number): Promise<void> {
    const untilMs = this.now + ms;
    await this.deliver();
    for (;;) {
      const next = this.timers.reduce<Timer | undefined>(
        (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
        undefined,
      );
      if (next === undefined || next.atMs > untilMs) break;
      if (next.atMs > this.now) this.machine.advance(next.atMs - this.now);
      this.timers = this.timers.filter((one) => one !== next);
      next.act();
      await this.deliver();
      this.checkDue();
    }
    if (untilMs > this.now) this.machine.advance(untilMs - this.now);
  }

  private checkDue(): void {
    if (this.now < this.looseUntil) return;
    for (const row of this.rows.values()) {
      if (row.dueMs === undefined || this.now <= Math.max(row.dueMs, this.looseUntil)) continue;
      if (this.has(row)) this.story.fail(`${row.key} of ${row.path} is there ${this.now - row.dueMs + second} ms after its end`);
    }
  }

  private start(): void {
    const { chance } = this.story;
    this.made += 1;
    const [kind, id] = [chance.below(4), this.machine.newId()];
    const ageMs = chance.pick([0, 5 * second, hour]);
    const since = new Date(this.machine.wallMs - ageMs).toISOString();
    const youngUntilMs = this.now + (ageMs < minute ? 9 * minute : 0);
    if (kind === 3) {
      const row: Row = {
        path: bridgePath,
        key: `t${this.made}`,
        id,
        process: undefined,
        children: [],
        isWanted: true,
        youngUntilMs,
        dueMs: undefined,
      };
      this.load(id);
      this.rows.set(nameOf(row), row);
      this.write(bridgePath, (entries) => (entries[row.key] = { threadId: id, registeredAt: since }));
      return;
    }
    const process = this.machine.spawn(["claude"], undefined, { parent: chance.pick(this.launchers) });
    const path = kind === 2 ? claudesPath : agentsPath;
    const key = path === claudesPath ? `${process.pid}.json` : `h${this.made}`;
    const row: Row = { path, key, id, process, children: [], isWanted: false, youngUntilMs, dueMs: undefined };
    const { pid, startTicks } = process;
    if (path === agentsPath)
      this.write(path, (entries) => (entries[key] = { id, pid, start: startTicks, boot: this.machine.bootId, since }));
    else {
      // A claim of a dead process of this pid is written over.
      this.machine.disk.create(
        `${path}/${key}`,
        JSON.stringify({ pid, sessionId: id, startedAt: this.machine.wallMs, procStart: startTicks }),
        this.machine.wallMs,
      );
      this.changed.add(path);
    }
    this.rows.set(nameOf(row), row);
  }

  /** What holders leave behind ends some day, the oldest first: the machine has a hundred pids. */
  private startBelow(parent: Process, argv: readonly string[]): Process {
    while (this.left.length >= mostLeft) this.machine.kill(this.left.shift());
    const child = this.machine.spawn(argv, undefined, { parent });
    this.left.push(child);
    return child;
  }

  private end(row: Row): void {
    if (row.path === bridgePath) {
      row.isWanted = false;
      // A minute after the watch has found it up, and while nothing happens it looks every five.
      const isSteady = this.now - this.bridgeUpAt > quietSweepMs + 65 * second && this.now - this.serverUpAt > 65 * second;
      const isSeen = this.isConnected && this.story.isBridgeUp() && this.machine.server.loaded.has(row.id);
      if (isSteady && isSeen) row.dueMs = this.now + second;
      this.unload(row.id);
      return;
    }
    const { process, children } = row;
    const siblings = [...this.machine.processes.values()].filter(
      (one) =>
        one !== process && one.startedMs > this.machine.bootMs - 1100 && (one.parent === process?.parent || one.parent === undefined),
    );
    this.machine.kill(process);
    const outlive = children.some((child) => this.machine.isRunning(child));
    const isKnown = process !== undefined && this.kept.has(sameProcess(process));
    // A sibling that was started in the same second may be what it left, as far as the watch can tell.
    if (row.path === agentsPath && siblings.length > 0) this.doubtful += 1;
    // A watch that has not asked the clock yet does not know that what was old can count as young now.
    else if (isKnown && !outlive && (row.path === claudesPath || this.now - this.steppedAt > 6 * second)) row.dueMs = this.now + second;
  }

  private async happen(): Promise<void> {
    const { chance } = this.story;
    this.events += 1;
    const live = [...this.rows.values()].filter((row) => this.aliveBy(row) !== undefined && row.dueMs === undefined);
    const row = live.length === 0 ? undefined : chance.pick(live);
    const choice = chance.below(400);
    if (choice < 150 && live.length < 25) return this.start();
    if (choice < 300 && row !== undefined) {
      const isLeft = !this.machine.isRunning(row.process) && row.path !== bridgePath;
      if (!isLeft) return this.end(row);
      // What its holder had left starts something itself, perhaps, and ends.
      const left = row.children.filter((child) => this.machine.isRunning(child));
      const heirs = chance.oneIn(2) ? left.map((parent) => this.startBelow(parent, ["sh"])) : [];
      for (const child of row.children) this.machine.kill(child);
      row.children.push(...heirs);
      return;
    }
    if (choice < 330) {
      if (row?.process !== undefined && this.machine.isRunning(row.process) && row.children.length < 2)
        row.children.push(this.startBelow(row.process, ["sh", "-c", "make"]));
      return;
    }
    if (choice < 370) {
      // A heartbeat, or another session of the same process.
      if (row?.path === agentsPath)
        this.write(agentsPath, (entries) =>
          Object.assign(entries[row.key] ?? {}, chance.oneIn(2) ? { beat: this.now } : { id: this.machine.newId() }),
        );
      return;
    }
    if (choice < 380) {
      for (let count = 0; count < 50; count += 1) {
        this.write(agentsPath, (entries) => (entries["flood"] = { note: count }));
        await this.pass(2);
      }
      this.write(agentsPath, (entries) => delete entries["flood"]);
      return;
    }
    if (choice < 384) {
      // The watch is stalled, and the machine goes on.
      this.machine.advance(chance.pick([2, 10, 40]) * second);
      this.looseUntil = this.now + 3 * second;
      return;
    }
    if (choice < 386) {
      for (const one of this.rows.values()) {
        one.youngUntilMs = 0;
        if (one.path === agentsPath) one.dueMs = undefined;
      }
      this.steppedAt = this.now;
      return this.machine.stepClock(chance.pick([-1, 1]) * chance.pick([3 * minute, hour]));
    }
    if (choice < 387) return this.restartServer();
    if (choice < 388) return this.restartBridge();
    if (choice < 389) {
      this.blindness.add("tombstones");
      this.looseUntil = Infinity;
      await this.pass(20 * second);
      this.blindness.clear();
      // It is tried again after pauses that double: after as long as it was full, and the first of them.
      this.looseUntil = this.now + 25 * second;
      return;
    }
    this.story.state.tombstones.clear();
  }

  private async restartServer(): Promise<void> {
    this.machine.stopServer();
    this.isConnected = false;
    this.server?.lost("the server closed the connection");
    await this.pass(this.story.chance.pick([1, 10]) * second);
    this.machine.startServer();
    this.serverUpAt = this.now;
    this.connect();
    await this.pass(this.story.chance.pick([1, 20]) * second);
    for (const row of this.rows.values()) if (row.path === bridgePath && row.isWanted) this.load(row.id);
  }

  /** A bridge that restarts slowly: the server closes its threads a minute after it has gone. */
  private async restartBridge(): Promise<void> {
    this.machine.kill(this.story.bridge);
    await this.pass(minute);
    for (const row of this.rows.values()) if (row.path === bridgePath) this.unload(row.id);
    await this.pass(this.story.chance.pick([second, minute, 2 * minute]));
    this.startBridge();
  }

  async run(forMs: number, events: number): Promise<DayResult> {
    const { story } = this;
    const host = simulatedHost(this.machine, story.state, this.blindness, {
      ...nobody,
      swapped: (path, before) => {
        const now = entriesOn(this.machine.disk, path);
        for (const key of Object.keys(entriesBefore(path, before))) if (!now.has(key)) this.depart(path, key);
      },
      captured: (root, key) => this.depart(root, key),
      release: (key) => {
        this.depart(bridgePath, key);
        this.write(bridgePath, (entries) => delete entries[key]);
        return undefined;
      },
    });
    const aborted = new AbortController();
    const nothing = (): Promise<void> => Promise.resolve();
    const findPlaces = () => ({ targets: story.targets, witnesses: [] });
    const listeners = {
      findPlaces,
      onSweep: () => Promise.resolve({ report: nothing, fault: nothing }),
      onTurnedAway: nothing,
      onNotice: async (words: string) => {
        if (words.startsWith("a sweep failed") && this.blindness.size === 0) story.fail(words);
      },
    };
    const options = { ...plainSweep, targets: story.targets, policy: defaultPolicy, stop: { signal: undefined }, ...listeners };
    const running = watch(host, this.senses(), options, aborted.signal);
    const endMs = this.now + forMs;
    const heapMb: number[] = [];
    while (this.now < endMs || this.events < events) {
      await this.happen();
      await this.pass(this.story.chance.below(Math.ceil((2 * forMs) / events)));
      this.checkDue();
      this.changed.clear();
      story.log.length = 0;
      if (this.events % Math.ceil(events / 8) === 0) heapMb.push(heapNow());
    }
    // In the end nothing of what is dead stays.
    for (const row of this.rows.values()) for (const one of [row.process, ...row.children]) this.machine.kill(one);
    await this.pass(16 * minute);
    const left = [...this.rows.values()].filter((row) => this.aliveBy(row) === undefined && this.has(row));
    if (left.length > 0) story.fail(`${left.map(nameOf).join()} stay for good`);
    aborted.abort();
    await this.deliver();
    const { sweeps } = await running;
    return { events: this.events, gone: this.gone, doubtful: this.doubtful, sweeps, longestMs: this.longestMs, heapMb };
  }
}

function entriesBefore(path: string, text: string): Entries {
  const all = JSON.parse(text.replace(/^\uFEFF/, "")) as Entries;
  return path === agentsPath ? (all["agents"] as Entries) : all;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What is in use, in MiB, and not what waits to be collected. */
function heapNow(): number {
  collectGarbage();
  return Math.round(process.memoryUsage().heapUsed / 1_048_576);
}
