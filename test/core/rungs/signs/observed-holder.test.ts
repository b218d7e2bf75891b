import { describe, expect, test } from "vitest";
import { seen } from "../../../../src/core/evidence.ts";
import { holdersSeen, maxHolders } from "../../../../src/core/agents/observed-holders.ts";
import { observedHolder } from "../../../../src/core/rungs/signs/observed-holder.ts";
import { agent, blind, earlierBoot, gone, sceneOf, session, showed, shows, there, type Described } from "../../scene.ts";

const other = { ...showed, pid: 501 };
const inPane = { ...showed, program: "tmux pane %1" };
const after = (...holders: readonly (typeof showed)[]): Pick<Described, "memory"> => ({ memory: { holders } });
const [left, stays] = [{ [showed.pid]: gone }, { [showed.pid]: there("600") }];
const resuming = agent(["codex", "resume", session], 500);
const another = agent(["codex", "resume", "019d0000-1111-7000-8000-00000000000b"], 502);

const rows: readonly (readonly [string, Described, string])[] = [
  ["no process ever showed it", {}, "not-applicable"],
  ["what showed it is gone", { ...after(showed), pids: left }, "dead holder-gone"],
  ["its pid is another process's by now", { ...after(showed), pids: { 500: there("601") } }, "dead holder-gone"],
  [
    "its pid has another start, which was read by the clock of another time namespace",
    { ...after({ ...showed, timeNamespace: "time:[4026532200]" }), pids: { 500: there("601") } },
    "unknown pid-unseen",
  ],
  [
    "its pid has another start, and our own time namespace could not be told",
    { ...after({ ...showed, timeNamespace: undefined }), pids: { 500: there("601") }, here: { timeNamespace: blind } },
    "unknown pid-unseen",
  ],
  ["its pid is gone, whatever clock read its start", { ...after({ ...showed, timeNamespace: undefined }), pids: left }, "dead holder-gone"],
  ["what ran in its pane lives, and the pane has another name", { ...after(inPane), pids: stays }, "unknown mentioned"],
  ["what ran in its pane is gone, which says nothing of what else may run it", { ...after(inPane), pids: left }, "not-applicable"],
  [
    "an agent and what ran in its pane are gone",
    { ...after({ ...inPane, pid: 501 }, showed), pids: { ...left, 501: gone } },
    "dead holder-gone",
  ],
  ["what showed it is a zombie", { ...after(showed), pids: { 500: there("600", ["codex"], "Z") } }, "dead holder-gone"],
  [
    "its pid is a zombie's, whose start another clock has read",
    { ...after({ ...showed, timeNamespace: undefined }), pids: { 500: there("601", ["codex"], "Z") } },
    "dead holder-gone",
  ],
  ["what showed it ran in an earlier boot", { ...after({ ...showed, bootId: earlierBoot }), pids: stays }, "dead holder-gone"],
  ["what showed it lives and shows it no more", { ...after(showed), pids: stays }, "unknown mentioned"],
  ["one of two lives", { ...after(showed, other), pids: { ...left, 501: there("600") } }, "unknown mentioned"],
  ["one of two could not be looked at", { ...after(showed, other), pids: { ...left, 501: blind } }, "unknown pid-unseen"],
  ["its pid was not asked for", after(showed), "unknown pid-unseen"],
  [
    "the start of what has its pid could not be read",
    { ...after(showed), pids: { 500: shows({ startTicks: blind }) } },
    "unknown pid-unseen",
  ],
  [
    "whether its leader ended could not be read",
    { ...after(showed), pids: { 500: shows({ startTicks: seen("600"), state: blind }) } },
    "unknown pid-unseen",
  ],
  ["the boot id could not be read", { ...after(showed), pids: left, here: { bootId: blind } }, "unknown pid-unseen"],
  ["not every process was seen", { ...after(showed), pids: left, table: { complete: blind } }, "unknown process-table-blind"],
  ["it was seen on another host", { ...after({ ...showed, host: "saturn", bootId: earlierBoot }), pids: left }, "not-applicable"],
  [
    "it was seen in this boot, under the name that this host had then",
    { ...after(showed), pids: left, here: { hostname: "mars" } },
    "dead holder-gone",
  ],
  [
    "it was seen under another host's name, and our boot id could not be read",
    { ...after({ ...showed, host: "saturn" }), pids: left, here: { bootId: blind } },
    "unknown pid-unseen",
  ],
  ["it was seen in another pid namespace", { ...after({ ...showed, pidNamespace: "4026532001" }), pids: left }, "not-applicable"],
  [
    "it was seen in another pid namespace, too, and lives in this one",
    { ...after({ ...showed, pidNamespace: "4026532001" }, showed), pids: stays },
    "unknown mentioned",
  ],
  ["gone, and its program is on no list any more", { ...after({ ...showed, program: "hivemind" }), pids: left }, "not-applicable"],
  [
    "gone, and its program is on its registry's list of holders",
    { ...after({ ...showed, program: "hivemind" }), pids: left, registry: { holderNames: ["hive*"] } },
    "dead holder-gone",
  ],
  ["it records a pid, which is asked instead", { ...after(showed), claim: { pid: 700 }, pids: left }, "not-applicable"],
  ["of a thread, what showed it was only its terminal", { ...after(showed), pids: left, registry: { about: "thread" } }, "not-applicable"],
  [
    "gone, and another codex of the user shows nothing",
    { ...after(showed), pids: left, table: { agents: [agent(["codex"], 502)] } },
    "not-applicable",
  ],
  [
    "gone, and another codex of the user shows another session",
    { ...after(showed), pids: left, table: { agents: [another] } },
    "dead holder-gone",
  ],
  [
    "gone, and an app server runs",
    { ...after(showed), pids: left, table: { agents: [agent(["codex", "app-server"], 502)] } },
    "dead holder-gone",
  ],
  [
    "gone, and a claude of the user shows nothing",
    { ...after(showed), pids: left, table: { agents: [agent(["claude"], 502)] } },
    "dead holder-gone",
  ],
  [
    "gone, and a codex of another user shows nothing",
    { ...after(showed), pids: left, table: { agents: [{ ...agent(["codex"], 502), uid: 1001 }] } },
    "dead holder-gone",
  ],
];

