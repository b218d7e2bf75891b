import { expect, test } from "vitest";
import { seen } from "../../../src/core/evidence.ts";
import type { Host } from "../../../src/host/host.ts";
import type { ProcessId, Senses, ThreadEvents } from "../../../src/host/senses/senses.ts";
import { watch } from "../../../src/watch/watch.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { plainSweep } from "../../sweep-options.ts";
import { claudesOf, type Actor, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { handTimers } from "./timers.ts";

const letRun = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
};
const minute = 60_000;
const nothing = (): Promise<void> => Promise.resolve();

type Moment = {
  readonly places?: (target: Target) => readonly Target[];
  readonly host?: (host: Host) => Host;
  readonly onNotice?: (notice: string) => Promise<void>;
};

/** A watch over one registry with one holder, whose time passes by hand. */
async function watching({ places = (target) => [target], host: change = (host) => host, onNotice = nothing }: Moment = {}) {
  const stage: Stage = simulatedStage();
  const holder: Actor = await stage.alive();
  const target = claudesOf(stage);
  const path = `${target.path}/${holder.pid}.json`;
  stage.writeOld(path, JSON.stringify({ pid: holder.pid, sessionId: "s", procStart: holder.startTicks }));
  const timers = handTimers();
  let onExit: (ended: readonly ProcessId[]) => void = () => undefined;
  let waitedFor: readonly ProcessId[] = [];
  let onChange: (registry: string) => void = () => undefined;
  let server: ThreadEvents | undefined;
  const closed: string[] = [];
  const senses: Senses = {
    exits: (hear) => {
      onExit = hear;
      return {
        keep: (processes) => (waitedFor = processes),
        ready: () => Promise.resolve("pidfd"),
        close: () => void closed.push("exits"),
      };
    },
    directories: (hear) => {
      onChange = hear;
      return { keep: () => [], close: () => void closed.push("directories") };
    },
    server: (_, events) => {
      server = events;
      return { close: () => void closed.push("server") };
    },
    lines: seen,
    lastPid: () => undefined,
    after: timers.after,
  };
  const sweeps: boolean[] = [];
  const aborted = new AbortController();
  const targets = [{ ...target, appServers: [{ url: "ws://127.0.0.1:1", connectTo: "ws://127.0.0.1:1", configured: true }] }];
  const running = watch(
    change(stage.host),
    senses,
    {
      ...plainSweep,
      targets,
      findPlaces: () => ({ targets: targets.flatMap(places), witnesses: [] }),
      stop: { signal: undefined },
      onSweep: (isWhole) => {
        sweeps.push(isWhole);
        return Promise.resolve({ report: nothing, fault: nothing });
      },
      onTurnedAway: () => {
        sweeps.push(false);
        return Promise.resolve();
      },
      onNotice,
    },
    aborted.signal,
  );
  const pass = async (ms: number, step = 50): Promise<void> => {
    for (let passed = 0; passed < ms; passed += step) {
      timers.pass(step);
      await letRun();
    }
  };
  await pass(100);
  return {
    stage,
    pass,
    path,
    sweeps,
    closed,
    end: async (actor = holder) => {
      await stage.end(actor);
      const heard = waitedFor.filter(({ pid }) => pid === actor.pid);
      if (heard.length > 0) onExit(heard);
    },
    changed: () => onChange(target.path),
    lose: () => server?.lost("the server closed the connection"),
    stop: async () => {
      aborted.abort();
      return running;
    },
  };
}

test("the listener of notices fails: what ends goes all the same, and the watch leaves nothing open", async () => {
  const watched = await watching({ onNotice: () => Promise.reject(new Error("the pipe is closed")) });
  watched.lose();
  await watched.pass(100);
  await watched.end();
  await watched.pass(500);
  expect(watched.stage.read(watched.path)).toBe(undefined);
  expect(await watched.stop()).toMatchObject({ gone: 1 });
  expect(watched.closed).toEqual(["exits", "directories", "server"]);
});

test("another sweep holds the run lock for minutes: it is tried less and less often, and at once when something ends", async () => {
  let isTaken = false;
  const held = (host: Host): Host => ({
    ...host,
    store: { ...host.store, takeRunLock: () => (isTaken ? Promise.resolve(undefined) : host.store.takeRunLock()) },
  });
  const watched = await watching({ host: held });
  isTaken = true;
  watched.sweeps.length = 0;
  await watched.end();
  await watched.pass(50_000);
  expect(watched.sweeps.length).toBeGreaterThan(4);
  expect(watched.sweeps.length).toBeLessThan(10);
  isTaken = false;
  await watched.pass(61_000);
  expect(watched.stage.read(watched.path)).toBe(undefined);
  await watched.stop();
});

test("a sweep of what ended fails: it is tried again soon, not with the next whole one", async () => {
  let failures = 0;
  const failing = (host: Host): Host => ({
    ...host,
    store: {
      ...host.store,
      takeRunLock: () => {
        if (failures === 0) return host.store.takeRunLock();
        failures -= 1;
        return Promise.reject(new Error("too many open files"));
      },
    },
  });
  const watched = await watching({ host: failing });
  failures = 1;
  await watched.end();
  await watched.pass(1_000);
  expect(watched.stage.read(watched.path)).toBe(undefined);
  await watched.stop();
});

