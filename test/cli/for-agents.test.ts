import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { installCodex } from "../codex.ts";
import { gonePid, idle, start, startTicksOf, stop, until } from "../processes.ts";
import { daysAgo, declareRegistry, leaveOut, newScratch, sessreap, toolWords, writeOld, type Scratch } from "./harness.ts";

const page = readFileSync("docs/for-agents.md", "utf8");
const keysIn = (path: string): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);

/** An environment in which `sessreap` is a command, as after an installation. */
function installed({ dir, env }: Scratch): Readonly<Record<string, string>> {
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "sessreap"), `#!/bin/sh\nexec ${toolWords.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(join(bin, "sessreap"), 0o755);
  return { ...env, PATH: `${bin}${delimiter}${env["PATH"] ?? ""}` };
}

const hook = (name: string): string => resolve("examples/hooks", name);

test("an agent that follows the recipe sees the ghost, takes it, and keeps its own row and that of another", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { holders: ["claude"] });
  const own = randomUUID();
  const other = await idle();
  const [dead, since] = [await gonePid(), daysAgo(1)];
  const commands = [...(/```sh\n(.*?)```/s.exec(page)?.[1] ?? "").matchAll(/^sessreap [^#]*?(?= *#)/gm)].map(([line]) => line);
  expect(commands).toEqual(["sessreap list --json", "sessreap -q"]);
  const script = `read go; ${commands.map((line, index) => `${line} > out${index}; echo $? >> codes`).join("; ")}; : > done; read never`;
  const agent = await start("/bin/sh", ["-c", script, "claude", "--session-id", own], {
    argv0: "claude",
    cwd: scratch.dir,
    env: installed(scratch),
  });
  writeOld(
    path,
    JSON.stringify({
      ghost: { id: randomUUID(), pid: dead.pid, since },
      own: { id: own, pid: agent.pid, start: startTicksOf(agent.pid), since },
      other: { id: randomUUID(), pid: other.pid, start: startTicksOf(other.pid), since },
    }),
  );
  agent.child.stdin?.write("go\n");
  await until("the agent is done", () => existsSync(join(scratch.dir, "done")));
  const said = JSON.parse(readFileSync(join(scratch.dir, "out0"), "utf8")) as {
    readonly summary: { readonly ghost: number };
    readonly entries: readonly { readonly key: string; readonly verdict: string }[];
  };
  expect(said.summary.ghost).toBe(1);
  expect(Object.fromEntries(said.entries.map(({ key, verdict }) => [key, verdict]))).toEqual({
    ghost: "ghost",
    own: "live",
    other: "live",
  });
  expect(readFileSync(join(scratch.dir, "codes"), "utf8")).toBe("0\n0\n");
  expect(keysIn(path)).toEqual(["own", "other"]);
});

test("launch.sh reaps the registration of what it ran, hands its exit code on, and outlives a SIGTERM", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const env = installed(scratch);
  const register = `node -e '
    const { readFileSync, writeFileSync } = require("node:fs");
    const rows = JSON.parse(readFileSync(process.argv[1], "utf8"));
    rows.mars = { id: process.argv[2], pid: Number(process.argv[3]), since: new Date().toISOString() };
    writeFileSync(process.argv[1], JSON.stringify(rows));' "${path}" ${randomUUID()} $$`;
  writeOld(path, "{}");
  const { status } = spawnSync(hook("launch.sh"), ["mars", "/bin/sh", "-c", `${register}; exit 7`], { env, encoding: "utf8" });
  expect([status, keysIn(path)]).toEqual([7, []]);
  const launcher = await start("/bin/sh", [hook("launch.sh"), "mars", "/bin/sh", "-c", `${register}; exec sleep 600`], {
    argv0: "sh",
    env,
  });
  await until("it is registered", () => readFileSync(path, "utf8").includes("mars"));
  // The agent decides over its own end: a SIGTERM for the launcher alone is neither handed on nor its end.
  launcher.child.kill("SIGTERM");
  const { mars } = JSON.parse(readFileSync(path, "utf8")) as { readonly mars: { readonly pid: number } };
  process.kill(mars.pid, "SIGTERM");
  await until("its row is gone", () => keysIn(path).length === 0);
  // A launcher that was killed runs no hook: the next sweep takes the row.
  const killed = await start("/bin/sh", [hook("launch.sh"), "mars", "/bin/sh", "-c", `${register}; read never`], { argv0: "sh", env });
  await until("it is registered", () => readFileSync(path, "utf8").includes("mars"));
  await stop(killed);
  expect(keysIn(path)).toEqual(["mars"]);
});

test("launch.sh leaves input and signals to the agent that it runs", () => {
  const scratch = newScratch();
  declareRegistry(scratch);
  const env = installed(scratch);
  const launched = (...words: readonly string[]): string =>
    spawnSync(hook("launch.sh"), ["mars", ...words], { env, input: "hello", encoding: "utf8" }).stdout;
  expect(launched("cat")).toBe("hello");
  const ignored = ["grep", "SigIgn", "/proc/self/status"] as const;
  expect(launched(...ignored)).toBe(spawnSync(ignored[0], ignored.slice(1), { encoding: "utf8" }).stdout);
});

