import { expect, test } from "vitest";
import { linesAfter, type Born } from "../../../src/core/harnesses/lines.ts";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { nothingClaimed } from "../../../src/core/registration.ts";
import type { Host } from "../../../src/host/host.ts";
import type { Senses } from "../../../src/host/senses/senses.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import { registryId, type Target } from "../../../src/sweep/load/target.ts";
import { newSeen } from "../../../src/watch/endings.ts";
import { newLookout, type Lookout } from "../../../src/watch/lookout.ts";
import { fields } from "../../fields.ts";
import { plainSweep } from "../../sweep-options.ts";
import { claudesOf, type Actor, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { sweepWith } from "../described.ts";

const unused = (): never => {
  throw new Error("no part of this test");
};
const senses: Senses = { exits: unused, directories: unused, server: unused, after: unused, lines: seen, lastPid: () => undefined };

type Kind = readonly [kind: string, targetOf: (stage: Stage) => Target, pathOf: (stage: Stage, pid: number) => string, members: boolean];

const kinds: readonly Kind[] = [
  [
    "a member of a file",
    (stage) => ({
      ...claudesOf(stage),
      format: keyedJson({ entries: "", pattern: "", fields, about: "process" }),
      path: `${stage.root}/agents.json`,
      owner: { argv: stage.owner },
    }),
    (stage) => `${stage.root}/agents.json`,
    true,
  ],
  ["a file of its own", claudesOf, (stage, pid) => `${stage.root}/sessions/${pid}.json`, false],
];

/** A holder registers without its start, is watched, and ends; `meanwhile` happens before the sweep. */
async function actionAfter([, targetOf, pathOf, isMember]: Kind, meanwhile: (write: () => void) => void): Promise<readonly string[]> {
  const stage = simulatedStage();
  const target = targetOf(stage);
  const holder: Actor = await stage.alive();
  const now = stage.now();
  const { pid } = holder;
  const row = isMember ? { held: { pid, id: "s", since: new Date(now).toISOString() } } : { pid, sessionId: "s", startedAt: now };
  const write = (): void => {
    stage.later(1_000);
    stage.write(pathOf(stage, pid), JSON.stringify(row));
  };
  write();
  const lookout = newLookout(stage.host, senses, { ...plainSweep, targets: [target] });
  await lookout.learn([target], true);
  expect(lookout.holders()).toBe(1);
  await stage.end(holder);
  lookout.exited([holder]);
  meanwhile(write);
  const report = await sweepWith(stage, [target], {}, { command: "watch", endings: lookout.endings });
  return report.entries.map(({ action }) => action);
}

test.each(kinds)("%s that stands as its holder left it goes with it, without grace", async (...kind) => {
  expect(await actionAfter(kind, () => undefined)).toEqual(["reaped"]);
});

test.each(kinds)("%s that a later process of the pid wrote with the same words is not the one that ended", async (...kind) => {
  expect(await actionAfter(kind, (write) => write())).toEqual(["kept"]);
});

test("a process has the pid of the one that ended: only an entry with the start of that one claims it", () => {
  const ended = { pid: 7, startTicks: "700" };
  const holding = { ...ended, key: "held", digest: "d", isYoung: true };
  const target = claudesOf(simulatedStage());
  const known = {
    target,
    entries: 1,
    holdings: [holding],
    recorded: new Set([7]),
    sessions: new Set<string>(),
    owner: { up: false, pids: [] },
  };
  const ends = newSeen();
  ends.exited(ended, [known], unseen("no look was made"));
  const exitOf = (start: string | undefined, claimed?: string): string | undefined =>
    ends.endings({ startOfPid: () => start, ownerUpMs: () => undefined })(
      registryId(target),
      { ...nothingClaimed, key: "held", pid: 7, startTicks: claimed },
      () => "d",
    )?.exit?.startTicks;
  expect([exitOf(undefined), exitOf("700"), exitOf("900"), exitOf("900", "700")]).toEqual(["700", "700", undefined, "700"]);
});

/** A young session whose holder ends, and what is seen to outlive it then, by a table of processes that the test keeps. */
function familyIn(stage: Stage, target: Target, table: Born[], holder: Actor) {
  const lines: Senses["lines"] = (before, isAwaited, isDoubted) => {
    const isKnown = ({ pid, startTicks }: Born): boolean => {
      const line = before.byPid.get(pid);
      return line !== undefined && (!isDoubted(pid) || line.startTicks === startTicks);
    };
    const fresh = table.filter((one) => !isKnown(one));
    const there = table.map(({ pid }) => pid);
    return seen(linesAfter(before, there, fresh, isAwaited));
  };
  // Nothing tells that anyone was started: what an end leaves is looked at all the same.
  const lookout = newLookout(stage.host, { ...senses, lines, lastPid: () => "7" }, { ...plainSweep, targets: [target] });
  const end = async (gone: Actor): Promise<unknown> => {
    await stage.end(gone);
    lookout.exited([gone]);
    const claim = { ...nothingClaimed, key: `${holder.pid}.json`, pid: holder.pid, startTicks: holder.startTicks };
    return lookout.endings(registryId(target), claim, () => "")?.exit?.outliving;
  };
  return { lookout, end };
}

function register(stage: Stage, target: Target, { pid, startTicks }: Actor): void {
  stage.write(`${target.path}/${pid}.json`, JSON.stringify({ pid, sessionId: "s", startedAt: stage.now(), procStart: startTicks }));
}

async function familyOf(stage: Stage, table: Born[], holder: Actor) {
  const target = claudesOf(stage);
  register(stage, target, holder);
  const { lookout, end } = familyIn(stage, target, table, holder);
  await lookout.learn([target], true);
  return end;
}
const born = ({ pid, startTicks }: Actor, parentPid: number): Born => ({ pid, parentPid, kernelSession: pid, startTicks });

test("what a left process leaves is the first one's, too: a session that went on in a grandchild keeps its row", async () => {
  const stage = simulatedStage();
  const [holder, child, grandchild, innocent] = await Promise.all([stage.alive(), stage.alive(), stage.alive(), stage.alive()]);
  const table = [born(holder, 2), born(child, holder.pid), born(innocent, 2)];
  const outliving = await familyOf(stage, table, holder);
  table.shift();
  expect(await outliving(holder)).toEqual(seen([child.pid]));
  table.splice(0, 1, born(grandchild, child.pid));
  expect(await outliving(child)).toEqual(seen([grandchild.pid]));
  table.shift();
  expect(await outliving(grandchild)).toEqual(seen([]));
});

test("what it started has the pid of a stranger that was seen before: it is found all the same", async () => {
  const stage = simulatedStage();
  const [holder, child] = await Promise.all([stage.alive(), stage.alive()]);
  const table = [born(holder, 2), born({ ...child, startTicks: "1" }, 2)];
  const outliving = await familyOf(stage, table, holder);
  table.splice(0, 2, born(child, 1));
  expect(await outliving(holder)).toEqual(seen([child.pid]));
});

test.each<readonly [how: string, read: (lookout: Lookout, target: Target) => Promise<unknown>]>([
  ["read in full", (lookout, target) => lookout.learn([target], true)],
  ["glanced at", (lookout, target) => lookout.glance(target)],
])("a holder has the pid of a stranger that was seen before, and its registry is %s: what it leaves is known", async (_, read) => {
  const stage = simulatedStage();
  const [holder, other] = await Promise.all([stage.alive(), stage.alive()]);
  const target = claudesOf(stage);
  const table = [born({ ...holder, startTicks: "1" }, 2), born(other, 2)];
  const { lookout, end } = familyIn(stage, target, table, holder);
  await lookout.learn([target], true);
  table[0] = born(holder, 2);
  register(stage, target, holder);
  await read(lookout, target);
  table.shift();
  expect(await end(holder)).toEqual(seen([]));
});

test.each([
  ["nothing", () => []],
  ["a child of which init has taken care", (child: Actor) => [born(child, 1)]],
] as const)("a holder ends right after it was looked at, and leaves %s: that is known", async (_, leftBy) => {
  const stage = simulatedStage();
  const [holder, child] = await Promise.all([stage.alive(), stage.alive()]);
  const target = claudesOf(stage);
  register(stage, target, holder);
  const table = [born(holder, 2)];
  const { host } = stage;
  // The next look at who started whom does not find it any more.
  const lookAtProcesses: Host["lookAtProcesses"] = async (question) => {
    const answer = await host.lookAtProcesses(question);
    table.splice(0, 1, ...leftBy(child));
    return answer;
  };
  const { lookout, end } = familyIn({ ...stage, host: { ...host, lookAtProcesses } }, target, table, holder);
  await lookout.learn([target], true);
  expect(await end(holder)).toEqual(seen(leftBy(child).map(({ pid }) => pid)));
});

test("a holder that nobody has waited for is listed still: what it started last is no stranger to it", async () => {
  const stage = simulatedStage();
  const [holder, child] = await Promise.all([stage.alive(), stage.alive()]);
  const table = [born(holder, 2)];
  const outliving = await familyOf(stage, table, holder);
  table.push(born(child, 1));
  expect(await outliving(holder)).toEqual(seen([child.pid]));
});

test("no entry is young: nobody looks at what their holders start, and so nothing is known of what one leaves", async () => {
  const stage = simulatedStage();
  const holder = await stage.alive();
  const target = claudesOf(stage);
  stage.writeOld(`${target.path}/${holder.pid}.json`, JSON.stringify({ pid: holder.pid, sessionId: "s", procStart: holder.startTicks }));
  let looks = 0;
  const lines: Senses["lines"] = (before, isAwaited) => {
    looks += 1;
    return seen(linesAfter(before, [holder.pid], looks === 1 ? [born(holder, 2)] : [], isAwaited));
  };
  const lookout = newLookout(stage.host, { ...senses, lines }, { ...plainSweep, targets: [target] });
  await lookout.learn([target], true);
  const learnt = looks;
  for (let nth = 0; nth < 3; nth += 1) lookout.lookAtLines();
  expect(looks).toBe(learnt);
  await stage.end(holder);
  lookout.exited([holder]);
  const claim = { ...nothingClaimed, key: `${holder.pid}.json`, pid: holder.pid, startTicks: holder.startTicks };
  expect(lookout.endings(registryId(target), claim, () => "")?.exit?.outliving.seen).toBe(false);
});
