import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { by, configure, daysAgo, downServer, leaveOut, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { gonePid } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";

const fields = { sessionId: "id", pid: "pid", registeredAt: "since" };

async function ghost() {
  return { id: "s", pid: (await gonePid()).pid, since: daysAgo(30) };
}

/** One file, and a symbolic link to it; `more` is what the configuration says of each. */
async function aliases(scratch: Scratch, more: readonly [object, object] = [{}, {}]) {
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ ghost: await ghost() }));
  const link = join(scratch.dir, "link.json");
  symlinkSync(path, link);
  configure(scratch, {
    registries: [path, link].map((at, index) => ({ format: "keyed-json", path: at, fields, ...more[index] })),
  });
  return { path, link };
}

describe("one file under two paths", () => {
  test("is swept once, and that is said", async () => {
    const scratch = newScratch();
    const { path, link } = await aliases(scratch);
    const { code, stdout, stderr } = await sessreap(scratch, []);
    expect(stderr).toContain(`${link} is the same keyed-json registry as ${path}, which is swept once`);
    expect(stdout, stderr).toContain("1 reaped");
    expect(stdout).not.toContain("skipped");
    expect(code).toBe(0);
  });

  test("is asked about with the owner that one of them names", async () => {
    const scratch = newScratch();
    const lock = writeOld(join(scratch.dir, "owner.lock"), String(process.pid));
    const { path } = await aliases(scratch, [{}, { owner: { lock } }]);
    const before = readFileSync(path, "utf8");
    expect(by(await sweepReport(scratch, []), "action")).toEqual({ ghost: "withheld" });
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  test("is left alone where two owners are named", async () => {
    const scratch = newScratch();
    const { path } = await aliases(scratch, [{ owner: { lock: "/nowhere/a" } }, { owner: { lock: "/nowhere/b" } }]);
    const before = readFileSync(path, "utf8");
    const { code, stderr } = await sessreap(scratch, []);
    expect(stderr).toContain("with another owner; describe it once");
    expect(code).not.toBe(0);
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});

test("two containers of one file are two registries, and what is remembered of one says nothing of the other", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "agents.json");
  // Threads of a server that is down: dead by absence, so that a second look is waited for.
  const absent = { id: "s", since: daysAgo(1) };
  writeOld(path, JSON.stringify({ a: { mars: absent }, b: { mars: { ...absent, id: "t" } } }));
  configure(scratch, { registries: ["/a", "/b"].map((entries) => ({ format: "keyed-json", path, entries, fields, ...downServer })) });
  expect((await sweepReport(scratch, [])).entries.map(({ action }) => action)).toEqual(["pending", "pending"]);
  const { traces } = JSON.parse(readFileSync(join(scratch.stateDir, "memory.json"), "utf8")) as { traces: Record<string, object> };
  expect(Object.keys(traces)).toEqual([`keyed-json(/a):${path}`, `keyed-json(/b):${path}`]);
});

describe("a state directory", () => {
  test.each([0o777, 0o1777, 0o770])("that others can write (mode %o) is refused, and nothing is touched", async (mode) => {
    const scratch = newScratch();
    const { path } = await aliases(scratch);
    const before = readFileSync(path, "utf8");
    mkdirSync(scratch.stateDir);
    chmodSync(scratch.stateDir, mode);
    for (const words of [["sweep"], ["reap", "ghost"]]) {
      const { code, stderr } = await sessreap(scratch, words);
      expect(stderr).toMatch(/others can write to it \(its mode is \d+; chmod go-w/);
      expect(code).not.toBe(0);
    }
    expect(readFileSync(path, "utf8")).toBe(before);
    expect((await sessreap(scratch, ["--dry-run"])).code).toBe(0);
  });

  test("that belongs to another user is refused", async ({ skip }) => {
    if (!isRoot) {
      leaveOut("another user's state directory", "only root can give one away");
      skip();
    }
    const scratch = newScratch();
    const { path } = await aliases(scratch);
    const before = readFileSync(path, "utf8");
    mkdirSync(scratch.stateDir);
    writeFileSync(join(scratch.stateDir, "memory.json"), "{}");
    chownSync(scratch.stateDir, nobody, nobody);
    const { code, stderr } = await sessreap(scratch, []);
    expect(stderr).toContain(`it belongs to user ${nobody}`);
    expect(code).toBe(1);
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});
