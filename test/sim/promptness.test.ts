import { expect, test } from "vitest";
import { defaultPolicy } from "../../src/core/policy.ts";
import { formatDuration } from "../../src/core/duration.ts";
import { reasonSentence } from "../../src/core/reasons.ts";
import type { EntryReport } from "../../src/report/model/sweep.ts";
import { startBridge } from "./happenings.ts";
import { History } from "./history.ts";
import { containers, day, hostNamespace, hour, minute, type Process, type SessionKind } from "./machine.ts";
import { agentsPath, bridgePath, claudesPath, editorsPath, loosePath, markersPath, type Entries } from "./registries.ts";
import { tableOf } from "./tables.ts";

/**
 * What goes at the first look, what at the second, what later, and what stays by doubt: scene by scene, on the simulated
 * machine with a sweep every five minutes. The tables are docs/promptness.md; `-u` writes them anew.
 */

type Ended = { readonly what: string; readonly registry: string; readonly key: string };

const everyMs = 5 * minute;
const watchedMs = 12 * day;

/** One machine, on which sessions have registered an hour before the scene begins. */
class Stage {
  readonly history: History;
  private readonly namespace: string;
  readonly ended: Ended[] = [];
  /** What ends the doubts, two hours after the sessions have ended. */
  afterTwoHours: () => void = () => undefined;
  private made = 0;

  constructor(declared: ConstructorParameters<typeof History>[1] = {}, namespace = hostNamespace) {
    this.history = new History(1, declared);
    this.namespace = namespace;
  }

  get machine(): History["machine"] {
    return this.history.machine;
  }

  /** A registry's own words for what its writer knows. */
  private wordsFor(registry: string, id: string, process: Process | undefined): Entries {
    const pid = process?.pids.get(this.namespace);
    const since = new Date(this.machine.wallMs).toISOString();
    if (registry === bridgePath) return { threadId: id, registeredAt: since };
    if (registry === agentsPath || registry === loosePath)
      return {
        id,
        since,
        ...(pid !== undefined && { pid }),
        ...(process !== undefined && { start: process.startTicks, boot: this.machine.bootId }),
      };
    return { pid, sessionId: id, startedAt: this.machine.wallMs, procStart: process?.startTicks };
  }

  /** A session registers, and its process runs. Returns what ends it. */
  session(what: string, registry: string, kind: SessionKind, id?: string): Running {
    this.made += 1;
    const { machine } = this;
    const session = machine.newSession(registry, `s${this.made}`, kind, id);
    if (kind !== "guest") machine.show(session, this.namespace);
    const isRecorded = kind !== "guest" && kind !== "cli" && kind !== "thread";
    session.recorded = isRecorded ? session.process : undefined;
    const words = this.wordsFor(registry, session.id, session.recorded);
    const pid = session.process?.pids.get(this.namespace);
    if (registry === claudesPath) session.key = `${pid}.json`;
    if (registry === markersPath) session.key = `market/plugin/1.0/.in_use/${pid}`;
    if (registry === editorsPath) {
      session.key = `${40_000 + this.made}.lock`;
      machine.endpoints.set(40_000 + this.made, "accepts");
    }
    if (registry.endsWith(".json")) this.history.edit(registry, (entries) => (entries[session.key] = words));
    else machine.disk.create(`${registry}/${session.key}`, JSON.stringify(words), machine.wallMs);
    this.history.story.current.set(`${registry} ${session.key}`, session);
    this.ended.push({ what, registry, key: session.key });
    return { id: session.id, pid: session.process?.pid ?? 0, end: () => machine.end(session) };
  }

  look(): Promise<readonly EntryReport[]> {
    return this.history.sweepOnce(new Set(), { quiet: true, namespace: this.namespace }).then(({ entries }) => entries);
  }
}

type Running = { readonly id: string; readonly pid: number; readonly end: () => void };

