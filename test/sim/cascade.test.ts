import * as fc from "fast-check";
import { expect, test } from "vitest";
import { supersededRows, supersedeReason, type StartRow } from "../../src/core/revisions/superseded.ts";

/** Ten thousand take five seconds; a quicker or a longer proof can be asked for. */
const histories = Number(process.env["SESSREAP_HISTORIES"] ?? 10_000);

const second = 1000;
const stepMs = 2 * second;

/**
 * One machine with one identity. Its processes start sessions; each process keeps a heartbeat thread that was never
 * ended, and that registers a new session whenever it finds its row released: the loop that happened.
 */
type Process = { readonly pid: number; readonly startTicks: string; alive: boolean; zombieHeart: boolean; current: string };

type World = { rows: StartRow[]; readonly processes: Process[]; nowMs: number; ids: number; releases: number; wrong: number };

/** Does the zombie's re-registration carry its marker? Where it does not, only the loop itself gives it away. */
type Event = {
  readonly kind: "start" | "restart" | "die" | "wait";
  readonly which: number;
  readonly zombie: boolean;
  readonly marked: boolean;
};

function register(world: World, process: Process, automatic: boolean): void {
  world.ids += 1;
  const key = `row-${world.ids}`;
  world.rows.push({
    key,
    identity: "auditor",
    sessionId: `session-${world.ids}`,
    pid: process.pid,
    startTicks: process.startTicks,
    bootId: "boot",
    subprocessId: undefined,
    registeredAt: world.nowMs,
    releasedAt: undefined,
    releaseReason: undefined,
    automatic,
  });
  process.current = key;
}

function happen(world: World, { kind, which, zombie }: Event): void {
  const living = world.processes.filter(({ alive }) => alive);
  const process = living[which % Math.max(1, living.length)];
  if (kind === "start") {
    const pid = 1000 + world.processes.length;
    const started: Process = { pid, startTicks: String(world.nowMs), alive: true, zombieHeart: zombie, current: "" };
    world.processes.push(started);
    register(world, started, false);
  } else if (kind === "restart" && process !== undefined) register(world, process, false);
  else if (kind === "die" && process !== undefined) process.alive = false;
  else if (kind === "wait") world.nowMs += 60 * second;
}

/** Old heartbeat threads: each whose row was released, whoever runs it, registers again. */
function beat(world: World, marked: boolean): void {
  for (const process of world.processes) {
    if (!process.zombieHeart) continue;
    const row = world.rows.find(({ key }) => key === process.current);
    if (row?.releasedAt !== undefined) register(world, process, marked);
  }
}

type Policy = (rows: readonly StartRow[]) => readonly string[];

/** What everybody tries first: the newest row of an identity wins, all others are released as stale. */
const naive: Policy = (rows) => {
  const unreleased = rows
    .filter(({ releasedAt }) => releasedAt === undefined)
    .toSorted((a, b) => (b.registeredAt ?? 0) - (a.registeredAt ?? 0));
  return unreleased.slice(1).map(({ key }) => key);
};

const ours: Policy = (rows) => supersededRows(rows).releases.map(({ key }) => key);

/** Runs a history under a policy, then lets the machine alone: a cascade is what goes on although nobody does anything. */
function live(events: readonly Event[], policy: Policy): { readonly world: World; readonly afterwards: number } {
  const world: World = { rows: [], processes: [], nowMs: 0, ids: 0, releases: 0, wrong: 0 };
  const step = (marked: boolean): void => {
    world.nowMs += stepMs;
    const keys = new Set(policy(world.rows));
    for (const row of world.rows.filter(({ key }) => keys.has(key))) {
      const process = world.processes.find(({ pid }) => pid === row.pid);
      world.releases += 1;
      // The session that a living process runs now must keep its row.
      if (process?.alive === true && process.current === row.key) world.wrong += 1;
    }
    world.rows = world.rows.map((row) => (keys.has(row.key) ? { ...row, releasedAt: world.nowMs, releaseReason: supersedeReason } : row));
    beat(world, marked);
  };
  for (const event of events) {
    happen(world, event);
    step(event.marked);
  }
  const before = world.releases;
  for (let quiet = 0; quiet < 50; quiet += 1) step(events.at(-1)?.marked ?? false);
  return { world, afterwards: world.releases - before };
}

