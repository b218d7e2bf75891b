import { randomUUID } from "node:crypto";
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import widthOf from "fast-string-width";
import { describe, expect, test } from "vitest";
import { configure, daysAgo, leaveOut, newScratch, sessreap, toolWords, writeOld, type Scratch } from "./harness.ts";
import { fields } from "../fields.ts";
import { gonePid, idle } from "../processes.ts";

const utf8 = { LC_ALL: "C.UTF-8" };
const wide = "日本語";
const accents = "e\u0301".repeat(100);
const tool = toolWords.map((word) => `'${word}'`).join(" ");

/** Keys and places of 200 cells, wide ones and ones with marks, ghosts and living, in one registry with a long path. */
async function machine(ghosts: number): Promise<Scratch> {
  const scratch = newScratch();
  const [{ pid }, alive] = [await gonePid(), await idle()];
  const path = join(scratch.dir, `${"long-".repeat(20)}.json`);
  configure(scratch, { registries: [{ format: "keyed-json", path, fields: { ...fields, cwd: "cwd" } }] });
  const dead = (cwd: string): object => ({ pid, since: daysAgo(1), cwd, id: randomUUID() });
  const many = Array.from({ length: ghosts }, (_, index) => [`agent-${index}`, dead(`/srv/${index % 7}`)] as const);
  const entries = {
    ...Object.fromEntries(many),
    [wide.repeat(33)]: dead(`/${wide.repeat(10)}/${wide.repeat(20)}`),
    [accents]: { pid: alive.pid, start: alive.startTicks, since: daysAgo(1), cwd: `/srv/${"y".repeat(200)}` },
    [`a\u001b[2J${"z".repeat(200)}`]: { id: randomUUID(), since: daysAgo(1), cwd: `/srv/${accents}` },
  };
  writeOld(path, JSON.stringify(entries));
  return scratch;
}

function tmux(scratch: Scratch, ...words: readonly string[]) {
  const env = { ...scratch.env, ...utf8, TERM: "xterm-256color", TMUX_TMPDIR: scratch.dir };
  return spawnSync("tmux", ["-f", "/dev/null", "-L", "screens", ...words], { env, encoding: "utf8" });
}

const noTmux = spawnSync("tmux", ["-V"]).error?.message;
if (noTmux !== undefined) leaveOut("screens in a real terminal", noTmux);

/** What a real terminal of so many columns shows, line by line; a line that it broke itself is two. */
async function shownAt(
  scratch: Scratch,
  columns: number,
  lines: readonly string[],
): Promise<{ readonly asShown: readonly string[]; readonly joined: readonly string[] }> {
  const script = writeOld(
    join(scratch.dir, "run.sh"),
    `${lines.map((line) => `${tool} ${line}\n`).join("")}tmux wait-for -S shown\nsleep 60\n`,
  );
  chmodSync(script, 0o755);
  const started = tmux(scratch, "new-session", "-d", "-x", String(columns), "-y", "900", `sh ${script}`);
  if (started.status !== 0) throw new Error(started.stderr);
  try {
    tmux(scratch, "wait-for", "shown");
    const captured = (...more: readonly string[]): readonly string[] =>
      tmux(scratch, "capture-pane", "-p", ...more)
        .stdout.trimEnd()
        .split("\n");
    return { asShown: captured(), joined: captured("-J").map((text) => text.trimEnd()) };
  } finally {
    tmux(scratch, "kill-server");
  }
}

describe.skipIf(noTmux !== undefined)("in a real terminal", () => {
  test.each([30, 60, 100])("of %i columns no line is broken by it", async (columns) => {
    const scratch = await machine(3);
    const lines = ["list", "-n -v", "explain '*'", "explain -v '*'", "--yes", "history", "history last", "owners", "doctor"];
    const { asShown, joined } = await shownAt(scratch, columns, lines);
    expect(asShown.length).toBeGreaterThan(100);
    expect(asShown).toEqual(joined);
  });

  test.each([30, 60, 100])("of %i columns 500 ghosts are a few lines, with what comes next", async (columns) => {
    const { asShown } = await shownAt(await machine(500), columns, ["-n"]);
    expect(asShown.length).toBeLessThanOrEqual(20);
    expect(asShown.join("\n")).toMatch(/- 50\d × +24h .*would reap\s+process gone/);
    expect(asShown.join(" ")).toMatch(/next +sessreap reaps the +501/);
  });
});

test("nothing is cut where there is no terminal, in any locale, and a dumb terminal gets no colour", async () => {
  const scratch = await machine(20);
  for (const env of [utf8, { LC_ALL: "C" }, { LC_ALL: "ja_JP.UTF-8" }, { ...utf8, TERM: "dumb", COLUMNS: "30" }]) {
    const { stdout } = await sessreap(scratch, ["list"], { env });
    expect(stdout).toContain(accents);
    expect(stdout).toContain(`/${wide.repeat(10)}/${wide.repeat(20)}`);
    expect(stdout.match(/^- agent-/gm)).toHaveLength(20);
    expect(stdout).not.toContain("\u001b");
  }
});

test("every id that is shown can be typed into explain, reap and restore", async () => {
  const scratch = await machine(2);
  const seen = spawnSync("script", ["-qec", `stty cols 60; ${tool} list`, "/dev/null"], {
    env: { ...scratch.env, ...utf8, TERM: "dumb" },
    encoding: "utf8",
    input: "",
  }).stdout.replaceAll("\r", "");
  const ids = seen.split("\n").flatMap((row) => /^([-?] | {2})(\S+) +24h /.exec(row)?.[2] ?? []);
  expect(ids).toHaveLength(5);
  for (const id of ids) expect(widthOf(id), id).toBeLessThanOrEqual(16);
  for (const id of ids) expect(await sessreap(scratch, ["explain", id]), id).toMatchObject({ code: 0 });
  for (const id of ids) expect([0, 3], id).toContain((await sessreap(scratch, ["reap", id])).code);
  const gone = ids.slice(0, 3);
  for (const id of gone) expect(await sessreap(scratch, ["restore", id]), id).toMatchObject({ code: 0 });
});
