import { expect, test } from "vitest";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { nothingClaimed } from "../../../src/core/registration.ts";
import type { Senses } from "../../../src/host/senses/senses.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import { registryId, type Target } from "../../../src/sweep/load/target.ts";
import { newSeen } from "../../../src/watch/endings.ts";
import { newLookout } from "../../../src/watch/lookout.ts";
import { fields } from "../../fields.ts";
import { plainSweep } from "../../sweep-options.ts";
import { claudesOf, type Actor, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { sweepWith } from "../described.ts";

const unused = (): never => {
  throw new Error("no part of this test");
};
const senses: Senses = { exits: unused, directories: unused, server: unused, after: unused, lines: seen };

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
  await lookout.learn([target]);
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
  const holding = { ...ended, key: "held", digest: "d" };
  const target = claudesOf(simulatedStage());
  const known = { target, holdings: [holding], recorded: new Set([7]), sessions: new Set<string>(), owner: { up: false, pids: [] } };
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
