import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { daysAgo, declareRegistry, newScratch, parseOnly, sessreap, writeOld } from "../harness.ts";
import { noTerminal, onTerminal } from "../terminal.ts";
import { fields } from "../../fields.ts";
import { gonePid, idle } from "../../processes.ts";

async function machine() {
  const scratch = newScratch();
  const [{ pid }, alive] = [await gonePid(), await idle()];
  const path = declareRegistry(scratch, { fields: { ...fields, cwd: "cwd" } });
  const dead = (cwd: string, days: number): object => ({ pid, since: daysAgo(days), cwd, id: randomUUID() });
  const entries = {
    docs: dead("/srv/docs", 1),
    old: dead("/srv/a\tb", 9),
    living: { pid: alive.pid, start: alive.startTicks, since: daysAgo(1) },
  };
  writeOld(path, JSON.stringify(entries));
  return {
    scratch,
    path,
    pid,
    alive: alive.pid,
    keys: (): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object),
  };
}

test("the members that were asked for are a line an entry, or objects of them, and no head and no hint", async () => {
  const { scratch, pid, alive } = await machine();
  const { stdout, stderr } = await sessreap(scratch, ["list", "--fields", "key,pid,cwd"]);
  expect(stdout).toBe(`docs\t${pid}\t/srv/docs\nold\t${pid}\t/srv/a\\x09b\nliving\t${alive}\t\n`);
  expect(stderr).not.toContain("next");
  expect((await sessreap(scratch, ["-n", "--only", "old", "--fields", "key,selected"])).stdout).toBe("old\ttrue\n");
  expect(parseOnly((await sessreap(scratch, ["list", "--limit", "1", "--fields", "key,ageMs,note", "--json"])).stdout)).toEqual({
    schema: 1,
    command: "fields",
    of: "list",
    fields: ["key", "ageMs", "note"],
    entries: [{ key: "docs", ageMs: expect.any(Number) as number }],
    exitCode: 0,
  });
});

test.each([
  ["key,pdi", /--fields: an entry has no "pdi"; did you mean "pid"\? do: take of key, registry, /],
  ["", /--fields: a name is empty do: take of key, /],
  ["key,,pid", /--fields: a name is empty do: /],
  ["toString", /--fields: an entry has no "toString"/],
])("asking for %o is a mistake that names what there is", async (names, said) => {
  const { code, stdout, stderr } = await sessreap(newScratch(), ["list", "--fields", names]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr.replaceAll(/\s+/g, " ")).toMatch(said);
});

test("a limit that is no number is a mistake", async () => {
  const { code, stderr } = await sessreap(newScratch(), ["list", "--limit", "few"]);
  expect([code, stderr]).toEqual([2, 'error   --limit: "few" is not a number; 0 is all\n']);
});

describe("what was reaped", () => {
  test("is a line an entry, the newest act first, of the members that were asked for", async () => {
    const { scratch, path, keys } = await machine();
    await sessreap(scratch, ["--only", "docs"]);
    await sessreap(scratch, ["--only", "old"]);
    await sessreap(scratch, ["restore", "old"]);
    const asked = (...words: readonly string[]) => sessreap(scratch, ["history", ...words]);
    const { stdout } = await asked("--fields", "command,key,action,reason,registry");
    expect(stdout).toBe(
      `restore\told\trestored\tpid-gone\t${path}\nsweep\told\treaped\tpid-gone\t${path}\nsweep\tdocs\treaped\tpid-gone\t${path}\n`,
    );
    expect((await asked("--limit", "1", "--fields", "key,word")).stdout).toBe("old\t\n");
    expect((await asked("--key", "docs", "--fields", "key")).stdout).toBe("docs\n");
    const document = parseOnly((await asked("--json", "--fields", "key,at,tombstone,word", "--key", "docs")).stdout);
    expect(document).toEqual({
      schema: 1,
      command: "history-fields",
      fields: ["key", "at", "tombstone", "word"],
      entries: [{ key: "docs", at: expect.stringMatching(/Z$/) as string, tombstone: expect.any(String) as string }],
      exitCode: 0,
    });
    expect(await asked("--fields", "pid")).toMatchObject({ code: 2, stderr: expect.stringContaining('an entry has no "pid"') });
    expect(keys()).toEqual(["old", "living"]);
  });

  test("is shown by registry, and put back as far as it was chosen", async () => {
    const { scratch, path, keys } = await machine();
    expect((await sessreap(scratch, [])).code).toBe(0);
    const history = async (registry: string): Promise<string> => (await sessreap(scratch, ["history", "--registry", registry])).stdout;
    for (const registry of [path, "*.json", path.replace(/[^/]+$/, "*")]) expect(await history(registry)).toContain("2 reaped");
    expect(await history("/srv/other.json")).toBe("Nothing such has been done.\n");
    expect((await sessreap(scratch, ["restore", "--only", "nobody"])).stderr).toContain("no tombstone is among those that were chosen");
    expect((await sessreap(scratch, ["restore", "--older-than", "1h"])).code).toBe(1);
    expect((await sessreap(scratch, ["restore", "--sweep", "last", "--except", "o*"])).code).toBe(0);
    expect(keys()).toEqual(["docs", "living"]);
    expect((await sessreap(scratch, ["restore", "--only", "o*"])).code).toBe(0);
    expect(keys().toSorted()).toEqual(["docs", "living", "old"]);
  });

  test.skipIf(noTerminal !== undefined)("is offered on a terminal where nothing was named", async () => {
    const { scratch } = await machine();
    await sessreap(scratch, []);
    const { code, text } = onTerminal(scratch, ["restore"]);
    expect(code).toBe(2);
    expect(text).toMatch(/^SWEEP +WHEN +COMMAND +DID +WHERE\n\w+ +today \d\d:\d\d +sweep +2 reaped /);
    expect(text).toContain("sessreap restore --sweep last");
    expect((await sessreap(scratch, ["restore"])).stdout).toBe("");
  });
});
