import { expect, test } from "vitest";
import { noLines } from "../../../src/core/harnesses/lines.ts";
import { lastPid, linesNow } from "../../../src/host/senses/lines.ts";
import { start } from "../../processes.ts";

test.runIf(process.platform === "linux")(
  "a process starts: the last pid is another one, and a look finds it below its parent",
  async () => {
    const before = lastPid();
    const first = linesNow(
      noLines,
      () => false,
      () => false,
    );
    const { pid } = await start("/bin/sh", ["-c", "read never"]);
    expect(before).toMatch(/^\d+$/);
    expect(lastPid()).not.toBe(before);
    const second = first.seen
      ? linesNow(
          first.value,
          () => false,
          () => false,
        )
      : first;
    const line = second.seen ? second.value.byPid.get(pid) : undefined;
    expect(line).toMatchObject({ parentPid: process.pid, above: { pid: process.pid } });
  },
);

test.runIf(process.platform === "linux")(
  "a pid was given out again between two looks: a thorough look finds the process that has it",
  async () => {
    const { pid } = await start("/bin/sh", ["-c", "read never"]);
    const earlier = { pid, parentPid: 1, kernelSession: 1, startTicks: "1", above: undefined, foundAt: 1 };
    const before = { looks: 1, byPid: new Map([[pid, earlier]]) };
    const after = linesNow(
      before,
      () => false,
      () => true,
    );
    const line = after.seen ? after.value.byPid.get(pid) : undefined;
    expect(line).toMatchObject({ parentPid: process.pid, foundAt: 2 });
    expect(line?.startTicks).not.toBe("1");
  },
);
