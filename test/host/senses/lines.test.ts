import { expect, test } from "vitest";
import { noLines } from "../../../src/core/harnesses/lines.ts";
import { lastPid, linesNow } from "../../../src/host/senses/lines.ts";
import { start } from "../../processes.ts";

test.runIf(process.platform === "linux")(
  "a process starts: the last pid is another one, and a look finds it below its parent",
  async () => {
    const before = lastPid();
    const first = linesNow(noLines, () => false);
    const { pid } = await start("/bin/sh", ["-c", "read never"]);
    expect(before).toMatch(/^\d+$/);
    expect(lastPid()).not.toBe(before);
    const second = first.seen ? linesNow(first.value, () => false) : first;
    const line = second.seen ? second.value.byPid.get(pid) : undefined;
    expect(line).toMatchObject({ parentPid: process.pid, above: { pid: process.pid } });
  },
);
