// How soon a registration goes when its owner or its agent says that it has ended, on real programs; and that no row of a
// live session goes with it.
//
//   npm run prompt -- --codex PROGRAM [--trials 100]      the example bridge with the library, and the real Codex app server
//   npm run prompt -- --claude PROGRAM [--trials 100]     the SessionEnd hook, and the real Claude Code, exits in turn
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    codex: { type: "string" },
    claude: { type: "string" },
    trials: { type: "string", default: "100" },
    live: { type: "string", default: "5" },
  },
});
const [trials, live] = [Number(options.trials), Number(options.live)];
const dir = mkdtempSync(join(tmpdir(), "sessreap-prompt-"));
const base = { PATH: process.env.PATH, HOME: dir, SESSREAP_STATE_DIR: join(dir, "state"), SESSREAP_GRACE: "1s", LC_ALL: "C" };
const sleep = (ms) => new Promise((done) => void setTimeout(done, ms));
const ends = [];

async function until(what, test, ms = 60_000) {
  const end = Date.now() + ms;
  while (!test()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
  return Date.now();
}

/** A zombie runs nothing, and stays until its parent asks for it. */
function hasEnded(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return true;
  }
}

const keysIn = (path) => Object.keys(JSON.parse(readFileSync(path, "utf8")));

function summary(what, times, lost, more = {}) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  console.log(JSON.stringify({ what, trials: times.length, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1), liveRowsLost: lost, ...more }));
  if (lost > 0 || times.length === 0) process.exitCode = 1;
}

/** A bridge registers threads, lets one after the other end, and takes their rows. */
async function bridge(codex) {
  mkdirSync(join(dir, ".codex"));
  const [path, url] = [join(dir, "threads.json"), `unix://${join(dir, "app.sock")}`];
  const server = spawn(codex, ["app-server", "--listen", url], { env: base, stdio: "ignore", detached: true });
  const group = server.pid;
  if (group === undefined) throw new Error(`${codex} could not be started`);
  ends.push(() => process.kill(-group, "SIGKILL"));
  await until("the app server listens", () => existsSync(join(dir, "app.sock")));
  await sleep(2_000);
  const child = spawn(process.execPath, [resolve("examples/bridge/bridge.mjs"), "serve", path, url], {
    env: base,
    stdio: ["pipe", "pipe", "inherit"],
  });
  ends.push(() => child.kill("SIGKILL"));
  const lines = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
  const said = async (member, name) => {
    const matches = (line) => {
      if (line.error !== undefined || line.kept !== undefined) throw new Error(JSON.stringify(line));
      return line[member] === name;
    };
    await until(`the bridge says ${member} ${name}`, () => lines.some(matches));
    return lines.find(matches);
  };
  const command = (line) => void child.stdin.write(`${line}\n`);
  await said("ready", "missing");
  const keep = Array.from({ length: live }, (_, index) => `live-${index}`);
  for (const name of keep) command(`register ${name} ${dir}`);
  for (const name of keep) await said("registered", name);
  const times = [];
  let again = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const name = `ends-${trial}`;
    command(`register ${name} ${dir}`);
    await said("registered", name);
    command(`exit ${name}`);
    const [exited, gone] = [await said("exited", name), await said("gone", name)];
    if (keysIn(path).includes(name)) throw new Error(`${name} is still there`);
    times.push(gone.at - exited.at);
    if (gone.asked > 1) again += 1;
  }
  const left = keysIn(path);
  summary(
    "bridge with the library, from exit to row gone, the server's own part included",
    times,
    keep.filter((name) => !left.includes(name)).length,
    { askedAgainBecauseTheServerHeldItsFiles: again },
  );
}

const exits = {
  "/exit": { fires: true, end: async ({ keys }) => keys("/exit", "Enter") },
  SIGTERM: { fires: true, end: async ({ pid }) => process.kill(pid, "SIGTERM") },
  "terminal closed": { fires: true, end: async ({ tmux }) => void tmux("kill-session") },
  SIGKILL: { fires: false, end: async ({ pid }) => process.kill(pid, "SIGKILL") },
};

