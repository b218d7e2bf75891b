import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, nobodysScratch, newScratch, parseOnly, sessreap, sweepReport, tryClock, writeOld } from "../harness.ts";
import { gonePid, idle, pretend } from "../../processes.ts";
import { isRoot } from "../../users.ts";

test("from a file to list: what is suggested is pasted, checked, and reaps nothing until onGhost is taken out", async () => {
  const scratch = tryClock(newScratch());
  const [alive, gone, id] = [await idle(), await gonePid(), randomUUID()];
  const since = daysAgo(30);
  const rows = {
    mars: { session_id: id, pid: alive.pid, start: alive.startTicks, started_at: since, host: hostname(), port: 8080 },
    venus: { session_id: randomUUID(), pid: gone.pid, start: gone.startTicks, started_at: since, host: hostname(), port: 8081 },
  };
  const text = JSON.stringify({ version: 3, agents: rows }, undefined, 1);
  const path = writeOld(join(scratch.dir, "roster.json"), text);
  // It is what a writer who started just now would leave: the file is younger than the process that it names.
  writeFileSync(path, text);
  const { code, stdout, stderr } = await sessreap(scratch, ["config", "suggest", path]);
  expect(code).toBe(0);
  const declaration = parseOnly(stdout) as Record<string, unknown>;
  expect(declaration).toEqual({
    format: "keyed-json",
    path,
    entries: "/agents",
    fields: { pid: "pid", startTicks: "start", sessionId: "session_id", registeredAt: "started_at", host: "host" },
    about: "session",
    onGhost: "report",
    comment: "unsure: registeredAt",
  });
  expect(stderr).toContain(`        pid             "pid": it is called a pid, and 1 of 2 values is a process that runs now\n`);
  expect(stderr).toContain(`unsure  registeredAt    "started_at": by its name it is when the entry was made, an ISO time\n`);
  configure(scratch, { registries: [declaration] });
  expect((await sessreap(scratch, ["config"])).stdout).toContain('    pid "pid" in 2 of 2\n');
  expect((await sessreap(scratch, ["config", "suggest", path])).stderr).toContain("note    sessreap looks at it already, as keyed-json\n");
  const report = await sweepReport(scratch, ["--now", "--grace", "0s"]);
  expect(by(report, "verdict", "action")).toEqual({ mars: "live kept", venus: "ghost withheld" });
  expect(readFileSync(path, "utf8")).toBe(text);
  const { onGhost: _, ...final } = declaration;
  configure(scratch, { registries: [final] });
  expect(by(await sweepReport(scratch, ["--now", "--grace", "0s"]), "verdict", "action")).toEqual({
    mars: "live kept",
    venus: "ghost reaped",
  });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ version: 3, agents: { mars: rows.mars } });
});

test("a pid that begins a line is told from a parent's before it, so that the dead one goes while the parent runs", async () => {
  const scratch = newScratch();
  const [alive, gone, parent] = [await idle(), await gonePid(), await idle()];
  const dir = join(scratch.dir, "locks");
  for (const [name, { pid }] of Object.entries({ alive, gone }))
    writeOld(join(dir, `${name}.lock`), `agent=claude\nppid=${parent.pid}\npid=${pid}\n`, 0);
  const { declaration } = parseOnly((await sessreap(scratch, ["config", "suggest", dir, "--json"])).stdout) as {
    readonly declaration: Record<string, unknown>;
  };
  expect(declaration).toMatchObject({ format: "text-file", pattern: "*.lock", text: ["*\npid=<pid>"] });
  const { onGhost: _, ...final } = declaration;
  configure(scratch, { registries: [final] });
  expect(by(await sweepReport(scratch, ["--now", "--grace", "0s"]), "verdict", "action")).toEqual({
    "alive.lock": "live kept",
    "gone.lock": "ghost reaped",
  });
});

test("an id that a process carries is the session, though this command's own path carries another one", async () => {
  const scratch = newScratch();
  const [carried, other] = [randomUUID(), randomUUID()];
  await pretend(scratch.dir, ["agent", "agent", carried]);
  const path = writeOld(join(scratch.dir, other, "agents.json"), JSON.stringify({ mars: { run: carried, session: other } }));
  const { declaration } = parseOnly((await sessreap(scratch, ["config", "suggest", path, "--json"])).stdout) as {
    readonly declaration: object;
  };
  expect(declaration).toMatchObject({ fields: { sessionId: "run" } });
});

