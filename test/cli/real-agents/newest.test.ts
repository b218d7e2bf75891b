import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, test, type TestContext } from "vitest";
import { codexVersion, installCodex } from "../../codex.ts";
import { installedCommand } from "../../packages.ts";
import { endByPid, launch, until } from "../../processes.ts";
import { isRoot } from "../../users.ts";
import { argvOf, hasEnded, processesOf } from "../agents.ts";
import { daysAgo, downServer, leaveOut, newScratch, sweepReport, tryClock, writeOld, type RunOptions, type Scratch } from "../harness.ts";
import { install as installClaude, prepareHome, version as claudeVersion } from "./claude-code.ts";

const versions = { qwen: "0.24.4", omx: "0.21.6" } as const;

/** What each agent is started with, and how the session that it runs then is learnt from what it writes. */
type Agent = {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly session: () => string | undefined;
};

let programs: { readonly codex: string; readonly claude: string; readonly qwen: string; readonly omx: string } | undefined;

beforeAll(() => {
  const claude = installClaude();
  try {
    if ("why" in claude) throw new Error(claude.why);
    programs = {
      codex: installCodex(),
      claude: claude.path,
      qwen: installedCommand("@qwen-code/qwen-code", versions.qwen, "qwen"),
      omx: installedCommand("oh-my-codex", versions.omx, "omx"),
    };
  } catch (error) {
    leaveOut("the newest real agents", `they cannot be installed: ${String(error).split("\n")[0]}`);
  }
}, 600_000);

/** The names of files in a directory that may not be there yet. */
const namesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

const memberOf = (path: string, name: string): string | undefined => {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, string>>)[name];
  } catch {
    return undefined;
  }
};

/** A home of Codex where no list looks, whose provider is a closed port. */
function codexHome(directory: string, trusted: string): string {
  mkdirSync(directory, { recursive: true });
  const provider = '[model_providers.closed]\nname = "closed"\nbase_url = "http://127.0.0.1:9/v1"\nwire_api = "responses"\n';
  const project = `[projects."${trusted}"]\ntrust_level = "trusted"\n`;
  writeFileSync(join(directory, "config.toml"), `model = "none"\nmodel_provider = "closed"\n${provider}${project}`);
  return directory;
}

/** The thread that Codex locks in this home. */
const threadIn = (home: string): string | undefined =>
  namesIn(join(home, "thread-writer-locks")).flatMap((name) => /^([0-9a-f-]{36})\.lock$/.exec(name)?.[1] ?? [])[0];

