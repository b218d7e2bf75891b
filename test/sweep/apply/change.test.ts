import { array, assert, asyncProperty, constantFrom, nat, record, tuple } from "fast-check";
import { expect, test } from "vitest";
import { change, noRetry, type Attempted, type Changer } from "../../../src/sweep/apply/change.ts";
import { done, notDone, type Done, type NotDone } from "../../../src/sweep/apply/outcome.ts";
import { startPass, type Stop } from "../../../src/sweep/pass.ts";
import { plainSweep } from "../../sweep-options.ts";
import { simulatedStage } from "../contract/stages.ts";
import { hostWith, why } from "../described.ts";

const changed = notDone("skipped", "it changed");

/** A changer of entries that are names, and all that it was asked for. */
function stageOf(overrides: Partial<Changer<string>>, isVoidable = true) {
  const voided: string[] = [];
  const stop: { -readonly [Key in keyof Stop]: Stop[Key] } = { signal: undefined };
  const voidTombstones = (_: string, ids: readonly string[]): void => void voided.push(...(isVoidable ? ids : why()));
  const host = hostWith(simulatedStage(), { store: { voidTombstones } });
  const pass = startPass(host, { ...plainSweep, targets: [], stop });
  const calls: string[] = [];
  const recorded = new Map<string, string>();
  let ids = 0;
  const changer: Changer<string> = {
    prepare: (entry) => (entry.startsWith("unready") ? notDone("skipped", "it is not ready") : entry),
    keep: (entries) => {
      calls.push(`keep ${entries.join()}`);
      return { entries, ids: entries.map(() => `s/${(ids += 1)}`) };
    },
    lastLook: (entries) => Promise.resolve(entries.map(() => undefined)),
    commit: async (entries, confirm) => {
      const answers = await confirm(entries);
      calls.push(`commit ${entries.filter((_, nth) => answers[nth] === undefined).join()}`);
      return answers.map((answer) => answer ?? done());
    },
    again: noRetry(changed),
    record: (entry, { kind, note }: Done | NotDone, tombstone) => {
      recorded.set(entry, [kind, ...(note === undefined ? [] : [note]), ...(kind === "done" ? [tombstone] : [])].join("; "));
    },
    voids: "not-done",
    ...overrides,
  };
  return { pass, changer, stop, calls, voided, recorded };
}

const names = ["a", "b", "c", "d"] as const;
const results: Readonly<Record<string, Attempted>> = {
  done: done(),
  troubled: done("afterwards: input/output error"),
  stays: notDone("failed", "it cannot be"),
  changed: { kind: "changed" },
  again: { kind: "again" },
};
const attempts = array(
  tuple(...names.map(() => record({ hasRoom: nat(3), result: constantFrom(...Object.keys(results)), isThere: nat(2) }))),
  {
    minLength: 4,
    maxLength: 4,
  },
);

test("whatever the attempts come to, tombstones stand of what was done and of nothing else, and nothing is done twice", async () => {
  await assert(
    asyncProperty(attempts, constantFrom("not-done" as const, "done" as const), async (plan, voids) => {
      let nth = -1;
      const planOf = (name: string) => plan[nth]?.[names.findIndex((one) => one === name)];
      const kept = new Map<string, string>();
      const ended = new Set<string>();
      const { pass, changer, voided, recorded } = stageOf({
        keep: (entries) => {
          nth += 1;
          expect(entries.filter((name) => ended.has(name))).toEqual([]);
          const fit = entries.filter((name) => (planOf(name)?.hasRoom ?? 0) > 0);
          for (const name of fit) kept.set(`s/${nth}${name}`, name);
          return { entries: fit, ids: fit.map((name) => `s/${nth}${name}`) };
        },
        commit: (entries) => {
          for (const name of entries) if (!["changed", "again"].includes(planOf(name)?.result ?? "")) ended.add(name);
          return Promise.resolve(entries.map((name) => results[planOf(name)?.result ?? ""] as Attempted));
        },
        again: (left) => Promise.resolve({ ready: left.filter((name) => planOf(name)?.isThere !== 0), others: changed }),
        voids,
      });
      await change(pass, changer, [names]);
      expect(nth).toBeLessThan(3);
      expect([...recorded.keys()].toSorted()).toEqual(names);
      const isDone = names.filter((name) => recorded.get(name)?.startsWith("done"));
      const standing = [...kept].flatMap(([id, name]) => (voided.includes(id) ? [] : [name]));
      const spoken = voids === "not-done" ? standing : [...kept].flatMap(([id, name]) => (voided.includes(id) ? [name] : []));
      expect(spoken.toSorted()).toEqual(isDone);
    }),
    { numRuns: 500 },
  );
});

test("an entry that is not ready stays, and its neighbour is changed without it", async () => {
  const { pass, changer, calls, recorded } = stageOf({});
  await change(pass, changer, [["unready", "a"], ["unready too"]]);
  expect(calls).toEqual(["keep a", "commit a"]);
  expect([...recorded]).toEqual([
    ["unready", "not-done; it is not ready"],
    ["a", "done; s/1"],
    ["unready too", "not-done; it is not ready"],
  ]);
});

test("where no tombstone can be written nothing is changed, and no other batch is tried", async () => {
  const { pass, changer, calls, recorded } = stageOf({ keep: why });
  await change(pass, changer, [["a", "b"], ["c"]]);
  const note = "not-done; no tombstone could be written: no space left on device";
  expect([calls, [...recorded]]).toEqual([
    [],
    [
      ["a", note],
      ["b", note],
      ["c", note],
    ],
  ]);
});

test("an entry that has to stay after the last look is not changed, and no tombstone of it stands", async () => {
  const lastLook: Changer<string>["lastLook"] = () => Promise.resolve([notDone("withheld", "its owner came up"), undefined]);
  const { pass, changer, voided, recorded } = stageOf({ lastLook });
  await change(pass, changer, [["a", "b"]]);
  expect([...recorded]).toEqual([
    ["a", "not-done; its owner came up"],
    ["b", "done; s/2"],
  ]);
  expect(voided).toEqual(["s/1"]);
});

test("a signal during the last look keeps what it was made for, and all batches behind it", async () => {
  const { pass, changer, stop, calls, voided, recorded } = stageOf({
    lastLook: () => {
      stop.signal = "SIGTERM";
      return Promise.resolve([undefined]);
    },
  });
  await change(pass, changer, [["a"], ["b"]]);
  const note = "not-done; the sweep was stopped before it came to this entry";
  expect([...recorded.values()]).toEqual([note, note]);
  expect([calls, voided]).toEqual([["keep a", "commit "], ["s/1"]]);
});

test("a tombstone that cannot be taken back is said of its entry as exactly that, and nothing is tried again", async () => {
  const commit: Changer<string>["commit"] = () => Promise.resolve([done(), notDone("skipped", "it is gone"), { kind: "changed" }]);
  const again = why;
  const { pass, changer, recorded } = stageOf({ commit, again }, false);
  await change(pass, changer, [["a", "b", "c"]]);
  const problem = "its tombstone could not be taken back: no space left on device";
  expect([...recorded]).toEqual([
    ["a", "done; s/1"],
    ["b", `not-done; it is gone; ${problem}`],
    ["c", `not-done; ${problem}`],
  ]);
});

test("what was put back is back, also where its tombstone cannot be taken back", async () => {
  const { pass, changer, recorded } = stageOf({ voids: "done" }, false);
  await change(pass, changer, [["a"]]);
  expect([...recorded]).toEqual([["a", "done; its tombstone could not be taken back: no space left on device; s/1"]]);
});
