import { randomUUID } from "node:crypto";
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { by, daysAgo, declareRegistry, leaveOut, newScratch, nobodysScratch, sweepReport, triedScratch, writeOld } from "../harness.ts";
import { bootId, gonePid, hasShiftedClocks, idle, pretend, start, startTicksOf, stop, until, zombie } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";

const since = daysAgo(1);

/** One registry in which every way to live and to die stands side by side, all of it real. */
async function scene() {
  const scratch = triedScratch();
  const path = declareRegistry(scratch);
  const [alive, gone, dead] = [await idle(), await gonePid(), await zombie()];
  const ids = { attached: randomUUID(), equals: randomUUID(), grepped: randomUUID(), quoted: randomUUID(), edited: randomUUID() };
  await pretend(scratch.dir, ["codex", "resume", ids.attached]);
  await pretend(scratch.dir, ["claude", "chat", `--session-id=${ids.equals}`]);
  await start("grep", [ids.grepped]);
  await pretend(scratch.dir, ["codex", "exec", `look at session ${ids.quoted} and say what it did`]);
  await pretend(scratch.dir, ["vi", "notes", ids.edited]);
  const boot = bootId();
  const entries = {
    alive: { pid: alive.pid, start: alive.startTicks, boot, since },
    "alive, start not recorded": { pid: alive.pid, since },
    "alive, start as a number": { pid: alive.pid, start: Number(alive.startTicks), since },
    "alive, start as a date": { pid: alive.pid, start: "Fri Nov 20 15:07:09 2026", since },
    gone: { pid: gone.pid, start: gone.startTicks, boot, since },
    "gone, start not recorded": { pid: gone.pid, since },
    "gone, but registered within the grace period": { pid: gone.pid, since: new Date().toISOString() },
    "gone, but active within the grace period": { pid: gone.pid, since, active: new Date().toISOString() },
    "gone, a heartbeat is not activity": { pid: gone.pid, since, beat: new Date().toISOString() },
    reused: { pid: alive.pid, start: String(Number(alive.startTicks) - 1), boot, since },
    zombie: { pid: dead.pid, start: dead.startTicks, since },
    "alive, start with its boot": { pid: alive.pid, start: `${boot.toUpperCase()}:${alive.startTicks}`, since },
    "alive, boot without hyphens": { pid: alive.pid, start: alive.startTicks, boot: boot.replaceAll("-", ""), since },
    "alive, boot in capitals": { pid: alive.pid, start: alive.startTicks, boot: boot.toUpperCase(), since },
    "alive, boot as a time": { pid: alive.pid, start: alive.startTicks, boot: "1763650000", since },
    "alive, start as zero": { pid: alive.pid, start: 0, since },
    "reused, start with its boot": { pid: alive.pid, start: `${boot}:${Number(alive.startTicks) - 1}`, since },
    "previous boot, start with its boot": { pid: alive.pid, start: `${randomUUID()}:${alive.startTicks}`, since },
    "thread of the kernel": { pid: 2, since },
    "previous boot": { pid: alive.pid, start: alive.startTicks, boot: randomUUID(), since },
    attached: { id: ids.attached, pid: gone.pid, since },
    "attached, in another spelling": { id: ids.attached.toUpperCase().replaceAll("-", ""), pid: gone.pid, since },
    "attached by an option's value": { id: ids.equals, pid: gone.pid, since },
    "only grepped for": { id: ids.grepped, pid: gone.pid, since },
    "only quoted in a prompt": { id: ids.quoted, pid: gone.pid, since },
    "only edited": { id: ids.edited, pid: gone.pid, since },
    "foreign host": { pid: gone.pid, host: "elsewhere", since },
    "this host in capitals": { pid: gone.pid, host: hostname().toUpperCase(), since },
    "this host with a domain": { pid: gone.pid, host: `${hostname()}.example.org`, since },
    "no host's name": { pid: gone.pid, host: "localhost", since },
    "this host": { pid: gone.pid, host: hostname(), since },
    "own ancestor": { pid: process.pid, since },
    "own ancestor's pid, of another start": { pid: process.pid, start: "1", since },
    "no sign but its age": { id: randomUUID(), since },
    "silent for longer than the ttl": { id: randomUUID(), since: daysAgo(8) },
  };
  writeOld(path, `${JSON.stringify(entries, null, 2)}\n`);
  return { scratch, path, entries };
}

