import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { progressLine } from "../../src/cli/person/progress-line.ts";
import { daysAgo, leaveOut, newScratch, sessreap, writeOld, type Scratch } from "./harness.ts";
import { noTerminal, onTerminal } from "./terminal.ts";
import { noTmux, sitDown } from "./tmux.ts";

const erase = "\r\u001b[2K";

describe("a line that says what is being done", () => {
  function lineAt(): { readonly at: (ms: number, doing?: string) => void; readonly written: string[]; readonly end: () => void } {
    let nowMs = 0;
    const written: string[] = [];
    const line = progressLine({ write: (text) => void written.push(text), fit: (text) => text.slice(0, 10), now: () => nowMs });
    onTestFinished(line.end);
    const at = (ms: number, doing = `at ${ms}`): void => {
      nowMs = ms;
      line.show(() => doing);
    };
    return { at, written, end: line.end };
  }

  test("is drawn after a second, five times a second at most, cut, and erased at the end", () => {
    const { at, written, end } = lineAt();
    for (const ms of [0, 500, 999, 1000, 1100, 1199, 1200, 1500]) at(ms);
    at(1700, "a long name that is cut");
    at(1900, "a long name too");
    expect(written).toEqual([`${erase}at 1000`, `${erase}at 1200`, `${erase}at 1500`, `${erase}a long nam`]);
    end();
    at(5000);
    end();
    expect(written.slice(4)).toEqual([erase]);
  });

  test("is never there where all is done within a second", () => {
    const { at, written, end } = lineAt();
    at(999);
    end();
    at(2000);
    expect(written).toEqual([]);
  });

  test("is drawn while the tool waits and says nothing", async () => {
    const written: string[] = [];
    const startedMs = performance.now();
    const line = progressLine({ write: (text) => void written.push(text), fit: (text) => text, now: () => performance.now() });
    onTestFinished(line.end);
    line.show(() => "waiting");
    while (written.length === 0 && performance.now() - startedMs < 20_000) await new Promise((resolve) => void setTimeout(resolve, 20));
    expect(written).toEqual([`${erase}waiting`]);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1000);
  });
});

/** A registry with a thread of an app server that takes every connection and never says a word. */
async function mute(): Promise<{ readonly scratch: Scratch; readonly words: readonly string[]; readonly url: string }> {
  const scratch = newScratch();
  const socket = join(scratch.dir, "mute.sock");
  const server = createServer((connection) => void connection.on("error", () => undefined)).listen(socket);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const registry = join(scratch.dir, "registrations.json");
  writeOld(registry, JSON.stringify({ mars: { threadId: randomUUID(), registeredAt: daysAgo(1) } }));
  return { scratch, url: `unix://${socket}`, words: ["--registry", registry, "--app-server", `unix://${socket}`] };
}

if (noTerminal !== undefined) leaveOut("progress on a terminal", noTerminal);

describe.skipIf(noTerminal !== undefined)("what takes over a second", () => {
  test("is told on a terminal, and the report follows where it was", async () => {
    const { scratch, words, url } = await mute();
    const { text } = onTerminal(scratch, ["list", ...words], { columns: 200, env: { TERM: "xterm", NO_COLOR: "1" } });
    const drawn = text.split(erase);
    expect(drawn.slice(1)).toContain(`asking ${url} …`);
    expect(drawn.at(-1)).toMatch(/^ {2}ID /);
    expect(drawn.at(-1)).not.toContain("asking");
  });

  test("is not told on a dumb terminal, nor where there is none", async () => {
    const { scratch, words } = await mute();
    expect(onTerminal(scratch, ["list", ...words], { env: { TERM: "dumb" } }).text).not.toContain("asking");
    expect((await sessreap(scratch, ["list", ...words], { env: { TERM: "xterm" } })).stderr).not.toContain("asking");
  });
});

describe.skipIf(noTmux !== undefined)("at a real terminal", () => {
  test("the line is one, is gone at the end, and Ctrl-C ends the sweep as ever", async () => {
    const { scratch, words } = await mute();
    const seat = sitDown(scratch, ["--yes", ...words], { columns: 60 });
    expect((await seat.sees("asking")).split("\n").filter((row) => row.includes("asking"))).toHaveLength(1);
    seat.press("C-c");
    expect(await seat.ended()).toBe(130);
    expect(seat.shown()).not.toContain("asking");
    expect(seat.shown()).toContain("1 registration: 1 undecided");
  });
});