/** When each entry goes, and what the sweeps say of it first and last. */
async function tableAt(stage: Stage): Promise<string> {
  const first = new Map<string, EntryReport>();
  const last = new Map<string, EntryReport>();
  const gone = new Map<string, { readonly look: number; readonly afterMs: number }>();
  let look = 0;
  for (let afterMs = 0; afterMs <= watchedMs;) {
    look += 1;
    for (const entry of await stage.look()) {
      const name = `${entry.registry} ${entry.key}`;
      if (!first.has(name)) first.set(name, entry);
      last.set(name, entry);
      if (entry.action === "reaped") gone.set(name, { look, afterMs });
    }
    // A day of sweeps tells all that its first hours do not.
    if (afterMs === 2 * hour) stage.afterTwoHours();
    const passes = afterMs < 3 * hour || afterMs % day < 15 * minute ? everyMs : day - (afterMs % day);
    stage.machine.advance(passes);
    afterMs += passes;
  }
  const rows = stage.ended.map(({ what, registry, key }) => {
    const name = `${registry} ${key}`;
    const went = gone.get(name);
    const looks = ["", "the first look", "the second look"];
    const when = went === undefined ? "stays" : (looks[went.look] ?? `after ${formatDuration(went.afterMs)}`);
    const [before, after] = [first.get(name), last.get(name)];
    if (before === undefined || after === undefined) throw new Error(`no sweep said anything of ${name}`);
    return [what, `${before.verdict} (${before.reason})`, when, `${after.reason}: ${reasonSentence(after.reason, defaultPolicy)}`];
  });
  return tableOf([["session", "at the first look", "goes", "by, or stays by"], ...rows]);
}

/** They registered an hour ago, and sweeps have seen them run. */
async function anHourPasses(stage: Stage): Promise<void> {
  for (let count = 0; count < 12; count += 1) {
    stage.machine.advance(everyMs);
    await stage.look();
  }
}

const endAll = (sessions: readonly Running[]): void => {
  for (const { end } of sessions) end();
};

type Registering = Parameters<Stage["session"]>;

/** Sessions register, an hour passes, and some of them end. */
async function tableOnceEnded(stage: Stage, ended: readonly Registering[], staying: Registering): Promise<string> {
  const running = ended.map((words) => stage.session(...words));
  stage.session(...staying);
  await anHourPasses(stage);
  endAll(running);
  return tableAt(stage);
}

async function laptop(): Promise<string> {
  const stage = new Stage();
  const { machine } = stage;
  const killed = [
    stage.session("Claude's own record; Claude was killed", claudesPath, "claude"),
    stage.session("a plugin's marker; Claude was killed", markersPath, "marker"),
    stage.session("an editor's lock; the editor ended", editorsPath, "editor"),
    stage.session("a pid with its start; the process ended", agentsPath, "holder"),
    stage.session("no pid; `codex resume` showed it and ended", loosePath, "cli"),
  ];
  const reused = stage.session("Claude's own record; its pid is another program's by now", claudesPath, "claude");
  const unmarked = stage.session("Claude's record without a start; its pid is another program's by now", claudesPath, "claude");
  machine.disk.write(`${claudesPath}/${unmarked.pid}.json`, JSON.stringify({ pid: unmarked.pid }), machine.wallMs, "in-place");
  const claude = stage.session("Claude's own record; Claude runs", claudesPath, "claude");
  stage.session("no pid; the record above names it", loosePath, "guest", claude.id);
  const inEditor = stage.session("no pid; an editor has its log open for two hours", loosePath, "cli");
  const read = stage.session("no pid; `tail -f` follows its log", loosePath, "cli");
  const inTool = stage.session("no pid; a tool that it started names it and works on", loosePath, "cli");
  stage.session("no pid; no process ever showed it", loosePath, "guest");
  await anHourPasses(stage);
  endAll([...killed, reused, unmarked, inEditor, read, inTool]);
  machine.endpoints.clear();
  for (const { pid } of [reused, unmarked]) machine.spawn(["make", "-j8"], hostNamespace, { pid });
  const vim = machine.spawn(["vim", `/home/u/logs/${inEditor.id}.jsonl`], hostNamespace, { pid: 301 });
  machine.spawn(["tail", "-f", `/home/u/logs/${read.id}.jsonl`], hostNamespace, { pid: 302 });
  machine.spawn(["sh", "-c", `npm run dev # ${inTool.id}`], hostNamespace, { pid: 303 });
  stage.afterTwoHours = () => machine.kill(vim);
  return tableAt(stage);
}