const expected: Readonly<Record<keyof Awaited<ReturnType<typeof scene>>["entries"], string>> = {
  alive: "live attached-process pid-alive",
  "alive, start not recorded": "live attached-process pid-alive",
  "alive, start as a number": "live attached-process pid-alive",
  "alive, start as a date": "live attached-process pid-alive",
  gone: "ghost attached-process pid-gone",
  "gone, start not recorded": "ghost attached-process pid-gone",
  "gone, but registered within the grace period": "undecided grace within-grace",
  "gone, but active within the grace period": "undecided grace within-grace",
  "gone, a heartbeat is not activity": "ghost attached-process pid-gone",
  reused: "ghost attached-process pid-reused",
  zombie: "ghost attached-process pid-zombie",
  "alive, start with its boot": "live attached-process pid-alive",
  "alive, boot without hyphens": "live attached-process pid-alive",
  "alive, boot in capitals": "live attached-process pid-alive",
  "alive, boot as a time": "live attached-process pid-alive",
  "alive, start as zero": "live attached-process pid-alive",
  "reused, start with its boot": "ghost attached-process pid-reused",
  "previous boot, start with its boot": "ghost attached-process previous-boot",
  "thread of the kernel": "ghost attached-process pid-reused",
  "previous boot": "ghost attached-process previous-boot",
  attached: "live attached-process attached-cli",
  "attached, in another spelling": "live attached-process attached-cli",
  "attached by an option's value": "live attached-process attached-cli",
  "only grepped for": "ghost attached-process pid-gone",
  "only quoted in a prompt": "undecided attached-process mentioned",
  "only edited": "undecided attached-process mentioned",
  "foreign host": "undecided attached-process foreign-host",
  "this host in capitals": "ghost attached-process pid-gone",
  "this host with a domain": "ghost attached-process pid-gone",
  "no host's name": "ghost attached-process pid-gone",
  "this host": "ghost attached-process pid-gone",
  "own ancestor": "live attached-process own-ancestor",
  "own ancestor's pid, of another start": "ghost attached-process pid-reused",
  "no sign but its age": "undecided ttl within-ttl",
  "silent for longer than the ttl": "ghost ttl ttl-expired",
};

test("every way to live and to die, among real processes; a sweep takes the dead and nothing else", async () => {
  const { scratch, path, entries } = await scene();
  const listed = await sweepReport(scratch, ["list"]);
  expect(by(listed, "verdict", "rung", "reason")).toEqual(expected);
  expect(listed.exitCode).toBe(0);

  const swept = await sweepReport(scratch, []);
  expect(by(swept, "verdict", "rung", "reason")).toEqual(expected);
  // Of these only an absence speaks.
  const waiting = ["this host with a domain", "silent for longer than the ttl"];
  const ghosts = Object.entries(expected).flatMap(([key, verdict]) => (verdict.startsWith("ghost") && !waiting.includes(key) ? [key] : []));
  const acted = (report: typeof swept, action: string) => report.entries.filter((one) => one.action === action).map(({ key }) => key);
  expect(acted(swept, "reaped")).toEqual(ghosts);
  expect(acted(swept, "pending")).toEqual(waiting);
  expect(swept.summary).toMatchObject({ ghost: ghosts.length + 2, reaped: ghosts.length, failed: 0, skipped: 0, pending: 2 });
  const left = Object.fromEntries(Object.entries(entries).filter(([key]) => !ghosts.includes(key)));
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(left);

  const again = await sweepReport(scratch, []);
  expect(acted(again, "pending")).toEqual(waiting);
  expect(again.summary).toMatchObject({ ghost: 2, reaped: 0 });
  expect(acted(await sweepReport(scratch, ["--now"]), "reaped")).toEqual(waiting);
});