/** Claude ends in one of these ways after the other; a registry of another program names its session. */
async function sessionEnd(claude) {
  const [bin, path, work] = [join(dir, "bin"), join(dir, "agents.json"), join(dir, "work")];
  for (const one of [bin, work, join(dir, ".claude"), join(dir, ".config", "sessreap")]) mkdirSync(one, { recursive: true });
  writeFileSync(join(bin, "sessreap"), `#!/bin/sh\nexec '${process.execPath}' '${resolve("dist/sessreap.cjs")}' "$@"\n`, { mode: 0o755 });
  const registry = {
    format: "keyed-json",
    path,
    fields: { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" },
    holders: ["claude"],
  };
  writeFileSync(join(dir, ".config", "sessreap", "config.json"), JSON.stringify({ registries: [registry] }));
  const hook = { type: "command", command: resolve("examples/hooks/claude-session-end.sh") };
  writeFileSync(join(dir, ".claude", "settings.json"), JSON.stringify({ hooks: { SessionEnd: [{ hooks: [hook] }] } }));
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  const answered = {
    hasCompletedOnboarding: true,
    theme: "dark",
    projects: { [work]: project },
    customApiKeyResponses: { approved: ["no-key-at-all"], rejected: [] },
  };
  writeFileSync(join(dir, ".claude.json"), JSON.stringify(answered));
  const env = {
    ...base,
    PATH: `${bin}:${base.PATH}`,
    ANTHROPIC_API_KEY: "no-key-at-all",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
  };
  const tmux = (...words) => spawnSync("tmux", ["-S", join(dir, "tmux"), "-f", "/dev/null", ...words], { env, encoding: "utf8" }).stdout;
  ends.push(() => tmux("kill-server"));
  const sessions = join(dir, ".claude", "sessions");
  const start = async () => {
    const pid = Number(tmux("new-session", "-d", "-P", "-F", "#{pane_pid}", "-x", "120", "-y", "40", "-c", work, "env", claude).trim());
    const file = join(sessions, `${pid}.json`);
    let id;
    await until("Claude Code has registered itself", () => {
      try {
        id = JSON.parse(readFileSync(file, "utf8")).sessionId;
      } catch {
        // It is not there yet, or not whole.
      }
      return typeof id === "string";
    });
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return { pid, row: { id, pid, start: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19], since: new Date().toISOString() } };
  };
  const stays = await start();
  const rows = { stays: stays.row };
  const times = [];
  const unfired = {};
  for (let trial = 0; trial < trials; trial += 1) {
    const [how, { fires, end }] = Object.entries(exits)[trial % Object.keys(exits).length];
    const { pid, row } = await start();
    writeFileSync(path, JSON.stringify({ ...rows, ends: row }));
    await sleep(3_000);
    const pane = tmux("list-panes", "-a", "-F", "#{session_name} #{pane_pid}")
      .split("\n")
      .find((line) => line.endsWith(` ${pid}`))
      ?.split(" ")[0];
    const inPane = (...words) => tmux(words[0], "-t", pane, ...words.slice(1));
    const keys = async (...all) => {
      for (const key of all) {
        inPane("send-keys", key);
        await sleep(1_000);
      }
    };
    await end({ pid, tmux: inPane, keys });
    const ended = await until(`Claude Code ends by ${how}`, () => hasEnded(pid));
    if (fires) times.push((await until(`its row goes after ${how}`, () => !keysIn(path).includes("ends"))) - ended);
    else {
      await sleep(3_000);
      if (keysIn(path).includes("ends")) unfired[how] = (unfired[how] ?? 0) + 1;
    }
  }
  const lost = keysIn(path).includes("stays") && readdirSync(sessions).includes(`${stays.pid}.json`) ? 0 : 1;
  summary("SessionEnd hook of Claude Code, from the end of its process to row gone", times, lost, { exitsThatFireNone: unfired });
}

/** A hook of what has just been ended may still write there. */
async function removed(path) {
  for (let attempt = 0; existsSync(path); attempt += 1) {
    await sleep(500);
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

try {
  if (options.codex !== undefined) await bridge(resolve(options.codex));
  if (options.claude !== undefined) await sessionEnd(resolve(options.claude));
  if (options.codex === undefined && options.claude === undefined) throw new Error("name a program with --codex or --claude");
} finally {
  for (const end of ends.toReversed()) {
    try {
      end();
    } catch {
      // It has ended by itself.
    }
  }
  await removed(dir);
}
