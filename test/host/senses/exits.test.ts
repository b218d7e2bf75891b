import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { watchExits } from "../../../src/host/senses/exits.ts";
import type { ProcessId } from "../../../src/host/senses/senses.ts";
import { gonePid, idle, stop, until, zombie } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";

function watching(perl?: string): { readonly exits: ReturnType<typeof watchExits>; readonly ended: readonly ProcessId[] } {
  const ended: ProcessId[] = [];
  const exits = watchExits((those) => ended.push(...those), perl);
  onTestFinished(exits.close);
  return { exits, ended };
}

const idOf = ({ pid, startTicks }: ProcessId): ProcessId => ({ pid, startTicks });

test.each(["pidfd", "poll"] as const)("through %s: an exit is told once, and only of what is kept", async (how) => {
  const { exits, ended } = watching(how === "poll" ? "/nowhere/perl" : undefined);
  expect(await exits.ready()).toBe(how);
  const [first, second, third] = [await idle(), await idle(), await idle()];
  exits.keep([first, second, third]);
  exits.keep([first, second]);
  await stop(third);
  await stop(first);
  await until("its exit is told", () => ended.length > 0);
  expect(ended).toEqual([idOf(first)]);
  await stop(second);
  await until("the other's, too", () => ended.length > 1);
  expect(ended).toEqual([idOf(first), idOf(second)]);
});

test("what has ended before it is kept is told, and so are another process of the pid and a zombie", async () => {
  const { exits, ended } = watching();
  const [gone, later, dead] = [await gonePid(), await idle(), await zombie()];
  exits.keep([gone, { pid: later.pid, startTicks: "1" }, dead]);
  await until("three are told", () => ended.length === 3);
  expect(new Set(ended.map(({ pid }) => pid))).toEqual(new Set([gone.pid, later.pid, dead.pid]));
});

test("perl cannot even be started: exits are polled", async () => {
  const { exits, ended } = watching("/nowhere/\0perl");
  const one = await idle();
  exits.keep([one]);
  expect(await exits.ready()).toBe("poll");
  await stop(one);
  await until("its exit is told", () => ended.length > 0);
  expect(ended).toEqual([idOf(one)]);
});

test("perl ends, and a child of it says a moment later that it is here: exits are polled", async () => {
  const perl = join(scratchDirectory(), "perl");
  writeFileSync(perl, "#!/bin/sh\n(sleep 0.3; echo here) &\n", { mode: 0o755 });
  const { exits, ended } = watching(perl);
  const one = await idle();
  exits.keep([one]);
  await new Promise((resolve) => void setTimeout(resolve, 600));
  await stop(one);
  await until("its exit is told", () => ended.length > 0);
  expect(ended).toEqual([idOf(one)]);
});