test("a heart that beat a moment ago keeps an entry that is silent for longer than the TTL", async () => {
  const scratch = triedScratch();
  const path = declareRegistry(scratch);
  const [beats, long] = [new Date().toISOString(), daysAgo(9)];
  const rows = { beating: { id: randomUUID(), since: long, beat: beats }, silent: { id: randomUUID(), since: long, beat: long } };
  writeOld(path, JSON.stringify(rows));
  const report = await sweepReport(scratch, ["--now"]);
  expect(by(report, "verdict", "reason", "action")).toEqual({
    beating: "undecided heartbeat-fresh kept",
    silent: "ghost ttl-expired reaped",
  });
});

test("a heartbeat whose age cannot be told keeps an entry from the TTL until sweeps have seen it stand still for as long", async () => {
  const scratch = triedScratch();
  const path = declareRegistry(scratch);
  const [now, long] = [new Date(), daysAgo(9)];
  const beats = {
    "without a zone": now.toISOString().slice(0, 19),
    "as databases write it": now.toISOString().slice(0, 19).replace("T", " "),
    "in nanoseconds": now.getTime() * 1_000_000,
    "of a zone that is taken for UTC": new Date(now.getTime() + 9 * 3_600_000).toISOString(),
    "of nine days ago": long,
  };
  writeOld(
    path,
    JSON.stringify(Object.fromEntries(Object.entries(beats).map(([key, beat]) => [key, { id: randomUUID(), since: long, beat }]))),
  );
  await sweepReport(scratch, []);
  const kept = "undecided within-ttl kept";
  expect(by(await sweepReport(scratch, ["--now"]), "verdict", "reason", "action")).toEqual({
    "without a zone": kept,
    "as databases write it": kept,
    "in nanoseconds": kept,
    "of a zone that is taken for UTC": kept,
    "of nine days ago": "ghost ttl-expired reaped",
  });
});

test("an entry of another host goes only when an operator says that the host is gone, at the second look, and never while it beats", async () => {
  const scratch = triedScratch();
  const path = declareRegistry(scratch);
  const mine = await idle();
  const entries = {
    theirs: { pid: mine.pid, host: "Pod-7", since },
    beating: { pid: mine.pid, host: "pod-8", since, beat: new Date().toISOString() },
    others: { pid: 4_000_000, host: "third", since },
    ours: { pid: mine.pid, host: hostname(), since },
  };
  writeOld(path, JSON.stringify(entries));
  const judged = async (...words: readonly string[]) => by(await sweepReport(scratch, words), "verdict", "reason", "action");
  const kept = { others: "undecided foreign-host kept", ours: "live pid-alive kept" };
  const beating = "undecided heartbeat-fresh kept";
  const everywhere = ["--host-gone", "pod-*", "--host-gone", `${hostname().slice(0, 1)}*`];
  expect(await judged(...everywhere)).toEqual({ theirs: "ghost host-gone pending", beating, ...kept });
  declareRegistry(scratch, {}, { hostsGone: ["pod-*"] });
  expect(await judged()).toEqual({ theirs: "ghost host-gone pending", beating, ...kept });
  expect(await judged("--now")).toEqual({ theirs: "ghost host-gone reaped", beating, ...kept });
});

test("an agent that was seen to show its session and has ended is dead by absence, and one that never showed is not", async () => {
  const scratch = triedScratch();
  const path = declareRegistry(scratch);
  const id = randomUUID();
  const agent = await pretend(scratch.dir, ["coder", "resume", id]);
  const look = async (...words: readonly string[]) => by(await sweepReport(scratch, words), "verdict", "reason", "action");
  writeOld(path, JSON.stringify({ held: { id, since }, unheld: { id: randomUUID(), since } }));
  const unheld = "undecided within-ttl kept";
  expect(await look()).toEqual({ held: "live attached-cli kept", unheld });
  await stop(agent);
  // What it claims is the same session, although a writer has changed the entry meanwhile.
  writeOld(path, JSON.stringify({ held: { id, since, note: "went on" }, unheld: { id: randomUUID(), since } }));
  expect(await look()).toEqual({ held: "ghost holder-gone pending", unheld });
  expect(await look("--now")).toEqual({ held: "ghost holder-gone reaped", unheld });
});

