import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { declareRegistry, newScratch, parseOnly, sessreap, writeOld, type Ran, type RunOptions } from "./harness.ts";

/** A run of the bundle in which the time of a sweep cannot be written, which no code expects. The first is that of its record. */
async function fault(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const scratch = newScratch();
  const broken = join(scratch.dir, "broken.cjs");
  writeFileSync(
    broken,
    `const { toISOString } = Date.prototype;
    let calls = 0;
    Date.prototype.toISOString = function broken() {
      if ((calls += 1) === 2) throw new TypeError("provoked\\nby a test");
      return toISOString.call(this);
    };`,
  );
  writeOld(declareRegistry(scratch), "{}");
  return sessreap(scratch, words, { ...options, tool: [process.execPath, "--require", broken, resolve("dist/sessreap.cjs")] });
}

const said = "error   a fault in sessreap: provoked\n        by a test (please report it)\n";
/** The bundle has the names of the sources. */
const calls = [/^ +at (?:\w+\.)*broken \(/m, /^ +at (?:async )?sweep \(/m];

test("a fault says its message and nothing of the code", async () => {
  expect(await fault([])).toEqual({ code: 1, signal: null, stdout: "", stderr: said });
});

test.each([
  ["-v", ["-v"], {}],
  ["-qv", ["-qv"], {}],
  ["--verbose", ["sweep", "--verbose"], {}],
  ["SESSREAP_DEBUG=1", [], { SESSREAP_DEBUG: "1" }],
])("with %s a fault prints its stack, with the names of the functions", async (_, words, env) => {
  const { code, stderr } = await fault(words, { env });
  expect(code).toBe(1);
  expect(stderr).toContain(said);
  for (const call of calls) expect(stderr).toMatch(call);
});

test("SESSREAP_DEBUG=0 prints no stack", async () => {
  expect((await fault([], { env: { SESSREAP_DEBUG: "0" } })).stderr).toBe(said);
});

test("with --json the document is the same, and the stack is on stderr alone", async () => {
  const [plain, verbose] = [await fault(["--json"]), await fault(["--json", "-v"])];
  expect(parseOnly(plain.stdout)).toMatchObject({ error: { code: "fault" }, exitCode: 1 });
  expect([plain.stderr, verbose.stdout]).toEqual(["", plain.stdout]);
  for (const call of calls) expect(verbose.stderr).toMatch(call);
});
