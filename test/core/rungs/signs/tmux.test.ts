import { expect, test } from "vitest";
import { formatMessage } from "../../../../src/core/answer.ts";
import { seen, type TmuxObservation } from "../../../../src/core/evidence.ts";
import { holdersSeen } from "../../../../src/core/agents/observed-holders.ts";
import { attachedProcess } from "../../../../src/core/rungs/attached-process.ts";
import { blind, gone, sceneOf, there, type Described } from "../../scene.ts";

const pane = { session: "mars", sessionId: "$1", window: "0", index: "0", pane: "%1", tty: "/dev/pts/3", first: undefined };
const shows: TmuxObservation = { panes: [pane], complete: seen(true) };
const empty: TmuxObservation = { panes: [], complete: seen(true) };
const named = { sessionId: undefined, tmuxSession: "mars" } as const;
const [pid, socket] = [4242, "/run/t.sock"];

const rows: readonly (readonly [string, Described, string])[] = [
  ["its session is there", { claim: named, tmux: { "": shows } }, "live tmux-alive"],
  ["its pane is there", { claim: { sessionId: undefined, tmuxPane: "%1" }, tmux: { "": shows } }, "live tmux-alive"],
  ["its session is not there", { claim: named, tmux: { "": empty } }, "dead tmux-gone"],
  [
    "another server has a session of its name",
    { claim: { ...named, tmuxSocket: socket }, tmux: { "": shows, [socket]: empty } },
    "dead tmux-gone",
  ],
  ["no server was asked", { claim: named }, "unknown tmux-unseen"],
  ["a server gave no answer", { claim: named, tmux: { "": { panes: [], complete: blind } } }, "unknown tmux-unseen"],
  ["a server gave no answer, and another has it", { claim: named, tmux: { "": { panes: [pane], complete: blind } } }, "live tmux-alive"],
  ["its pane is of a spelling that is not known", { claim: { ...named, tmuxPane: "left" }, tmux: { "": shows } }, "unknown tmux-unseen"],
  ["not every process is seen here", { claim: named, table: { complete: blind }, tmux: { "": empty } }, "unknown process-table-blind"],
  ["it runs on another host", { claim: { ...named, host: "saturn" }, tmux: { "": shows } }, "unknown foreign-host"],
  [
    "its process is gone, and its session is there",
    { claim: { ...named, pid }, pids: { [pid]: gone }, tmux: { "": shows } },
    "live tmux-alive",
  ],
  [
    "its process is there, and its session is not",
    { claim: { ...named, pid }, pids: { [pid]: there() }, tmux: { "": empty } },
    "live pid-alive",
  ],
  [
    "it claims a process that is gone, and its session is there",
    { claim: { ...named, pid }, pids: { [pid]: gone }, registry: { about: "process" }, tmux: { "": shows } },
    "dead pid-gone",
  ],
  ["it names a socket only", { claim: { sessionId: undefined, tmuxSocket: socket }, tmux: { [socket]: empty } }, "not-applicable"],
];

test.each(rows)("%s", (_, described, expected) => {
  const answer = attachedProcess.ask(sceneOf(described));
  expect(answer.kind === "not-applicable" ? answer.kind : `${answer.kind} ${answer.reason}`).toBe(expected);
});

test.each([
  ["a session", { tmuxSession: "mars" }, "tmux session mars is not there"],
  ["a pane", { tmuxPane: "%9" }, "tmux pane %9 is not there"],
  ["a pane of a session", { tmuxSession: "mars", tmuxPane: "%9" }, "tmux session mars, pane %9 is not there"],
])("%s that is not there is named", (_, claim, detail) => {
  const answer = attachedProcess.ask(sceneOf({ claim: { sessionId: undefined, ...claim }, tmux: { "": empty } }));
  expect(formatMessage(answer.detail)).toBe(detail);
});

test("what runs in the panes that it names is remembered, where it is of this host", () => {
  const first = { pid: 700, startTicks: "7000", uid: 1000 };
  const panes = [
    { ...pane, first },
    { ...pane, session: "venus", pane: "%2", first: { ...first, pid: 701 } },
    { ...pane, pane: "%3" },
  ];
  const remembered = (claim: object): readonly string[] => {
    const holders = holdersSeen(sceneOf({ claim, tmux: { "": { panes, complete: seen(true) } } }));
    return holders.map((holder) => `${holder.program} ${holder.pid} ${holder.startTicks}`);
  };
  expect(remembered(named)).toEqual(["tmux pane %1 700 7000"]);
  expect(remembered({ ...named, host: "saturn" })).toEqual([]);
  expect(remembered({ ...named, tmuxSession: "pluto" })).toEqual([]);
});