test("what is no file or directory of files is not opened, and what is too large is not read", async () => {
  const scratch = newScratch();
  const at = (name: string): string => join(scratch.dir, name);
  execFileSync("mkfifo", [at("fifo")]);
  writeFileSync(at("large.json"), "[");
  truncateSync(at("large.json"), 200 * 1024 * 1024);
  symlinkSync("nowhere", at("dangling"));
  mkdirSync(at("empty"));
  mkdirSync(at("odd"));
  execFileSync("mkfifo", [join(at("odd"), "4711.json")]);
  symlinkSync("/etc/passwd", join(at("odd"), "4712.json"));
  mkdirSync(at("logs"));
  writeFileSync(join(at("logs"), "log.1"), "started");
  writeFileSync(join(at("logs"), "log.2"), "started");
  const said = async (name: string): Promise<string> => {
    const { code, stdout, stderr } = await sessreap(scratch, ["config", "suggest", at(name)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    return stderr.replace(`error   ${at(name)}: `, "");
  };
  expect(await said("fifo")).toBe("is a FIFO; name a regular file\n");
  expect(await said("large.json")).toBe("has 209715200 bytes, more than the 16777216 that it may have; allow more with --max-size\n");
  expect(await said("dangling")).toBe("is a symbolic link that leads nowhere, and nothing in its target looks like a pid\n");
  expect(await said("none")).toBe("is not there\n");
  expect(await said("empty")).toBe("is empty; try again when it has an entry\n");
  expect(await said("odd")).toBe("holds 1 symbolic link and no file, and nothing in a target looks like a pid\n");
  expect(await said("logs")).toBe(
    "holds no file whose name or content looks like a pid, a session or a tmux pane; try again while an agent runs\n",
  );
  expect(await sessreap(scratch, ["config", "suggest", "/proc/sys/kernel"])).toMatchObject({ code: 1, stdout: "" });
  expect(await sessreap(scratch, ["config", "sugest", at("logs")])).toMatchObject({ code: 2 });
  expect(await sessreap(scratch, ["config", "suggest"])).toMatchObject({ code: 2 });
});

test.skipIf(!isRoot)(
  "a file or a directory that may not be read is said, and files beside others that may not be read are counted",
  async () => {
    const scratch = nobodysScratch();
    const { pid } = await idle();
    const at = (name: string): string => join(scratch.dir, name);
    writeFileSync(at("secret.json"), "{}", { mode: 0o600 });
    mkdirSync(at("secret"), { mode: 0o700 });
    mkdirSync(at("mixed"));
    writeFileSync(join(at("mixed"), `${pid}.json`), JSON.stringify({ pid }));
    writeFileSync(join(at("mixed"), "4194301.json"), "{}");
    chmodSync(join(at("mixed"), "4194301.json"), 0o600);
    const run = (name: string) => sessreap(scratch, ["config", "suggest", at(name)], { asNobody: true });
    expect((await run("secret.json")).stderr).toContain("permission denied (EACCES); run as its owner");
    expect((await run("secret")).stderr).toContain("permission denied (EACCES); run as its owner");
    const { code, stderr } = await run("mixed");
    expect(code).toBe(0);
    expect(stderr).toContain("note    1 of them could not be read: could not be read: permission denied (EACCES)\n");
  },
);

test("names from the file act on no terminal, and the declaration is still the file's", async () => {
  const scratch = newScratch();
  const { pid } = await idle();
  const name = "\u202ePID\u001b[2J\u{e0041}pid";
  const path = join(scratch.dir, "agents.json");
  writeFileSync(path, JSON.stringify({ mars: { [name]: pid } }));
  const { stdout, stderr } = await sessreap(scratch, ["config", "suggest", path]);
  expect(parseOnly(stdout)).toMatchObject({ fields: { pid: name } });
  expect(`${stdout}${stderr}`).toMatch(/^[\n -~]*$/);
});

test("of a directory with nothing but a link its target is read, and of one with files the links are counted", async () => {
  const scratch = newScratch();
  const { pid } = await idle();
  const directory = join(scratch.dir, "profile");
  mkdirSync(directory);
  symlinkSync(`${hostname()}-${pid}`, join(directory, "SingletonLock"));
  const suggested = await sessreap(scratch, ["config", "suggest", directory]);
  expect(parseOnly(suggested.stdout)).toMatchObject({ format: "symlink", pattern: "SingletonLock", text: ["<host>-<pid>"] });
  writeOld(join(directory, "daemon.pid"), `${pid}\n`);
  const both = await sessreap(scratch, ["config", "suggest", directory]);
  expect(parseOnly(both.stdout)).toMatchObject({ format: "text-file", pattern: "daemon.pid" });
  expect(both.stderr).toContain("1 symbolic link beside them: name one to see what it claims");
});