async function bridgeHost(server: "down" | "young" | "up", isBridgeUp = false): Promise<string> {
  const stage = new Stage();
  const { machine } = stage;
  const thread = stage.session("a thread that was loaded", bridgePath, "thread");
  const resumed = stage.session("a thread that runs in a terminal now", bridgePath, "thread");
  await anHourPasses(stage);
  endAll([thread, resumed]);
  machine.spawn(["codex", "resume", resumed.id]);
  if (server !== "up") machine.stopServer();
  if (server === "young") machine.startServer();
  if (isBridgeUp) startBridge(stage.history.story);
  return tableAt(stage);
}

async function reboot(): Promise<string> {
  const stage = new Stage();
  stage.session("Claude's own record", claudesPath, "claude");
  stage.session("a pid with its start and boot id", agentsPath, "holder");
  stage.session("no pid; `codex resume` showed it", loosePath, "cli");
  stage.session("no pid; no process ever showed it", loosePath, "guest");
  await anHourPasses(stage);
  stage.machine.reboot();
  stage.machine.stopServer();
  return tableAt(stage);
}

async function container(isDeclared: boolean): Promise<string> {
  const ended: readonly Registering[] = [
    ["Claude's own record; Claude was killed", claudesPath, "claude"],
    ["a pid with its start; the process ended", agentsPath, "holder"],
    ["no pid; `codex resume` showed it and ended", loosePath, "cli"],
  ];
  const stage = new Stage({ declared: { ownPidNamespace: isDeclared } }, containers[0]);
  return tableOnceEnded(stage, ended, ["Claude's own record; Claude runs", claudesPath, "claude"]);
}

async function root(): Promise<string> {
  const stage = new Stage();
  const { disk } = stage.machine;
  Object.assign(disk.at(agentsPath) ?? {}, { uid: 1001 });
  Object.assign(disk.at(loosePath) ?? {}, { uid: 1002 });
  const ended: readonly Registering[] = [
    ["alice's, a pid with its start; it ended", agentsPath, "holder"],
    ["alice's, no pid; `codex resume` showed it and ended", agentsPath, "cli"],
    ["bob's, no pid; `codex resume` showed it and ended", loosePath, "cli"],
  ];
  return tableOnceEnded(stage, ended, ["bob's, no pid; no process ever showed it", loosePath, "guest"]);
}

const introduction = `# How soon a ghost goes

On the simulated machine (\`test/sim/promptness.test.ts\`), with a sweep every five minutes and the defaults (grace 10 min, TTL
7 d). Each session had registered an hour before it ended, and sweeps had seen it run. "The second look" is five minutes
after the first. "Goes" counts from the end of the session. A machine that is real adds up to one period of its timer, and
its second look may wait for an owner, a lease or a lock; \`sessreap watch\` reaps proven deaths within a second.
`;

test("what goes at which look, and what stays by which doubt", { timeout: 120_000 }, async () => {
  const scenes: readonly (readonly [string, Promise<string>])[] = [
    ["A laptop with Claude and Codex", laptop()],
    ["A bridge's host with its app server down", bridgeHost("down")],
    ["The same with an app server that was started anew", bridgeHost("young")],
    ["The same with an app server that stays up", bridgeHost("up")],
    ["The same while the bridge is up, which has no command that releases", bridgeHost("down", true)],
    ["After a reboot", reboot()],
    ['A container with its own home (`"pidNamespace": "own"`)', container(true)],
    ["The same, not declared", container(false)],
    ["Root for all users", root()],
  ];
  const parts = [];
  for (const [title, table] of scenes) parts.push(`## ${title}\n\n${await table}\n`);
  await expect([introduction, ...parts].join("\n")).toMatchFileSnapshot("../../docs/promptness.md");
});
