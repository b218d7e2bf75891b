import { randomUUID } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { daysAgo, declareRegistry, newScratch, sessreap, triedScratch, writeOld, type Scratch } from "../harness.ts";
import { gonePid, pretend, start, startTicksOf, stop } from "../../processes.ts";

type Reaped = {
  readonly entries: readonly { readonly key: string; readonly action: string; readonly reason: string; readonly detail: string }[];
};

/** A registry of these sessions, silent for longer than the TTL, and what `reap` does with them. */
function silent(scratch: Scratch, entries: Readonly<Record<string, object>>) {
  const path = declareRegistry(scratch, {});
  const aged = Object.entries(entries).map(([key, entry]) => [key, { since: daysAgo(9), ...entry }] as const);
  writeOld(path, JSON.stringify(Object.fromEntries(aged)));
  const reap = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout } = await sessreap(scratch, ["reap", ...words, "--json"]);
    const said = (JSON.parse(stdout) as Partial<Reaped>).entries ?? [];
    return [String(code), ...said.map(({ key, action, reason }) => `${key} ${action} ${reason}`)].join("; ");
  };
  const keys = (): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);
  return { path, reap, keys };
}

const historyOf = async (scratch: Scratch): Promise<readonly (string | undefined)[]> => {
  const { stdout } = await sessreap(scratch, ["history", "--json"]);
  return (JSON.parse(stdout) as { readonly sweeps: readonly { readonly word?: string }[] }).sweeps.map(({ word }) => word);
};

test("--despite takes away the doubt of one process, and of no other", async () => {
  const scratch = triedScratch();
  const [one, two] = [randomUUID(), randomUUID()];
  const { reap, keys } = silent(scratch, { one: { id: one }, two: { id: two } });
  const editor = await pretend(scratch.dir, ["quill", "notes", one]);
  const [first, second] = [await pretend(scratch.dir, ["quill", two]), await pretend(scratch.dir, ["quill", two])];
  expect(await reap("one")).toBe("3; one kept mentioned");
  expect(await reap("one", "--despite", String(first.pid))).toBe("3; one kept mentioned");
  expect(await reap("two", "--despite", String(first.pid))).toBe("3; two kept mentioned");
  expect(await reap("one", "--despite", String(editor.pid))).toBe("0; one reaped ttl-expired");
  await stop(second);
  expect(await reap("two", "--despite", String(first.pid))).toBe("0; two reaped ttl-expired");
  expect(keys()).toEqual([]);
  const words = await historyOf(scratch);
  expect(words).toEqual([`despite quill (pid ${editor.pid})`, expect.stringContaining(`(pid ${first.pid})`)]);
  expect((await sessreap(scratch, ["history"])).stdout).toContain(`reap, despite quill (pid ${editor.pid})`);
});

test("--despite is no word against a sign of life, a proof, or another doubt", async () => {
  const scratch = triedScratch();
  const [run, beaten] = [randomUUID(), randomUUID()];
  const owned = await start("/bin/sh", ["-c", "read never; :"], { argv0: "sh" });
  const { reap } = silent(scratch, {
    run: { id: run },
    owned: { id: randomUUID(), pid: owned.pid, start: startTicksOf(owned.pid) },
    beaten: { id: beaten, beat: new Date().toISOString() },
  });
  const agent = await pretend(scratch.dir, ["codex", "resume", run]);
  const editor = await pretend(scratch.dir, ["quill", beaten]);
  expect(await reap("run", "--despite", String(agent.pid))).toBe("3; run kept attached-cli");
  expect(await reap("owned", "--despite", String(owned.pid))).toBe("3; owned kept pid-alive");
  expect(await reap("beaten", "--despite", String(editor.pid))).toBe("3; beaten kept heartbeat-fresh");
});

test("of a process that has its pid and is called by no known name, --despite says that it is not the holder", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "quill");
  copyFileSync("/bin/sh", path);
  const quill = await start(path, ["-c", "read never; :"], { argv0: path });
  const key = `active-session-${quill.pid}`;
  writeOld(join(scratch.dir, ".orchestrator-state", key), "");
  const run = async (...words: readonly string[]) =>
    (await sessreap(scratch, ["reap", key, "--registry", "pid-files", ...words])).stdout.split(":")[0];
  expect(await run()).toBe(`${key}  kept  pid-unproven`);
  expect(await run("--now")).toBe(`${key}  kept  pid-unproven`);
  expect(await run("--despite", String(quill.pid))).toBe(`${key}  reaped  pid-reused`);
});

test("--despite means a process that runs now", async () => {
  const scratch = triedScratch();
  const { reap, keys } = silent(scratch, { one: { id: randomUUID() } });
  const gone = await gonePid();
  for (const word of [String(gone.pid), "0", "1", "-7", "codex", "1e3", ""]) expect(await reap("one", `--despite=${word}`)).toBe("2");
  expect(keys()).toEqual(["one"]);
});

test("--now takes one ghost without its second look, and nothing that is none", async () => {
  const scratch = triedScratch();
  const { reap, keys } = silent(scratch, {
    one: { id: randomUUID() },
    other: { id: randomUUID() },
    young: { id: randomUUID(), since: daysAgo(1) },
  });
  expect(await reap("one")).toBe("3; one kept ttl-expired");
  expect(await reap("one", "--now")).toBe("0; one reaped ttl-expired");
  expect(await reap("young", "--now")).toBe("3; young kept within-ttl");
  expect(keys()).toEqual(["other", "young"]);
  expect(await historyOf(scratch)).toEqual(["without a second look"]);
});

test("neither --now nor --despite makes a clock tried that was not", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const { reap } = silent(scratch, { one: { id } });
  const editor = await pretend(scratch.dir, ["quill", id]);
  expect(await reap("one", "--now", "--despite", String(editor.pid))).toMatch(/^(?:3; one kept within-ttl|0; one reaped ttl-expired)$/);
});

test("a key that fits several registrations is refused, and an operator's word is for one even with --all", async () => {
  const scratch = triedScratch();
  const { reap, keys } = silent(scratch, {
    "mars-audit": { id: randomUUID() },
    "mars-docs": { id: randomUUID() },
    mars: { id: randomUUID() },
  });
  const editor = await pretend(scratch.dir, ["quill", "notes"]);
  for (const words of [["mars-*"], ["mars-*", "--now"], ["mars-*", "--now", "--all"], ["mars-", "--despite", String(editor.pid), "--all"]])
    expect(await reap(...words), words.join(" ")).toBe("2");
  const { stderr } = await sessreap(scratch, ["reap", "mars…"]);
  expect(stderr).toMatch(
    /"mars…" is 3 registrations; nothing was touched; --all takes them all\n +keyed-json:mars-audit {2}\S+\n +keyed-json:mars-docs {2}\S+\n +keyed-json:mars {2}\S+\n/,
  );
  expect(await reap("mars-*", "--all")).toBe("3; mars-audit kept ttl-expired; mars-docs kept ttl-expired");
  expect(await reap("mars", "--now")).toBe("0; mars reaped ttl-expired");
  expect(await reap("mars-a", "--now")).toBe("0; mars-audit reaped ttl-expired");
  expect(keys()).toEqual(["mars-docs"]);
});
