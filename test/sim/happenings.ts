import { emptyMemory } from "../../src/core/memory/memory.ts";
import { day, hour, minute, second, type Session } from "./machine.ts";
import { changeInPlace, edit, register, touch, unregister } from "./writers.ts";
import { bridgePath } from "./registries.ts";
import { checkRelease } from "./laws.ts";
import type { Story } from "./story.ts";

/** What people, sessions, daemons and the machine itself do, between two sweeps or in the middle of one. */

export function crash(story: Story, session: Session): void {
  story.machine.end(session);
  story.record(`${session.key} of ${session.registry} crashes`);
}

/** Its process ends, and a child that it started keeps the lock on its file; or one that did so ends. */
function moveLock(story: Story, session: Session): void {
  const { machine, chance } = story;
  if (chance.oneIn(2)) machine.leaveLock(session);
  else machine.kill(chance.pick(machine.sessions).lockedBy);
  story.record(`the lock on ${session.key} of ${session.registry} moves`);
}

function resume(story: Story, session: Session): void {
  // A marker and an editor's lock name no session, so nobody who takes it up again shows in them.
  if (session.kind === "marker" || session.kind === "editor") return;
  // A record that its dying process left torn would not say which session it was.
  story.machine.disk.flush();
  story.machine.resume(session);
  story.record(`${session.key} of ${session.registry} is resumed`);
}

export function startBridge(story: Story): void {
  story.bridge ??= story.machine.spawn(["node", "/opt/bridge.mjs", "watch"]);
  story.record("the bridge is up");
}

export function stopBridge(story: Story): void {
  story.machine.kill(story.bridge);
  story.bridge = undefined;
}

/** The owner's release command: it does what it was asked, or says so and does not, or fails. */
export function release(story: Story, key: string): string | undefined {
  checkRelease(story, key);
  const how = story.chance.pick(["done", "done", "claimed", "failed"] as const);
  story.record(`release of ${key}: ${how}`);
  if (how === "failed") return "it exited with 1";
  if (how === "done") {
    edit(story, bridgePath, (entries) => delete entries[key], "in-place");
    story.current.delete(`${bridgePath} ${key}`);
    story.released.push(`${bridgePath} ${key}`);
  }
  return undefined;
}

function moveServer(story: Story): void {
  const { machine, chance } = story;
  const move = chance.pick([
    "stop",
    "start",
    "restart",
    "hung",
    "partial",
    "stale",
    "silent",
    "refusing",
    "load",
    "tried",
    "endpoint",
  ] as const);
  if (move === "stop" || move === "restart") machine.stopServer();
  if (move === "start" || move === "restart") machine.startServer();
  if (move === "hung" || move === "partial" || move === "stale" || move === "silent" || move === "refusing") machine.server.mode = move;
  if (move === "tried") machine.tried = chance.pick(["refuses", "hangs", "denies"]);
  if (move === "load")
    for (const session of machine.sessions) if (session.kind === "thread" && session.process !== undefined) machine.show(session);
  if (move === "endpoint" && machine.endpoints.size > 0)
    machine.endpoints.set(chance.pick([...machine.endpoints.keys()]), chance.pick(["accepts", "hangs", "refuses"]));
  story.record(`a server: ${move}`);
}

/** Processes may come and writers write while a sweep prepares to write; threads are loaded between sweeps only. */
export function race(story: Story): void {
  const { chance } = story;
  if (!chance.oneIn(3)) return;
  const session = story.anySession();
  const choice = chance.below(6);
  if (choice === 0 && session !== undefined) resume(story, session);
  else if (choice === 1) startBridge(story);
  else if (choice === 2) register(story, undefined, undefined, undefined, { racing: true });
  else if (choice === 3) story.machine.disk.flush();
  else touch(story, undefined, { racing: true });
  story.record("… in the middle of a sweep");
}

/** What only some worlds know: titles, first threads that end, programs that look on, parents that ask for their children. */
function turnWorld(story: Story, session: Session | undefined): void {
  const { machine, chance } = story;
  const process = machine.isRunning(session?.process) ? session.process : undefined;
  if (machine.isIn("zombies") && chance.oneIn(2)) machine.reapZombies();
  if (session === undefined) return;
  if (machine.isIn("erased-argv") && process !== undefined) {
    machine.takeTitle(process);
    story.record(`pid ${process.pid} of ${session.key} takes the title ${process.argv.join()}`);
  }
  if (machine.isIn("threads-outlive-leader") && process !== undefined && chance.oneIn(2)) {
    machine.endLeader(process);
    story.record(`the first thread of pid ${process.pid} of ${session.key} ends`);
  }
  if (machine.isIn("changed-in-place") && chance.oneIn(2)) changeInPlace(story);
  if (machine.isIn("entry-locks")) moveLock(story, session);
  if (machine.isIn("onlookers")) {
    machine.lookOn(session.id);
    story.record(`a program looks on ${session.id}`);
  }
}

function loseState(story: Story): void {
  story.state.memory = emptyMemory;
  story.machine.forgetClock();
  for (const one of story.machine.sessions) Object.assign(one, { timesUnchecked: true, remembered: new Set() });
  story.record("the state directory is lost");
}

/** One thing happens; each of them can happen between any two sweeps. */
export function happen(story: Story): void {
  const { chance, machine } = story;
  const session = story.anySession();
  switch (chance.below(machine.worlds.size === 0 ? 22 : 24)) {
    case 0:
    case 1:
    case 2:
    case 3:
      register(story);
      break;
    case 4:
      if (session !== undefined) unregister(story, session);
      break;
    case 5:
    case 6:
      if (session !== undefined) crash(story, session);
      break;
    case 7:
      if (session !== undefined) resume(story, session);
      break;
    case 8:
      touch(story);
      break;
    case 9:
      moveServer(story);
      break;
    case 10:
      if (chance.oneIn(2)) {
        const ms = chance.pick([-1, 1]) * chance.pick([3 * minute, hour, 3 * day, 400 * day]);
        machine.stepClock(ms);
        story.record(`the clock is stepped by ${ms / minute}m`);
      }
      break;
    case 11:
      if (chance.oneIn(machine.forgetsTime ? 2 : 4)) {
        machine.reboot();
        story.bridge = undefined;
        story.record("the machine reboots");
      }
      break;
    case 12:
      machine.advance(chance.pick([minute, hour, 8 * day]), { asleep: true });
      story.record("the machine was suspended");
      break;
    case 13:
      if (story.isBridgeUp()) stopBridge(story);
      else if (chance.oneIn(2)) startBridge(story);
      break;
    case 14:
      if (chance.oneIn(8)) loseState(story);
      break;
    case 15:
      machine.spawn(["sh", "-c", `codex resume ${session?.id ?? ""}`]);
      break;
    case 16:
      machine.disk.flush();
      break;
    case 18:
    case 19:
      turnWorld(story, session);
      break;
    default:
      machine.advance(chance.pick([10 * second, minute, 3 * minute, 5 * minute, 11 * minute, hour]));
  }
}
