import { expect, test } from "vitest";
import { lookAtProcesses, lookHere, readClock, selfTest, startOfPid } from "../../../src/host/processes/portable.ts";
import { gonePid, idle, pretend } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";
import { noMentions } from "../../../src/sweep/observe/observe.ts";

const session = "019d7b2f-5ede-7c71-b2fd-bfff53df6cde";

/** What stands in for `/proc` where there is none runs here as well, for `ps` does: it is tried on real processes. */
test("without /proc a living process is there, an ended one is gone, and neither has a start", async () => {
  const [alive, gone] = [await idle(), await gonePid()];
  const seen = await lookAtProcesses({ pids: new Set([alive.pid, gone.pid]), owners: [], ...noMentions });
  if (!seen.seen) throw new Error(seen.why);
  const { pids, complete, ancestors } = seen.value.table;
  expect(complete).toEqual({ seen: true, value: true });
  expect(pids.get(alive.pid)).toMatchObject({ seen: true, value: { kind: "there", startTicks: { seen: false } } });
  expect(pids.get(gone.pid)).toEqual({ seen: true, value: { kind: "gone" } });
  expect(ancestors.has(process.ppid)).toBe(true);
  expect([startOfPid(alive.pid), startOfPid(gone.pid)]).toEqual(["0", undefined]);
});

test("without /proc an agent's argv and an owner's are found", async () => {
  const agent = await pretend(scratchDirectory(), ["codex", "resume", session]);
  const seen = await lookAtProcesses({ pids: new Set(), owners: [["codex", "resume"]], ...noMentions });
  if (!seen.seen) throw new Error(seen.why);
  expect(seen.value.table.agents.find(({ pid }) => pid === agent.pid)?.argv).toContain(session);
  expect(seen.value.owners[0]).toContain(agent.pid);
});

test("without /proc the boot is not known, and a sweep can see itself", () => {
  expect(lookHere("venus")).toMatchObject({ hostname: "venus", bootId: { seen: false }, pidNamespace: { value: { initial: true } } });
  expect(selfTest()).toMatchObject({ ownPidSeen: { ok: true }, impossiblePidSeen: false });
  expect(readClock()).toMatchObject({ wallMs: { seen: true }, awakeMs: { seen: true } });
});