test.each(rows)("%s", (_, described, expected) => {
  const answer = observedHolder.ask(sceneOf(described));
  expect(answer.kind === "not-applicable" ? answer.kind : `${answer.kind} ${answer.reason}`).toBe(expected);
});

describe("what the next sweep has to know of", () => {
  const pidsOf = (described: Described): readonly number[] => holdersSeen(sceneOf(described)).map(({ pid }) => pid);
  const many = Array.from({ length: maxHolders }, (_, index) => ({ ...showed, pid: 600 + index }));

  test.each<readonly [string, Described, readonly number[]]>([
    ["an agent that shows it", { table: { agents: [resuming] } }, [500]],
    [
      "an agent that states its name",
      { claim: { identity: "mars" }, table: { agents: [agent(["claude", "Your agent name is mars."])] } },
      [500],
    ],
    ["the same one, once", { ...after(showed), table: { agents: [resuming] } }, [500]],
    ["what showed it before, too", { ...after(other), table: { agents: [resuming] } }, [501, 500]],
    ["nothing of an entry that records its pid", { claim: { pid: 700 }, table: { agents: [resuming] } }, []],
    ["nothing that the boot id could not tell from others", { table: { agents: [resuming] }, here: { bootId: blind } }, []],
    ["what it knew, where nothing was seen", { ...after(other), processes: blind }, [501]],
    [
      "those that live, where there are too many",
      {
        ...after(...many),
        table: { agents: [resuming] },
        pids: Object.fromEntries(many.map(({ pid }) => [pid, pid < 604 ? gone : there("600")])),
      },
      [604, 605, 606, 607, 500],
    ],
  ])("%s", (_, described, expected) => {
    expect(pidsOf(described)).toEqual(expected);
  });
});