test("the disk is full when a holder ends: its row is tried again, less and less often, and goes once there is room", async () => {
  let isFull = true;
  const full = (host: Host): Host => ({
    ...host,
    store: {
      ...host.store,
      writeTombstones: (...written) => {
        if (isFull) throw new Error("no space left on device");
        host.store.writeTombstones(...written);
      },
    },
  });
  const watched = await watching({ host: full });
  watched.sweeps.length = 0;
  await watched.end();
  await watched.pass(50_000);
  expect(watched.stage.read(watched.path)).toBeDefined();
  expect(watched.sweeps).toEqual([false, false, false, false, false]);
  await watched.pass(10 * minute, 500);
  const tried = watched.sweeps.length;
  await watched.pass(10 * minute, 500);
  expect(watched.sweeps.length - tried).toBeLessThan(25);
  isFull = false;
  await watched.pass(minute, 500);
  expect(watched.stage.read(watched.path)).toBe(undefined);
  await watched.stop();
});

test("a registry that changed could not be read: it is read again soon", async () => {
  let [isFailing, reads] = [false, 0];
  const failing = (host: Host): Host => ({
    ...host,
    lookAtProcesses: (question) => {
      reads += 1;
      return isFailing ? Promise.reject(new Error("too many open files")) : host.lookAtProcesses(question);
    },
  });
  const watched = await watching({ host: failing });
  isFailing = true;
  watched.changed();
  await watched.pass(100);
  isFailing = false;
  reads = 0;
  await watched.pass(1_000);
  expect(reads).toBe(1);
  await watched.stop();
});

test.each([
  { what: "its directory is away", listing: { kind: "missing" } as const },
  { what: "it cannot be read", listing: { kind: "unreadable", problem: "input/output error", cure: "" } as const },
])("a registry is not there to be read while a holder ends ($what): its row goes as soon as it is back", async ({ listing }) => {
  let isAway = false;
  const away = (host: Host): Host => ({
    ...host,
    listDirectory: (...asked) => (isAway ? listing : host.listDirectory(...asked)),
    // A program of no known name: only what its row says makes a watch wait for its end.
    lookAtProcesses: async (question) => {
      const looked = await host.lookAtProcesses(question);
      return looked.seen ? seen({ ...looked.value, table: { ...looked.value.table, agents: [] } }) : looked;
    },
  });
  const watched = await watching({ host: away });
  isAway = true;
  watched.changed();
  await watched.pass(1_000);
  await watched.end();
  await watched.pass(3_000);
  const before = watched.sweeps.length;
  isAway = false;
  watched.changed();
  await watched.pass(1_000);
  // One of this registry alone: no sweep of all was due.
  expect(watched.sweeps.slice(before)).toEqual([false]);
  expect(watched.stage.read(watched.path)).toBeUndefined();
  await watched.stop();
});

test("nothing happens: sweeps of all registries become as rare as the timer's", async () => {
  const watched = await watching();
  const counts: number[] = [];
  for (let nth = 0; nth < 4; nth += 1) {
    watched.sweeps.length = 0;
    await watched.pass(5 * minute, 500);
    counts.push(watched.sweeps.length);
  }
  expect(counts).toEqual([2, 1, 1, 1]);
  watched.sweeps.length = 0;
  watched.changed();
  await watched.pass(minute, 500);
  expect(watched.sweeps).toEqual([true]);
  await watched.stop();
});

test("an entry waits for its second look: the next sweeps come as they do when something happens", async () => {
  const watched = await watching();
  await watched.pass(20 * minute, 500);
  const dead = await watched.stage.gone();
  const path = watched.path.replace(/[^/]*$/, `${dead.pid}.json`);
  watched.stage.writeOld(path, JSON.stringify({ pid: dead.pid, sessionId: "d" }));
  watched.sweeps.length = 0;
  await watched.pass(7 * minute, 500);
  expect(watched.stage.read(path)).toBe(undefined);
  await watched.stop();
});

test("an agent begins to write elsewhere: what it registers there goes with it, although it leads there no longer", async () => {
  const dirs: string[] = [];
  const watched = await watching({ places: (target) => [target, ...dirs.map((path) => ({ ...target, path }))] });
  const elsewhere = `${watched.stage.root}/elsewhere`;
  const other = await watched.stage.alive();
  const path = `${elsewhere}/${other.pid}.json`;
  watched.stage.writeOld(path, JSON.stringify({ pid: other.pid, sessionId: "e", procStart: other.startTicks }));
  dirs.push(elsewhere);
  await watched.pass(5 * minute, 500);
  dirs.length = 0;
  await watched.pass(5 * minute, 500);
  await watched.end(other);
  await watched.pass(500);
  expect(watched.stage.read(path)).toBe(undefined);
  await watched.stop();
});

test("the clock is stepped: all registries are read anew within seconds, once", async () => {
  let byMs = 0;
  const stepped = (host: Host): Host => ({
    ...host,
    clock: () => {
      const clock = host.clock();
      return { ...clock, wallMs: clock.wallMs.seen ? seen(clock.wallMs.value + byMs) : clock.wallMs };
    },
  });
  const watched = await watching({ host: stepped });
  await watched.pass(30_000, 500);
  watched.sweeps.length = 0;
  byMs = 3 * minute;
  await watched.pass(6_000, 500);
  expect(watched.sweeps).toEqual([true]);
  await watched.pass(20_000, 500);
  expect(watched.sweeps).toEqual([true]);
  await watched.stop();
});