const event: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom("start" as const, "restart" as const, "die" as const, "wait" as const),
  which: fc.nat({ max: 5 }),
  zombie: fc.boolean(),
  marked: fc.boolean(),
});

const history = fc.array(event, { minLength: 1, maxLength: 25 });

test(`in ${histories} histories ours releases no row that a living process runs, and comes to rest`, () => {
  const property = fc.property(history, (events) => {
    const { world, afterwards } = live(events, ours);
    expect(world.wrong).toBe(0);
    expect(afterwards).toBeLessThanOrEqual(world.processes.length);
  });
  fc.assert(property, { numRuns: histories });
});

test("wherever two old heartbeat threads beat, superseding by age alone never comes to rest, and ours always does", () => {
  let prone = 0;
  fc.assert(
    fc.property(history, (events) => {
      const { world, afterwards } = live(events, ours);
      if (world.processes.filter(({ zombieHeart }) => zombieHeart).length < 2) return;
      prone += 1;
      expect(afterwards).toBeLessThanOrEqual(world.processes.length);
      expect(live(events, naive).afterwards).toBeGreaterThanOrEqual(50);
    }),
    { numRuns: histories },
  );
  expect(prone).toBeGreaterThan(histories / 50);
});

test("the loop that happened: an old process re-registers on every release", () => {
  const start = (zombie: boolean): Event => ({ kind: "start", which: 0, zombie, marked: false });
  const events: readonly Event[] = [start(true), { kind: "wait", which: 0, zombie: false, marked: false }, start(true)];
  expect(live(events, naive).afterwards).toBe(50);
  expect(live(events, naive).world.wrong).toBeGreaterThan(0);
  expect(live(events, ours)).toMatchObject({ afterwards: 0, world: { releases: 0, wrong: 0 } });
});

test("what a process left behind is released all the same", () => {
  const at = (kind: Event["kind"]): Event => ({ kind, which: 0, zombie: false, marked: false });
  const { world } = live([at("start"), at("wait"), at("restart")], ours);
  expect(world.rows.map(({ releasedAt }) => releasedAt !== undefined)).toEqual([true, false]);
});

/**
 * One process that starts session after session, with a heartbeat thread for every row it ever registered: each
 * answers the release of its row with a new one, so many ms later, without a marker. Sweeps come every five minutes.
 */
function oneProcess(starts: readonly number[], answerMs: number): { readonly wrong: number; readonly afterwards: number } {
  let rows: StartRow[] = [];
  let current = "";
  let wrong = 0;
  let releases = 0;
  const answered = new Set<string>();
  const add = (registeredAt: number): string => {
    const key = `row-${rows.length}`;
    const process = { pid: 1000, startTicks: "1", bootId: "boot", subprocessId: undefined };
    const state = { releasedAt: undefined, releaseReason: undefined, automatic: false };
    rows.push({ key, identity: "auditor", sessionId: `session-${key}`, registeredAt, ...process, ...state });
    return key;
  };
  const sweepMs = 300 * second;
  const last = Math.max(...starts);
  for (let nowMs = 0, quiet = 0; quiet < 50; nowMs += second) {
    if (starts.includes(nowMs)) current = add(nowMs);
    for (const { key, releasedAt } of rows) {
      if (releasedAt === undefined || answered.has(key) || nowMs < releasedAt + answerMs) continue;
      answered.add(key);
      add(nowMs);
    }
    if (nowMs % sweepMs !== 0) continue;
    const keys = new Set(supersededRows(rows).releases.map(({ key }) => key));
    if (keys.has(current)) wrong += 1;
    rows = rows.map((row) => (keys.has(row.key) ? { ...row, releasedAt: nowMs, releaseReason: supersedeReason } : row));
    if (nowMs > last) quiet += 1;
    if (quiet > 10) releases += keys.size;
  }
  return { wrong, afterwards: releases };
}

test("unmarked answers of one process's own old heartbeats never get its session released, and it comes to rest", () => {
  const start = fc.integer({ min: 0, max: 7200 }).map((seconds) => seconds * second);
  const starts = fc.uniqueArray(start, { minLength: 1, maxLength: 8 });
  const answer = fc.integer({ min: 0, max: 240 }).map((seconds) => seconds * second);
  fc.assert(
    fc.property(starts, answer, (at, answerMs) => {
      expect(oneProcess(at, answerMs)).toEqual({ wrong: 0, afterwards: 0 });
    }),
    { numRuns: Math.min(histories, 200) },
  );
});
