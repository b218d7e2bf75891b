import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pretend, start, until, type Running } from "../../processes.ts";
import { by, daysAgo, declareRegistry, triedScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";

/** A registry in which nothing but a process can keep an entry, each under the name of what carries its id. */
function register(scratch: Scratch, names: readonly string[]): Readonly<Record<string, string>> {
  const ids = Object.fromEntries(names.map((name) => [name, randomUUID()]));
  writeOld(declareRegistry(scratch), JSON.stringify(Object.fromEntries(names.map((name) => [name, { id: ids[name], since: daysAgo(9) }]))));
  return ids;
}

const reasons = async (scratch: Scratch): Promise<Readonly<Record<string, string>>> =>
  by(await sweepReport(scratch, ["--now"]), "verdict", "reason", "action");

/** Perl under another name, which has done what it was told to when this returns. No argument carries what `given` says. */
async function perl(scratch: Scratch, argv0: string, code: string, given: string): Promise<Running> {
  const running = await start("/usr/bin/perl", ["-e", `$| = 1; my $given = $ENV{GIVEN}; ${code}; print "done"; sleep 600`], {
    argv0,
    cwd: scratch.dir,
    env: { GIVEN: given },
  });
  await once(running.child.stdout as NodeJS.ReadableStream, "data");
  return running;
}

/** What of a process shows its arguments. */
const shown = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");

test("an id is found in 100 KB of arguments, and wherever the kernel's pages and our reads end", async () => {
  const scratch = triedScratch();
  const edges = [4096, 8192, 16_384, 65_536, 131_072];
  const ids = register(scratch, ["long", ...edges.map(String), "none"]);
  const filler = Array.from({ length: 100 }, () => "x".repeat(1000));
  await pretend(scratch.dir, ["codex", "chat", ...filler, `--resume=${ids["long"]}`]);
  for (const edge of edges) {
    // The id begins some bytes before the edge and ends behind it.
    const verb = `chat-${edge}`;
    const before = `codex\0${verb}\0`.length;
    const words = Array.from({ length: Math.floor((edge - 20 - before) / 1000) }, () => "y".repeat(999));
    const last = edge - 20 - before - words.length * 1000 - 1;
    const { pid } = await pretend(scratch.dir, ["codex", verb, ...words, "z".repeat(last), ids[edge] as string, "end"]);
    expect(shown(pid).indexOf(ids[edge] as string)).toBe(edge - 20);
  }
  expect(await reasons(scratch)).toEqual({
    ...Object.fromEntries(["long", ...edges].map((name) => [name, "live attached-cli kept"])),
    none: "ghost ttl-expired reaped",
  });
});

test("arguments that a program has written anew count as they are now", async () => {
  const scratch = triedScratch();
  const ids = register(scratch, ["titled", "untitled"]);
  const script = join(scratch.dir, "run.js");
  writeFileSync(script, "process.title = process.env.TITLE; setInterval(() => {}, 1000);");
  const titled = await start(process.execPath, [script, "x".repeat(100)], { env: { TITLE: `claude --resume ${ids["titled"]}` } });
  const untitled = await start(process.execPath, [script, ids["untitled"] as string], { env: { TITLE: "claude" } });
  await until("both have a title", () => shown(titled.pid).startsWith("claude") && shown(untitled.pid).startsWith("claude"));
  expect(await reasons(scratch)).toEqual({ titled: "live attached-cli kept", untitled: "ghost ttl-expired reaped" });
});

test("a zombie carries nothing", async () => {
  const scratch = triedScratch();
  const ids = register(scratch, ["ended"]);
  const child = 'my $child = fork; exec "/bin/sh", "-c", "exit 0", "codex", $given unless $child';
  const { pid } = await perl(scratch, "launcher", child, ids["ended"] as string);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  await until("it has ended", () => /\) Z /.test(readFileSync(`/proc/${children}/stat`, "utf8")));
  expect(await reasons(scratch)).toEqual({ ended: "ghost ttl-expired reaped" });
});

test("open files: the last of 500, one that was deleted, one without a place, one that is held without being opened", async () => {
  const scratch = triedScratch();
  const names = ["last", "deleted", "memory", "path", "stranger", "none"] as const;
  const ids = register(scratch, names);
  const at = (name: string): string => join(scratch.dir, `${ids[name]}.jsonl`);
  for (const name of names) writeFileSync(at(name), "");
  await perl(
    scratch,
    "codex",
    'open my $one, "<", "/etc/hostname" and push @all, $one for 1 .. 500; open my $last, ">>", $given',
    at("last"),
  );
  await perl(scratch, "codex", 'open my $file, ">>", $given; unlink $given', at("deleted"));
  const [memfd, openat] = process.arch === "arm64" ? [279, 56] : [319, 257];
  await perl(scratch, "codex", `syscall(${memfd}, $given, 0) >= 0 or die`, ids["memory"] as string);
  // O_PATH is 0x200000: what is held so is neither read nor written.
  const heldByPath = `syscall(${openat}, -100, $given, 0x200000, 0) >= 0 or die`;
  await perl(scratch, "codex", heldByPath, at("path"));
  await perl(scratch, "stranger", heldByPath, at("stranger"));
  expect(await reasons(scratch)).toEqual({
    last: "live open-file kept",
    deleted: "live open-file kept",
    memory: "live open-file kept",
    path: "live open-file kept",
    stranger: "undecided mentioned kept",
    none: "ghost ttl-expired reaped",
  });
});
