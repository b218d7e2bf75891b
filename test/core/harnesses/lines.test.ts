import { expect, test } from "vitest";
import { linesAfter, noLines, outliving, type Born, type Line, type Lines } from "../../../src/core/harnesses/lines.ts";

const [init, tmux, shell, holder] = [1, 10, 20, 30];
const born = (pid: number, parentPid: number, kernelSession = pid, startTicks = String(pid)): Born => ({
  pid,
  parentPid,
  kernelSession,
  startTicks,
});
/** A terminal's server, a shell in it, and the holder, which is a job of that shell. */
const usual = [born(init, 0), born(tmux, init), born(shell, tmux), born(holder, shell, shell)];

const isNobody = (one?: Born): boolean => one?.pid === 0;
const isHolder = (one?: Born): boolean => one?.pid === holder;
const look = (before: Lines, gone: readonly number[], more: readonly Born[], isAwaited = isNobody): Lines => {
  const there = [...before.byPid.keys(), ...more.map(({ pid }) => pid)].filter((pid) => !gone.includes(pid));
  return linesAfter(before, there, more, isAwaited);
};
const first = look(noLines, [], usual);
const ended = first.byPid.get(holder) as Line;

/** What the last look finds of what the holder may have started; it was alive in the look before. */
function left(...looks: readonly (readonly Born[])[]): readonly number[] {
  const all = looks.map((more, index) => [index === looks.length - 1 ? [holder] : [], more] as const);
  const last = all.reduce((before, [gone, more]) => look(before, gone, more), first);
  return outliving(last, ended, first.looks + looks.length - 1).map(({ pid }) => pid);
}

test.each<readonly [what: string, looks: readonly (readonly Born[])[], left: readonly number[]]>([
  ["nothing", [[]], []],
  ["a child that was seen below it", [[born(40, holder, shell)], []], [40]],
  ["a child in a kernel session of its own that was seen below it", [[born(40, holder)], []], [40]],
  ["a grandchild that was seen below it", [[born(40, holder), born(41, 40)], []], [40, 41]],
  ["another job of its shell", [[born(40, shell, shell)], []], []],
  ["an orphan in the kernel session of its shell", [[born(40, init, shell)], []], [40]],
  ["a daemon that was started while it lived and had another parent", [[born(40, init)], []], []],
  ["a process that the look after its end finds first, with init above", [[born(40, init)]], [40]],
  ["the same below its shell, which may be one that takes in orphans", [[born(40, shell, shell)]], [40]],
  ["the same below a stranger", [[born(15, init), born(40, 15)], [born(41, 40)]], []],
  ["a process that is older than it", [[born(25, init)]], []],
])("%s", (_, looks, expected) => {
  expect(left(...looks)).toEqual(expected);
});

test("it leads its kernel session: all that is in it was started by it", () => {
  const before = look(noLines, [], [born(init, 0), born(holder, init), born(40, init, holder)]);
  const after = look(before, [holder], []);
  expect(outliving(after, before.byPid.get(holder) as Line, before.looks).map(({ pid }) => pid)).toEqual([40]);
});

test("a parent that ends first leaves its line: the child of a middleman that has gone is the holder's", () => {
  const second = look(first, [], [born(40, holder), born(41, 40)]);
  const third = look(second, [40], []);
  const last = look(third, [holder], []);
  expect(outliving(last, ended, third.looks).map(({ pid }) => pid)).toEqual([41]);
});

test("a pid comes around: the line of the later process is its own", () => {
  const second = look(first, [], [born(40, holder)]);
  const third = look(second, [40], []);
  const reused = look(third, [], [born(40, init, 40, "99")]);
  const last = look(reused, [holder], []);
  expect(outliving(last, ended, reused.looks)).toEqual([]);
});

test("a child has the pid of a process that was seen in the look before: its line is its own", () => {
  const before = look(first, [], [born(40, init)]);
  const reused = look(before, [], [born(40, holder, 40, "41")]);
  const last = look(reused, [holder], []);
  expect(outliving(last, ended, reused.looks).map(({ startTicks }) => startTicks)).toEqual(["41"]);
});

test("pids come around within one tick: a child with a smaller pid than its parent's stands below it", () => {
  const [late, child] = [born(50, shell, 50, "60"), born(5, 50, 5, "60")];
  const both = look(first, [], [child, late]);
  const last = look(both, [50], []);
  expect(outliving(last, both.byPid.get(50) as Line, both.looks).map(({ pid }) => pid)).toEqual([5]);
});

test("a process that was started before the boot of a time namespace is older than any of it", () => {
  // Seen on Linux 6.18: the start of a process 9 hours before the namespace's boot.
  const before = look(noLines, [], [...usual.slice(0, 2), born(shell, tmux, shell, "1844673608927"), born(holder, shell, shell)]);
  const line = before.byPid.get(holder) as Line;
  expect(outliving(look(before, [holder], []), line, before.looks)).toEqual([]);
});

test.each([
  ["lives", isNobody],
  ["has ended, which is told much later", isHolder],
] as const)("a process starts itself anew for ever below a holder that %s: its line stays short, and the holder's", (_, isAwaited) => {
  let lines = look(first, [], [born(100, holder)], isAwaited);
  lines = look(lines, isAwaited(usual.at(-1)) ? [holder] : [], [], isAwaited);
  for (let pid = 101; pid < 5_000; pid += 1) {
    lines = look(lines, [], [born(pid, pid - 1)], isAwaited);
    lines = look(lines, [pid - 1], [], isAwaited);
  }
  let length = 0;
  for (let above = lines.byPid.get(4_999); above !== undefined; above = above.above) length += 1;
  expect(length).toBeLessThan(100);
  expect(outliving(lines, ended, lines.looks).map(({ pid }) => pid)).toContain(4_999);
});