test("an agent that took up another session keeps the entry of the one before, by doubt, until it ends", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const id = randomUUID();
  // The very process goes on under other arguments, as an agent does that changes its session in place.
  writeFileSync(join(scratch.dir, "resume"), "read line\nexec -a coder /bin/bash -c 'read never'\n");
  const agent = await start("/bin/bash", ["resume", id], { argv0: "coder", cwd: scratch.dir });
  const look = async () => by(await sweepReport(scratch, []), "verdict", "reason", "action")["it"];
  writeOld(path, JSON.stringify({ it: { id, since } }));
  expect(await look()).toBe("live attached-cli kept");
  agent.child.stdin?.write("\n");
  await until("it has other arguments", () => !readFileSync(`/proc/${agent.pid}/cmdline`, "utf8").includes(id));
  expect(await look()).toBe("undecided mentioned kept");
  await stop(agent);
  expect(await look()).toBe("ghost holder-gone pending");
});

test("in a registry of threads, a holder that is gone does not condemn the thread that it registered", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { about: "thread" });
  const gone = await gonePid();
  writeOld(path, JSON.stringify({ thread: { id: randomUUID(), pid: gone.pid, since } }));
  expect(by(await sweepReport(scratch, []), "verdict", "rung", "reason")).toEqual({ thread: "undecided ttl within-ttl" });
});

test("another user's process is alive, although no signal may be sent to it", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("another user's process", "only root can run as two users");
    skip();
  }
  const scratch = nobodysScratch();
  const path = declareRegistry(scratch);
  const [roots, gone] = [await idle(), await gonePid()];
  writeOld(
    path,
    JSON.stringify({
      roots: { pid: roots.pid, start: roots.startTicks, since },
      "without its start": { pid: roots.pid, since },
      reused: { pid: roots.pid, start: "1", since },
      gone: { pid: gone.pid, since },
      init: { pid: process.ppid, start: startTicksOf(process.ppid), since },
    }),
  );
  chownSync(path, nobody, nobody);
  const report = await sweepReport(scratch, [], { asNobody: true });
  expect(by(report, "verdict", "reason", "action")).toEqual({
    roots: "live pid-alive kept",
    "without its start": "live pid-alive kept",
    reused: hasShiftedClocks ? "live pid-alive kept" : "ghost pid-reused reaped",
    gone: "ghost pid-gone reaped",
    init: "live own-ancestor kept",
  });
});

test("a process of another user is seen by root, too", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("a process of nobody seen by root", "only root can run as two users");
    skip();
  }
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const nobodysState = await idle({ uid: nobody });
  writeOld(path, JSON.stringify({ theirs: { pid: nobodysState.pid, start: nobodysState.startTicks, since } }));
  expect(by(await sweepReport(scratch, []), "verdict", "reason")).toEqual({ theirs: "live pid-alive" });
});

test("where there is no /proc the bundle sees the processes through ps", async () => {
  const scratch = newScratch();
  const elsewhere = join(scratch.dir, "elsewhere.cjs");
  writeFileSync(elsewhere, 'Object.defineProperty(process, "platform", { value: "darwin" });');
  const path = declareRegistry(scratch);
  const [alive, gone] = [await idle(), await gonePid()];
  writeOld(path, JSON.stringify({ alive: { pid: alive.pid, since }, gone: { pid: gone.pid, since } }));
  const tool = [process.execPath, "--require", elsewhere, resolve("dist/sessreap.cjs")];
  expect(by(await sweepReport(scratch, ["-n"], { tool }), "reason")).toEqual({ alive: "pid-alive", gone: "pid-gone" });
});