function agentsIn(scratch: Scratch): Readonly<Record<"codex" | "claude" | "qwen" | "omx", Agent>> {
  if (programs === undefined) throw new Error("the agents are not installed");
  const place = (name: string): string => {
    const path = join(scratch.dir, "work", name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const work = { codex: place("codex"), claude: place("claude"), qwen: place("qwen"), omx: place("omx") };
  const [codex, omxCodex] = [
    codexHome(join(scratch.dir, "away", "codex"), work.codex),
    codexHome(join(scratch.dir, "away", "omx"), work.omx),
  ];
  const claudeHome = join(scratch.dir, "away", "claude");
  mkdirSync(claudeHome, { recursive: true });
  const claudeSession = randomUUID();
  const qwenSessions = join(scratch.home, ".qwen", "sessions");
  return {
    codex: { words: [programs.codex, "--no-alt-screen"], env: { CODEX_HOME: codex }, cwd: work.codex, session: () => threadIn(codex) },
    claude: {
      words: [programs.claude, "--session-id", claudeSession],
      env: { ...prepareHome(claudeHome, work.claude), CLAUDE_CONFIG_DIR: claudeHome },
      cwd: work.claude,
      session: () => (namesIn(join(claudeHome, "sessions")).some((name) => name.endsWith(".json")) ? claudeSession : undefined),
    },
    qwen: {
      words: [programs.qwen],
      env: { OPENAI_API_KEY: "none", OPENAI_BASE_URL: "http://127.0.0.1:9/v1", OPENAI_MODEL: "none" },
      cwd: work.qwen,
      session: () =>
        namesIn(qwenSessions)
          .filter((name) => name.endsWith(".json"))
          .flatMap((name) => memberOf(join(qwenSessions, name), "sessionId") ?? [])[0],
    },
    omx: {
      words: [programs.omx, "--direct"],
      env: { CODEX_HOME: omxCodex, PATH: `${dirname(programs.codex)}:${scratch.env["PATH"] ?? ""}` },
      cwd: work.omx,
      session: () => memberOf(join(work.omx, ".omx", "state", "session.json"), "session_id"),
    },
  };
}

type Names = Readonly<Record<string, string>>;

/**
 * Registries of one sweep that name these sessions so that each rung has something to say: a young entry, one whose
 * recorded process is gone, one whose app server is down, and one that is older than the TTL.
 */
function registriesOf(scratch: Scratch, name: string, sessions: Names): string {
  const [plain, threads] = [join(scratch.dir, `${name}.json`), join(scratch.dir, `${name}-threads.json`)];
  const entries = (rung: string, more: object): object =>
    Object.fromEntries(Object.entries(sessions).map(([agent, id]) => [`${agent} ${rung}`, { id, since: daysAgo(9), ...more }]));
  const all = { ...entries("grace", { since: new Date().toISOString() }), ...entries("holder", { pid: 4_194_001 }), ...entries("ttl", {}) };
  writeOld(plain, JSON.stringify(all));
  writeOld(threads, JSON.stringify(entries("thread", {})));
  const fields = { sessionId: "id", registeredAt: "since", pid: "pid" };
  // Qwen shows its session in its own record alone.
  const qwen = { format: "json-file", path: join(scratch.home, ".qwen", "sessions"), pattern: "<pid>.json" };
  const ofQwen = { sessionId: "sessionId", pid: "pid", startTicks: "procStart", registeredAt: "startedAt" };
  const registries = [
    { format: "keyed-json", path: plain, fields },
    { format: "keyed-json", path: threads, fields, ...downServer },
    { ...qwen, fields: ofQwen },
  ];
  return writeOld(join(scratch.dir, `${name}-config.json`), JSON.stringify({ registries }));
}

type Place = {
  readonly name: string;
  /** Words in front of the first process there, which starts the agents and stays when they have ended. */
  readonly around: (scratch: Scratch) => readonly string[];
  readonly namespaces: readonly string[];
};

const ownPids = ["--pid", "--fork", "--mount-proc"];
const ownRoot = 'mount --rbind / "$0" && mount -t proc proc "$0/proc" && hostname elsewhere && exec chroot "$0" "$@"';

const places: readonly Place[] = [
  { name: "on this machine", around: () => [], namespaces: [] },
  { name: "in a pid namespace", around: () => ["unshare", ...ownPids], namespaces: ownPids },
  {
    name: "in a root of its own",
    around: ({ dir }) => ["unshare", ...ownPids, "--mount", "--uts", "/bin/sh", "-c", ownRoot, join(dir, "root")],
    namespaces: [...ownPids, "--mount", "--uts"],
  },
];

function leaveOutWithout({ name, namespaces }: Place, { skip }: TestContext): void {
  if (programs === undefined) skip();
  if (namespaces.length === 0) return;
  const { status, stderr } = spawnSync("unshare", [...namespaces, "/bin/true"], { encoding: "utf8" });
  if (isRoot && status === 0) return;
  leaveOut(`the newest real agents ${name}`, isRoot ? stderr.trim() : "only root can make namespaces");
  skip();
}

const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(" ");

/**
 * Starts the agents in terminals below one first process, and returns how the machine knows that. What they are started
 * with stands in files, so that no argument of another process carries it.
 */
async function startIn(place: Place, scratch: Scratch, agents: Readonly<Record<string, Agent>>): Promise<number> {
  const first = join(scratch.dir, "first");
  const lines = Object.entries(agents).map(([name, { words, env, cwd }], index) => {
    const start = join(scratch.dir, `start-${name}`);
    const variables = Object.entries({ TERM: "xterm-256color", LANG: "C.UTF-8", ...env }).map(([key, value]) => `${key}=${value}`);
    writeFileSync(start, `exec env -C ${quoted([cwd, ...variables, ...words])}\n`);
    const verb = index === 0 ? "new-session -d -x 120 -y 40" : "new-window -d";
    return `tmux -S ${join(scratch.dir, "tmux.sock")} -f /dev/null ${verb} /bin/sh ${start}\n`;
  });
  writeFileSync(first, `${lines.join("")}read -r never\n`);
  mkdirSync(join(scratch.dir, "root"));
  const [program, ...words] = [...place.around(scratch), "/bin/sh", first];
  launch(program, words, { cwd: scratch.dir, env: scratch.env, stdio: ["pipe", "ignore", "ignore"] });
  const isFirst = (pid: number): boolean => argvOf(pid)[0] === "/bin/sh" && argvOf(pid)[1] === first;
  for (const [name, { session }] of Object.entries(agents)) await until(`${name} runs a session`, () => session() !== undefined);
  return processesOf(scratch).find(isFirst) as number;
}

/** Ends all but the first process, and what made its namespaces. */
function endAgents(scratch: Scratch, first: number): Promise<void> {
  const ended = new Set<number>();
  return until("every agent has ended", () => {
    const left = processesOf(scratch).filter((pid) => pid !== first && argvOf(pid)[0] !== "unshare");
    for (const pid of left) {
      ended.add(pid);
      endByPid(pid);
    }
    return left.length === 0 && [...ended].every(hasEnded);
  });
}

/** What a sweep says of the sessions: a word for each agent, where each of its entries got the same. */
async function sweepOf(scratch: Scratch, config: string, options: RunOptions = {}): Promise<Names> {
  const { entries } = await sweepReport(scratch, ["--now", "--config", config], options);
  const said = new Map<string, Set<string>>();
  for (const { key, verdict, action } of entries) {
    const [agent = "", rung] = key.split(" ");
    if (rung !== undefined)
      said.set(agent, (said.get(agent) ?? new Set()).add(rung === "grace" ? `young ${action}` : `${verdict} ${action}`));
  }
  return Object.fromEntries([...said].map(([agent, words]) => [agent, [...words].toSorted().join(", ")]));
}

const each = (word: string): Names => ({ codex: word, claude: word, qwen: word, omx: word });

const title = `Codex ${codexVersion}, Claude Code ${claudeVersion}, Qwen Code ${versions.qwen} and oh-my-codex ${versions.omx} themselves`;

test.for(places)(
  `${title} $name: kept under every rung while they run, and reaped when they were killed`,
  { timeout: 120_000 },
  async (place, context) => {
    leaveOutWithout(place, context);
    const scratch = tryClock(newScratch());
    const agents = agentsIn(scratch);
    const first = await startIn(place, scratch, agents);
    const sessions = Object.fromEntries(Object.entries(agents).map(([name, { session }]) => [name, session() as string]));
    const isInside = place.namespaces.length > 0;
    const [outside, inside] = [registriesOf(scratch, "outside", sessions), registriesOf(scratch, "inside", sessions)];
    const own = tryClock({ ...scratch, stateDir: join(scratch.dir, "state-inside") });
    const env = { SESSREAP_PID_NAMESPACE: "own", SESSREAP_STATE_DIR: own.stateDir };
    const under = ["nsenter", "--target", String(first), "--pid", "--mount", "--uts", "--root"];
    const sweeps = async () => [...(isInside ? [await sweepOf(scratch, inside, { env, under })] : []), await sweepOf(scratch, outside)];
    const alive = each("live kept, young kept");
    // Qwen shows in its record alone, whose pid is another process's outside of its namespace, or none's.
    const ofRecord: unknown = expect.stringMatching(/^(?:live|undecided) kept, young kept$/);
    expect(await sweeps()).toEqual(isInside ? [alive, { ...alive, qwen: ofRecord }] : [alive]);
    await endAgents(scratch, first);
    const dead = each("ghost reaped, young kept");
    // Qwen's record says in which pid namespace its pid counts, and speaks for the session until a sweep in there takes it.
    expect(await sweeps()).toEqual(isInside ? [dead, { ...dead, qwen: "undecided kept, young kept" }] : [dead]);
  },
);
