import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import type { SweepDocument } from "../../src/report/model/sweep.ts";
import {
  daysAgo,
  declareRegistry,
  leaveOut,
  newScratch,
  sessreap,
  startSessreap,
  toolWords,
  turnedOff,
  writeOld,
  type Scratch,
} from "./harness.ts";
import { gonePid, idle } from "../processes.ts";

const tool = toolWords.map((word) => `'${word}'`).join(" ");

const since = daysAgo(1);
const escape = "\u001b[";

async function threeVerdicts(): Promise<Scratch> {
  const scratch = newScratch();
  const [gone, alive] = [await gonePid(), await idle()];
  writeOld(
    declareRegistry(scratch),
    JSON.stringify({ living: { pid: alive.pid, since }, doubtful: { id: "x", since }, dead: { pid: gone.pid, since } }),
  );
  return scratch;
}

test("ghosts come first, each line has a mark that needs no colour, an age and a reason, and one count line is last", async () => {
  const scratch = await threeVerdicts();
  const { code, stdout, stderr } = await sessreap(scratch, ["list"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: turnedOff });
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "  ID        AGE  WHAT        WHY",
    `agents.json - ${scratch.dir}/agents.json - 3`,
    "- dead      24h  would reap  process gone",
    "? doubtful  24h  kept        cannot tell yet",
    "  living    24h  live        process runs",
    "",
    "3 registrations: 1 ghost (1 would be reaped), 1 undecided, 1 live",
  ]);
});

test("-q prints the count line when something was done, and nothing when nothing was", async () => {
  const scratch = await threeVerdicts();
  const nothing = { code: 0, stdout: "", stderr: "" };
  expect(await sessreap(scratch, ["-q", "--dry-run"])).toMatchObject(nothing);
  expect(await sessreap(scratch, ["-q", "--dry-run", "--exit-code"])).toMatchObject({
    code: 10,
    stdout: expect.stringContaining("1 ghost"),
  });
  expect(await sessreap(scratch, ["-q"])).toMatchObject({
    ...nothing,
    stdout: "3 registrations: 1 ghost (1 reaped), 1 undecided, 1 live\n",
  });
  expect(await sessreap(scratch, ["-q"])).toMatchObject(nothing);
});

test("what was reaped is said with the line that puts it back", async () => {
  const scratch = await threeVerdicts();
  const { stderr } = await sessreap(scratch, []);
  const [, name = ""] = /^undo {4}sessreap restore --sweep (\w{4}) - kept until [A-Z][a-z]{2} \d+\n$/.exec(stderr) ?? [];
  expect(await sessreap(scratch, ["restore", "--sweep", name])).toMatchObject({ code: 0, stdout: expect.stringContaining("dead") });
});

test.each([
  [{}, [], false],
  [{ FORCE_COLOR: "1" }, [], true],
  [{ FORCE_COLOR: "0" }, [], false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, [], false],
  [{ NO_COLOR: "1" }, ["--color", "always"], true],
  [{ FORCE_COLOR: "1" }, ["--color", "never"], false],
  [{ FORCE_COLOR: "1", NO_COLOR: "" }, [], true],
] as const)("into a pipe with %j and %j the colour is %s", async (env, words, colour) => {
  const scratch = await threeVerdicts();
  const { stdout } = await sessreap(scratch, ["list", ...words], { env });
  expect(stdout.includes(escape)).toBe(colour);
  const { stdout: json } = await sessreap(scratch, ["list", "--json", ...words], { env });
  expect(json).not.toContain(escape);
});

function noScript(): string | undefined {
  try {
    execFileSync("script", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch (error) {
    return String(error).split("\n")[0];
  }
}

const why = noScript();
if (why !== undefined) leaveOut("colour on a terminal", why);

test.skipIf(why !== undefined).each([
  [{ TERM: "xterm" }, true],
  [{ TERM: "dumb" }, false],
  [{ TERM: "xterm", NO_COLOR: "1" }, false],
])("on a terminal with %j the colour is %s", async (env, colour) => {
  const scratch = await threeVerdicts();
  const command = `${tool} list`;
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    env: { ...scratch.env, ...env },
    encoding: "utf8",
    input: "",
  });
  expect(stdout).toContain("1 would be reaped");
  expect(stdout.includes(escape)).toBe(colour);
});

function manyEntries(): Scratch {
  const scratch = newScratch();
  const entries = Array.from({ length: 20_000 }, (_, index) => [`agent-${index}`, { host: "elsewhere", pid: 5, since }]);
  writeOld(declareRegistry(scratch), JSON.stringify(Object.fromEntries(entries)));
  return scratch;
}

test("a pipe that is closed early is no error", () => {
  const scratch = manyEntries();
  for (const words of ["list", "list --json", "--help"]) {
    const command = `${tool} ${words} | head -c 20; echo " \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", command], { env: scratch.env, encoding: "utf8" });
    expect(stdout.trimEnd().split("\n").at(-1)?.endsWith(" 0")).toBe(true);
    expect(stderr).toEqual(turnedOff);
  }
});

test("a slow reader gets everything", async () => {
  const scratch = manyEntries();
  const child = startSessreap(scratch, ["list", "--json"]);
  const stdout = child.stdout as NodeJS.ReadableStream;
  const chunks: Buffer[] = [];
  await new Promise((done) => void setTimeout(done, 400));
  for await (const chunk of stdout) {
    chunks.push(chunk as Buffer);
    if (chunks.length < 10) await new Promise((done) => void setTimeout(done, 20));
  }
  const text = Buffer.concat(chunks).toString("utf8");
  expect(text.length).toBeGreaterThan(1_000_000);
  expect((JSON.parse(text) as SweepDocument).entries).toHaveLength(20_000);
});
