import { describe, expect, test } from "vitest";
import type { Output } from "../../src/cli/output.ts";
import { screenFor } from "../../src/cli/screen.ts";

function output(isTTY: boolean, columns: number | undefined): Output {
  return { fd: 1, isTTY, stream: { columns } as NodeJS.WriteStream };
}

describe("the width of what is printed on", () => {
  test.each([
    ["a terminal's own", true, 100, {}, 100],
    ["a terminal's own, whatever COLUMNS says", true, 100, { COLUMNS: "60" }, 100],
    ["COLUMNS of a terminal that tells none", true, undefined, { COLUMNS: "60" }, 60],
    ["80 of a terminal that tells nothing", true, 0, { COLUMNS: "wide" }, 80],
    ["none of a terminal that is too narrow to cut for", true, 27, {}, undefined],
    ["none of a pipe", false, undefined, { COLUMNS: "60" }, undefined],
  ])("is %s", async (_, isTTY, own, env, columns) => {
    const screen = await screenFor(output(isTTY, own), env);
    expect(screen).toMatchObject({ columns, isTerminal: isTTY });
    expect(screen.widthOf("日本e\u0301")).toBe(5);
  });
});