test("agent.sh runs two commands, and none with an option, such as a configuration with a release command", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const env = installed(scratch);
  const text = JSON.stringify({ ghost: { id: randomUUID(), pid: (await gonePid()).pid, since: daysAgo(1) } });
  writeOld(path, text);
  const run = (...words: readonly string[]) => spawnSync(hook("agent.sh"), words, { env, encoding: "utf8" });
  const config = join(scratch.dir, "config.json");
  for (const words of [[], ["-q"], ["sweep", "--config", config], ["list", `--config=${config}`], ["sweep --config x"], ["reap", "ghost"]])
    expect(run(...words), words.join(" ")).toMatchObject({ status: 2, stdout: "", stderr: "usage: agent.sh list | sweep\n" });
  expect(JSON.parse(run("list").stdout)).toMatchObject({ summary: { ghost: 1 } });
  expect([readFileSync(path, "utf8"), existsSync(scratch.stateDir)]).toEqual([text, false]);
  expect(run("sweep")).toMatchObject({ status: 0, stderr: "" });
  expect(keysIn(path)).toEqual([]);
});

test("the SessionEnd hook takes the row when the process of the session is gone, and not before", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { holders: ["claude"] });
  const id = randomUUID();
  const input = join(scratch.dir, "input.json");
  writeFileSync(input, JSON.stringify({ session_id: id, hook_event_name: "SessionEnd", reason: "other" }));
  const script = `read go; /bin/sh -c '${hook("claude-session-end.sh")} < "${input}"'; : > ran; read never`;
  const agent = await start("/bin/sh", ["-c", script], { argv0: "claude", cwd: scratch.dir, env: installed(scratch) });
  writeOld(
    path,
    JSON.stringify({
      mars: { id, pid: agent.pid, start: startTicksOf(agent.pid), since: daysAgo(0) },
      venus: { id: randomUUID(), since: daysAgo(0) },
    }),
  );
  agent.child.stdin?.write("go\n");
  await until("the hook ran", () => existsSync(join(scratch.dir, "ran")));
  expect(keysIn(path)).toEqual(["mars", "venus"]);
  await stop(agent);
  await until("its row is gone", () => !keysIn(path).includes("mars"));
  expect(keysIn(path)).toEqual(["venus"]);
});

test("the notify program of Codex sweeps after a turn, and at nothing else", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const env = installed(scratch);
  writeOld(path, JSON.stringify({ ghost: { id: randomUUID(), pid: (await gonePid()).pid, since: daysAgo(1) } }));
  spawnSync(hook("codex-notify.sh"), ['{"type":"approval-requested"}'], { env });
  expect(existsSync(scratch.stateDir)).toBe(false);
  spawnSync(hook("codex-notify.sh"), ['{"type":"agent-turn-complete","thread-id":"x"}'], { env });
  await until("the ghost is gone", () => keysIn(path).length === 0);
});

let codex: string | undefined;

beforeAll(() => {
  try {
    codex = installCodex();
  } catch (error) {
    leaveOut("the rules and the sandbox of the real Codex", String(error).split("\n")[0] ?? "");
  }
}, 180_000);

test("the rules for Codex allow the two commands of agent.sh, and none of sessreap's own, with which an option could go", ({ skip }) => {
  if (codex === undefined) return skip();
  const scratch = newScratch();
  mkdirSync(join(scratch.home, ".codex"));
  cpSync(hook("sessreap.rules"), join(scratch.dir, "sessreap.rules"));
  expect(page).toContain(readFileSync(hook("sessreap.rules"), "utf8").trim());
  const decision = (...words: readonly string[]): string | undefined => {
    const { stdout } = spawnSync(codex as string, ["execpolicy", "check", "--rules", join(scratch.dir, "sessreap.rules"), "--", ...words], {
      env: { PATH: process.env["PATH"] ?? "", HOME: scratch.home },
      encoding: "utf8",
    });
    return (JSON.parse(stdout) as { readonly decision?: string }).decision;
  };
  const allowed = "/usr/share/sessreap/hooks/agent.sh";
  expect(decision(allowed, "list")).toBe("allow");
  expect(decision(allowed, "sweep")).toBe("allow");
  expect(decision(allowed, "reap")).toBe(undefined);
  const own = [["-q"], ["-q", "--config", "x.json"], ["list", "--json"], ["reap", "mars"], ["exec", "--session", "x", "--", "sh"]];
  for (const words of own) expect(decision("sessreap", ...words), words.join(" ")).toBe(undefined);
});

test("in the sandbox of the real Codex a sweep takes nothing", async ({ skip }) => {
  if (codex === undefined) return skip();
  const scratch = newScratch();
  mkdirSync(join(scratch.home, ".codex"));
  const path = declareRegistry(scratch);
  const text = JSON.stringify({ ghost: { id: randomUUID(), pid: (await gonePid()).pid, since: daysAgo(1) } });
  writeOld(path, text);
  const inSandbox = (...words: readonly string[]) =>
    spawnSync(codex as string, ["sandbox", "--", ...toolWords, ...words], { cwd: scratch.dir, env: scratch.env, encoding: "utf8" });
  if (inSandbox("--version").status !== 0) {
    leaveOut("the sandbox of the real Codex", "it does not run here");
    return skip();
  }
  const { summary } = JSON.parse(inSandbox("list", "--json").stdout) as { readonly summary: object };
  expect(summary).toMatchObject({ ghost: 0, undecided: 1 });
  expect(inSandbox("-q").status).toBe(1);
  expect(readFileSync(path, "utf8")).toBe(text);
  expect((await sessreap(scratch, ["-q"])).code).toBe(0);
  expect(keysIn(path)).toEqual([]);
});
